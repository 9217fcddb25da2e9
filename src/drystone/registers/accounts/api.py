"""What other rooms may ask of accounts."""

from drystone.registers.accounts.two_step import (
    BY_PROVIDER,
    REQUIRED_OF,
    STEPPED_IN,
    confirmed_by_password,
    is_missing,
    is_stepped_in,
    ways_of,
)

__all__ = [
    "BY_PROVIDER",
    "REQUIRED_OF",
    "STEPPED_IN",
    "confirmed_by_password",
    "is_missing",
    "is_stepped_in",
    "ways_of",
]
