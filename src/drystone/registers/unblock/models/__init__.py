"""Requests about sites, the tickets they came with, and what was opened for a while."""

from drystone.registers.unblock.models.grants import Grant, GrantQuerySet, Whom
from drystone.registers.unblock.models.requests import Kind, RequestTicket, SiteRequest, State

__all__ = ["Grant", "GrantQuerySet", "Kind", "RequestTicket", "SiteRequest", "State", "Whom"]
