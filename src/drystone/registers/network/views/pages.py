"""What lists share, as those of every register do (school.pages)."""

from drystone.registers.school.pages import PER_PAGE, link, page_of, pagination, school_of

__all__ = ["PER_PAGE", "link", "page_of", "pagination", "school_of"]
