"""Pages of the network register."""

from drystone.registers.network.views.checks import check_run, checks, checks_csv, note_check, run_checks
from drystone.registers.network.views.expressions import expressions
from drystone.registers.network.views.list_pages import lists
from drystone.registers.network.views.paste import paste_rules
from drystone.registers.network.views.profiles import profile, profiles
from drystone.registers.network.views.publishing import publication, publications, publish, roll_back
from drystone.registers.network.views.rule_changes import (
    add_rule,
    change_rule,
    restore_rule,
    withdraw_rule,
    withdraw_rules,
)
from drystone.registers.network.views.rules import rule, rules, rules_csv
from drystone.registers.network.views.schedules import add_schedule, change_schedule, remove_schedule, schedules
from drystone.registers.network.views.tryouts import try_out, try_out_csv, try_outs
from drystone.registers.network.views.why import why, why_event

__all__ = [
    "add_rule",
    "add_schedule",
    "change_rule",
    "change_schedule",
    "check_run",
    "checks",
    "checks_csv",
    "expressions",
    "lists",
    "note_check",
    "paste_rules",
    "profile",
    "profiles",
    "publication",
    "publications",
    "publish",
    "remove_schedule",
    "restore_rule",
    "roll_back",
    "rule",
    "rules",
    "rules_csv",
    "run_checks",
    "schedules",
    "withdraw_rule",
    "withdraw_rules",
    "try_out",
    "try_out_csv",
    "try_outs",
    "why",
    "why_event",
]
