"""What other rooms may ask of accounts."""

from drystone.registers.accounts.idle import idle_seconds
from drystone.registers.accounts.services.invitations import goes_by_mail
from drystone.registers.accounts.services.sessions import end_sessions
from drystone.registers.accounts.sso.sources import outside_sign_in
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
    "end_sessions",
    "goes_by_mail",
    "idle_seconds",
    "is_missing",
    "is_stepped_in",
    "outside_sign_in",
    "ways_of",
]
