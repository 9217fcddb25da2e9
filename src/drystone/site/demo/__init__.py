"""The demo school: plainly fictional, made from a seed number, the same each time for the same day."""

from drystone.site.demo.load import load

__all__ = ["load"]
