"""Rules of the demo school: the council's, the school's, for groups, places and a person, some for a while."""

from __future__ import annotations

from datetime import time, timedelta

from django.utils import timezone

from drystone.registers.network.models import Rule, RuleLevel, Schedule
from drystone.registers.network.services.rules import NewRule, add_rule, add_rules
from drystone.registers.network.services.schedules import save_schedule
from drystone.registers.school.models import Group, Person, School, Zone

KS1_SITES = ("bbc.co.uk", "bbci.co.uk", "purplemash.com", "phonicsplay.co.uk", "numbots.com", "topmarks.co.uk")
WEEK = {0, 1, 2, 3, 4}
BLOCK, ALLOW = Rule.Action.BLOCK, Rule.Action.ALLOW


def make_rules(school: School, *, coordinator: Person, technician: Person, council: Person, visitor: Person) -> None:
    groups = {group.slug: group for group in Group.objects.filter(school=school)}
    ks1, ks2, staff = (groups[slug] for slug in ("ks1", "ks2", "staff"))
    lunch, lessons = _schedules(school, technician)
    _council(school, council)
    why = "On the list for Key Stage 1, agreed with its teachers"
    sites = [NewRule(RuleLevel.GROUP, ALLOW, f"site:{host}", why, group=ks1) for host in KS1_SITES]
    add_rules(school=school, by=coordinator, asked=sites)
    office = Zone.objects.get(school=school, name="Office")
    soon = timezone.localdate() + timedelta(days=6)
    for asked in (
        NewRule(RuleLevel.GROUP, ALLOW, "site:poki.com", "Golden time for Key Stage 2", group=ks2,
                timing=Rule.Timing.WHEN, schedule=lunch),
        NewRule(RuleLevel.SCHOOL, BLOCK, "site:coolmathgames.com", "Looks like mathematics and is not"),
        NewRule(RuleLevel.GROUP, ALLOW, "site:amazon.co.uk", "The office orders from here", group=staff),
        NewRule(RuleLevel.GROUP, BLOCK, "category:sport", "Not in lessons; at break it is welcome", group=ks2,
                timing=Rule.Timing.WHEN, schedule=lessons),
        NewRule(RuleLevel.ZONE, ALLOW, "site:council-forms.example/returns", "The census is due", zone=office,
                until=soon),
        NewRule(RuleLevel.SCHOOL, BLOCK, "expression:[?&]q=unblocked", "Searches for ways round the filter"),
        NewRule(RuleLevel.SCHOOL, BLOCK, "site:203.0.113.7", "A game server that is called by its number"),
        NewRule(RuleLevel.PERSON, ALLOW, "site:speech-therapy.example", "Prepares sessions at school", person=visitor,
                until=timezone.localdate() + timedelta(days=90)),
    ):  # fmt: skip
        add_rule(school=school, by=coordinator, asked=asked)


def _schedules(school: School, by: Person) -> tuple[Schedule, Schedule]:
    term = Schedule.Within.TERM
    lunch = save_schedule(
        school=school, by=by, name="Lunch", days=WEEK, starts=time(12), ends=time(13), within=term
    )  # fmt: skip
    lessons = save_schedule(
        school=school, by=by, name="Lessons", days=WEEK, starts=time(9), ends=time(10, 30), within=term,
        further=[(WEEK, time(10, 45), time(12)), ({0, 1, 2, 3}, time(13), time(15, 15)), ({4}, time(13), time(14, 30))],
    )  # fmt: skip
    return lunch, lessons


def _council(school: School, council: Person) -> None:
    for target, ages, reason in (
        ("category:social_networks", "pupils", "Social networks are not meant for children of primary age"),
        ("category:gambling", "", "Council policy for all its schools"),
    ):
        asked = NewRule(RuleLevel.GLOBAL, BLOCK, target, reason, ages=ages, locked=True)
        add_rule(school=school, by=council, asked=asked)
