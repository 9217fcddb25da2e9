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


def add_requests(school: School, people: dict[str, Person]) -> None:
    """After the first publication: what a site is stands in the bundle. Now, whenever the demo's term is."""
    now = timezone.now()
    children = list(school.people.filter(school_class__name="Elders").exclude(sign_on="").order_by("sign_on")[:3])
    coordinator = people["coordinator"]

    def asks(host: str, category: str, asker: Asker, zone: str, group: str, why: str = "") -> SiteRequest:
        ticket = Ticket(
            school=school.slug, host=host, category=category, rule="", level="group", zone=zone, group=group,
            person="", edition="", at=now,
        )  # fmt: skip
        return ask_for_review(school=school, ticket=ticket, asker=asker, why=why).request

    def child(number: int) -> Asker:
        return Asker(children[number], is_child=True)

    suite, infants = "ict-suite", "key-stage-1-classrooms"
    maps = asks("video-sharing.drystone.test", "video_sharing", child(0), suite, "ks2")
    allow(
        request=maps, by=coordinator, whom=For(Whom.CLASS, school_class=children[0].school_class),
        until=now + timedelta(days=5), reason="A film about volcanoes for the topic, chosen by the teacher",
    )  # fmt: skip
    shop = asks("shopping.drystone.test", "shopping", child(1), suite, "ks2")
    opened = allow(
        request=shop, by=coordinator, whom=For(Whom.ZONE, zone=Zone.objects.get(school=school, slug=suite)),
        until=now + timedelta(minutes=1), reason="Adding up prices in mathematics",
    )  # fmt: skip
    end_grant(grant=opened, by=coordinator, reason="They were done early")
    refuse(
        request=asks("chat.drystone.test", "chat", child(2), suite, "ks2"), by=people["teacher5"],
        reason="Chatting with people you do not know is not safe. Ask me for another way to work together.",
    )  # fmt: skip
    asks("games.drystone.test", "games", child(0), suite, "ks2")
    asks("games.drystone.test", "games", Asker(name="Robin", is_child=True), suite, "ks2")
    asks("self-harm.drystone.test", "self_harm", child(1), suite, "ks2")
    asks("phonics-farm.example", "", Asker(is_child=True), infants, "ks1")
    asks("webmail.drystone.test", "webmail", Asker(people["teacher3"]), suite, "ks2", "The museum answers by e-mail")
    report_site(
        school=school, kind=Kind.BLOCK, site="scary-stories.example", asker=Asker(people["support"]),
        why="Two children were frightened by its pictures at lunch",
    )  # fmt: skip
