"""What the co-ordinator of the demo school has in mind and has not published: something to ask Why? and to try out."""

from __future__ import annotations

from drystone.registers.network.models import Rule, RuleLevel
from drystone.registers.network.services.rules import NewRule, add_rule
from drystone.registers.school.models import Group, Person, School
from drystone.site.tasks import try_out_first

COLLECTED = 30  # seconds after which the worker runs and the collector has the term's traffic in the lake


def leave_a_draft(school: School, coordinator: Person) -> None:
    """Two rules that wait for publishing, and a try-out of them on the traffic of the last days."""
    groups = {group.slug: group for group in Group.objects.filter(school=school)}
    for action, site, group, reason in (
        (Rule.Action.ALLOW, "nationalgeographic.com", "ks1", "Rivers, the topic of the Chestnuts after Christmas"),
        (Rule.Action.BLOCK, "scratch.mit.edu", "ks2", "A trial: games of others are played there instead of made"),
    ):
        asked = NewRule(level=RuleLevel.GROUP, action=action, target=f"site:{site}", reason=reason, group=groups[group])
        add_rule(school=school, by=coordinator, asked=asked)
    try_out_first.schedule((school.pk,), delay=COLLECTED)
