"""Rows of the accounts register, a file a subject."""

from drystone.registers.accounts.models.held import AccountHolder, HeldAccount, NoAccountNeeded, System, Use
from drystone.registers.accounts.models.invitations import Invitation
from drystone.registers.accounts.models.links import SignInLink
from drystone.registers.accounts.models.locks import SignInFailures
from drystone.registers.accounts.models.reviews import Answer, Kind, NotNow, PasswordReminder, Review, ReviewLine

__all__ = [
    "AccountHolder",
    "Answer",
    "HeldAccount",
    "Invitation",
    "Kind",
    "NoAccountNeeded",
    "NotNow",
    "PasswordReminder",
    "Review",
    "ReviewLine",
    "SignInFailures",
    "SignInLink",
    "System",
    "Use",
]
