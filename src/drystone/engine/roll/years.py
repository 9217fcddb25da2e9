"""The years of a primary school, as schools in England name them."""

from __future__ import annotations

NURSERY, RECEPTION, LAST = -1, 0, 6
NAMES = {NURSERY: "Nursery", RECEPTION: "Reception", **{year: f"Year {year}" for year in range(1, LAST + 1)}}


def year_name(year: int | None) -> str:
    """`Reception`, `Year 3`; a year that nobody wrote down reads so."""
    return NAMES.get(year, f"Year {year}") if year is not None else "Year not known"
