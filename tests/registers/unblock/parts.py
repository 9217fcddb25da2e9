"""Requests as people make them, for tests of what comes after."""

from datetime import timedelta

from django.utils import timezone

from drystone.engine.filtering import Overlay, parse_request
from drystone.engine.filtering.bundle import Bundle
from drystone.engine.filtering.ticket import Ticket
from drystone.registers.unblock.models import SiteRequest, Whom
from drystone.registers.unblock.services.asking import Asker, ask_for_review
from drystone.registers.unblock.services.deciding import For, allow

GAMES = "games.drystone.test"
EVERYONE = For(Whom.SCHOOL)


def asks(place, person=None, *, host=GAMES, category="games", child=True, name="", why="", **changes) -> SiteRequest:
    """As from a block page in the ICT suite, or the office for a grown-up."""
    zone, group = ("suite", "ks2") if child else ("office", "staff")
    ticket = Ticket(
        school=place.school.slug, host=host, category=category, rule="rule-1", level="group", zone=zone, group=group,
        person="", edition="0123", at=timezone.now(), **changes,
    )  # fmt: skip
    return ask_for_review(
        school=place.school, ticket=ticket, asker=Asker(person, name, is_child=child), why=why
    ).request


def in_minutes(count):
    return timezone.now() + timedelta(minutes=count)


def give(school, request, whom=EVERYONE, minutes=60, by=None, **more):
    return allow(
        request=request, by=by or school.coordinator, whom=whom, until=in_minutes(minutes), reason="Topic", **more
    )


class Gateway:
    """What a gateway of this school answers, by the files that it reads and nothing else."""

    def __init__(self, home, place, commits):
        self.commits = commits
        self.folder = home.school_bundles(place.school.slug)
        self.key = home.person_key.read_bytes()

    def hears_of(self, verb, *args, **more):
        """What the verb returned, after its commit: only then does anything go out."""
        with self.commits(execute=True):
            return verb(*args, **more)

    def decide(self, url, client="10.1.1.20", *, user="", at=None):
        bundle = Bundle.open(self.folder / "current", key=self.key)
        overlay = Overlay.load(self.folder / "overlay.json")
        asked = parse_request(url, client=client, at=at or timezone.now(), user=user)
        return bundle.decide(asked, overlay)

    def opens(self, url=f"http://{GAMES}/", client="10.1.1.20", **more):
        return not self.decide(url, client, **more).blocked
