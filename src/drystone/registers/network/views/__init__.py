"""Pages of the network register."""

from drystone.registers.network.views.checks import check_run, checks, checks_csv, note_check, run_checks
from drystone.registers.network.views.lists import lists
from drystone.registers.network.views.profiles import profile, profiles
from drystone.registers.network.views.publishing import publication, publications, publish, roll_back
from drystone.registers.network.views.rules import add_rule, change_rule, rule, rules, rules_csv, withdraw_rule
from drystone.registers.network.views.schedules import add_schedule, change_schedule, remove_schedule, schedules
from drystone.registers.network.views.why import why, why_event

__all__ = [
    "add_rule",
    "add_schedule",
    "change_rule",
    "change_schedule",
    "check_run",
    "checks",
    "checks_csv",
    "lists",
    "note_check",
    "profile",
    "profiles",
    "publication",
    "publications",
    "publish",
    "remove_schedule",
    "roll_back",
    "rule",
    "rules",
    "rules_csv",
    "run_checks",
    "schedules",
    "withdraw_rule",
    "why",
    "why_event",
]
