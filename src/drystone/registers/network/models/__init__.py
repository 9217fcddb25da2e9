"""Data of the network register: rules, profiles, publications, checks."""

from drystone.registers.network.models.checks import CheckKind, CheckResult, CheckRun, Outcome
from drystone.registers.network.models.profiles import Profile
from drystone.registers.network.models.publications import Publication, PublicationKind, PublicationState
from drystone.registers.network.models.rules import Rule, RuleLevel
from drystone.registers.network.models.schedules import Schedule

__all__ = [
    "CheckKind",
    "CheckResult",
    "CheckRun",
    "Outcome",
    "Profile",
    "Publication",
    "PublicationKind",
    "PublicationState",
    "Rule",
    "RuleLevel",
    "Schedule",
]
