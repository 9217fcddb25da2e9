"""Requests of the demo school: some wait, some were answered, one site is open for a class, one was closed again."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from drystone.engine.filtering.ticket import Ticket
from drystone.registers.school.models import Person, School, Zone
from drystone.registers.unblock.models import Kind, SiteRequest, Whom
from drystone.registers.unblock.services.asking import Asker, ask_for_review, report_site
from drystone.registers.unblock.services.deciding import For, allow, refuse
from drystone.registers.unblock.services.grants import end_grant

SUITE, INFANTS = "ict-suite", "key-stage-1-classrooms"


def add_requests(school: School, people: dict[str, Person]) -> None:
    """After the first publication: what a site is stands in the bundle. Now, whenever the demo's term is."""
    found = school.people.filter(school_class__name="Elders").exclude(sign_on="").order_by("sign_on")[:3]
    children = [Asker(child, is_child=True) for child in found]
    _answered(school, people, children)
    _waiting(school, people, children)


def _answered(school: School, people: dict[str, Person], children: list[Asker]) -> None:
    now, coordinator = timezone.now(), people["coordinator"]
    elders, suite = school.classes.get(name="Elders"), Zone.objects.get(school=school, slug=SUITE)
    allow(
        request=_asks(school, "video-sharing.drystone.test", "video_sharing", children[0]), by=coordinator,
        whom=For(Whom.CLASS, school_class=elders), until=now + timedelta(days=5),
        reason="A film about volcanoes for the topic, chosen by the teacher",
    )  # fmt: skip
    opened = allow(
        request=_asks(school, "shopping.drystone.test", "shopping", children[1]), by=coordinator,
        whom=For(Whom.ZONE, zone=suite), until=now + timedelta(hours=1), reason="Adding up prices in mathematics",
    )  # fmt: skip
    end_grant(grant=opened, by=coordinator, reason="They were done early")
    taken = elders.staff.select_related("person").first()  # teachers answer the pupils of their own class
    refuse(
        request=_asks(school, "chat.drystone.test", "chat", children[2]), by=taken.person if taken else coordinator,
        reason="Chatting with people you do not know is not safe. Ask me for another way to work together.",
    )  # fmt: skip


def _waiting(school: School, people: dict[str, Person], children: list[Asker]) -> None:
    _asks(school, "games.drystone.test", "games", children[0])
    _asks(school, "games.drystone.test", "games", Asker(name="Robin", is_child=True))
    _asks(school, "self-harm.drystone.test", "self_harm", children[1])
    _asks(school, "phonics-farm.example", "", Asker(is_child=True), INFANTS, "ks1")
    _asks(school, "webmail.drystone.test", "webmail", Asker(people["teacher3"]), why="The museum answers by e-mail")
    report_site(
        school=school, kind=Kind.BLOCK, site="scary-stories.example", asker=Asker(people["support"]),
        why="Two children were frightened by its pictures at lunch",
    )  # fmt: skip


def _asks(
    school: School, host: str, category: str, asker: Asker, zone: str = SUITE, group: str = "ks2", why: str = ""
) -> SiteRequest:
    ticket = Ticket(
        school=school.slug, host=host, category=category, rule="", level="group", zone=zone, group=group, person="",
        edition="", at=timezone.now(),
    )  # fmt: skip
    return ask_for_review(school=school, ticket=ticket, asker=asker, why=why).request
