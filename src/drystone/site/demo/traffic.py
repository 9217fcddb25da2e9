"""A term of traffic of the demo school: every event is a real decision of its real filter."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import accumulate
from random import Random
from zoneinfo import ZoneInfo

from drystone.engine.eventlog import SegmentWriter, event_from, format_event
from drystone.engine.filtering import LiveFilter, parse_request
from drystone.engine.home import Home
from drystone.registers.school.models import Role, School
from drystone.registers.school.terms import ClosurePlan, TermPlan

GATEWAY = "demo"
EVENTS_A_DAY = 900

# First three numbers of a zone's addresses, whose machines stand there, how busy it is.
PLACES = (
    ("10.20.1", "ks2", 30),
    ("10.20.2", "ks1", 15),
    ("10.20.3", "ks2", 30),
    ("10.20.4", "staff", 12),
    ("10.20.5", "staff", 10),
    ("10.20.9", "", 3),
)
# Host and path, how often. What a primary school visits, and a little of what it should not.
VISITS = (
    ("www.bbc.co.uk/bitesize", 90),
    ("www.purplemash.com/login", 60),
    ("ttrockstars.com/", 50),
    ("www.google.co.uk/search", 70),
    ("www.phonicsplay.co.uk/resources", 25),
    ("www.topmarks.co.uk/maths-games", 35),
    ("www.nationalgeographic.com/kids", 15),
    ("www.metoffice.gov.uk/weather", 8),
    ("scratch.mit.edu/projects", 20),
    ("www.youtube.com/watch", 14),
    ("en.wikipedia.org/wiki/Volcano", 18),
    ("school.demo.drystone.test/news", 12),
    ("www.amazon.co.uk/basket", 5),
    ("poki.com/", 9),
    ("www.coolmathgames.com/", 6),
    ("www.roblox.com/games", 8),
    ("www.tiktok.com/foryou", 6),
    ("www.instagram.com/", 3),
    ("games.drystone.test/", 5),
    ("gambling.drystone.test/slots", 1),
    ("vpn.drystone.test/free", 2),
    ("proxies.drystone.test/", 1),
    ("weapons.drystone.test/", 1),
    ("www.childline.org.uk/", 1),
)


def write_term(
    *, school: School, term: TermPlan, closures: Sequence[ClosurePlan], until: datetime, home: Home, rng: Random
) -> int:
    """Decide and log the visits of each school day so far; returns how many. The collector does the rest."""
    live = LiveFilter(home.school_bundles(school.slug), key=home.person_key.read_bytes())
    live.refresh()
    visitors = _visitors(school)
    writer = SegmentWriter(home.events / GATEWAY)
    written = 0
    try:
        for day in _school_days(term, closures, until.date()):
            for at, url, client, user, method in _day(day, ZoneInfo(school.time_zone), visitors, rng):
                if at > until:
                    break
                request = parse_request(url, client=client, at=at, user=user, method=method)
                event = event_from(live.decide(request), request, gateway=GATEWAY, sent=rng.randrange(400, 90_000))
                writer.append(format_event(event))
                written += 1
    finally:
        writer.close()
    return written


def _school_days(term: TermPlan, closures: Sequence[ClosurePlan], until: date) -> Iterator[date]:
    free = [(closure.starts, closure.ends) for closure in closures]
    if term.half_term_starts and term.half_term_ends:
        free.append((term.half_term_starts, term.half_term_ends))
    day = term.starts
    while day <= min(until, term.ends):
        half_term = (
            term.half_term_starts and term.half_term_ends and term.half_term_starts <= day <= term.half_term_ends
        )
        closed = any(closure.starts <= day <= closure.ends for closure in closures)
        if day.weekday() < 5 and not half_term and not closed:
            yield day
        day += timedelta(days=1)


def _day(
    day: date, zone: ZoneInfo, visitors: dict[str, list[str]], rng: Random
) -> list[tuple[datetime, str, str, str, str]]:
    """When, what, from where, who, how; in the order of the clock."""
    opening = datetime.combine(day, time(8, 45), zone)
    seconds = sorted(rng.randrange(6 * 3600 + 1800) for _ in range(EVENTS_A_DAY))
    places, busy = [(net, group) for net, group, _ in PLACES], list(accumulate(weight for *_, weight in PLACES))
    sites, often = [site for site, _ in VISITS], list(accumulate(weight for _, weight in VISITS))
    drawn = []
    for second in seconds:
        net, group = rng.choices(places, cum_weights=busy)[0]
        site = rng.choices(sites, cum_weights=often)[0]
        known = visitors.get(group, [])
        user = rng.choice(known) if known and rng.random() < 0.8 else ""
        plain = site.endswith("/") and rng.random() < 0.5 or "drystone.test" in site
        url, method = (f"http://{site}", "GET") if plain else (f"{site.partition('/')[0]}:443", "CONNECT")
        at = (opening + timedelta(seconds=second, milliseconds=rng.randrange(1000))).astimezone(UTC)
        drawn.append((at, url, f"{net}.{rng.randrange(10, 40)}", user, method))
    return sorted(drawn)


def _visitors(school: School) -> dict[str, list[str]]:
    """Who may sit at which group's machines. Ordered by name, so that the seed alone decides."""
    found: dict[str, list[str]] = {}
    people = school.people.exclude(sign_on="").select_related("school_class__group").order_by("sign_on")
    for person in people.prefetch_related("holdings"):
        roles = {holding.role for holding in person.holdings.all()}
        if person.school_class:
            group = person.school_class.group.slug
        elif roles & {Role.CHAIR, Role.GOVERNOR}:
            continue
        else:
            group = "staff"
        found.setdefault(group, []).append(person.sign_on)
    return found
