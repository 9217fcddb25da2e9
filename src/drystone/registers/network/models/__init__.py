"""Data of the network register: rules, profiles, publications, checks."""

from drystone.registers.network.models.certificates import SecurePages
from drystone.registers.network.models.checks import CheckKind, CheckResult, CheckRun, Outcome
from drystone.registers.network.models.list_updates import ListUpdate
from drystone.registers.network.models.profiles import OF_PROFILE, Profile
from drystone.registers.network.models.publications import Publication, PublicationKind, PublicationState
from drystone.registers.network.models.rules import Ages, Rule, RuleLevel, number_of
from drystone.registers.network.models.schedules import Schedule, SchedulePeriod
from drystone.registers.network.models.tryouts import TryOut, TryOutRow, TryOutState, Turn

__all__ = [
    "OF_PROFILE",
    "Ages",
    "CheckKind",
    "CheckResult",
    "CheckRun",
    "Outcome",
    "ListUpdate",
    "Profile",
    "Publication",
    "PublicationKind",
    "PublicationState",
    "Rule",
    "RuleLevel",
    "Schedule",
    "SchedulePeriod",
    "SecurePages",
    "TryOut",
    "TryOutRow",
    "TryOutState",
    "Turn",
    "number_of",
]
