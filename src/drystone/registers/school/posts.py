"""P02, P19: the named posts of e-safety: who holds each, since when, who did before, and when nobody did."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from drystone.registers.school.models import Role, RoleHolding, School

BACK = timedelta(days=730)  # how far back a time without a holder is shown


@dataclass(frozen=True, slots=True)
class Post:
    """`one`: a new holder takes it over. `outside`: it may be held by somebody who does not work at the school.
    `needed`: a school without a holder has a gap."""

    role: Role
    what: str
    one: bool = True
    outside: bool = False
    needed: bool = True


POSTS = (
    Post(Role.HEAD, "Answers for the policy, with the governors"),
    Post(Role.CHAIR, "Answers for the policy on the governors’ side", outside=True),
    Post(Role.COORDINATOR, "Whom everybody asks about safety online"),
    Post(Role.SAFEGUARDING_LEAD, "Leads where a child may be in danger"),
    Post(Role.DEPUTY_SAFEGUARDING_LEAD, "Stands in for the safeguarding lead", one=False),
    Post(Role.DATA_PROTECTION_OFFICER, "Watches over the use of personal data", outside=True),
    Post(Role.TECHNICIAN, "Looks after the filter, the network and the devices", one=False, outside=True),
    Post(
        Role.NETWORK_MANAGER,
        "Manages the network, where that is not the technician’s work",
        outside=True,
        needed=False,
    ),
    Post(
        Role.COUNCIL_CONTACT,
        "Whom the school turns to at the council or trust about the security of its systems",
        one=False,
        outside=True,
    ),
)
BY_ROLE = {post.role: post for post in POSTS}


@dataclass(frozen=True, slots=True)
class Held:
    """A post on a day."""

    post: Post
    now: tuple[RoleHolding, ...]
    coming: tuple[RoleHolding, ...]  # named, and not yet begun
    past: tuple[RoleHolding, ...]  # the newest first
    gaps: tuple[tuple[date, date | None], ...]  # days without a holder, the newest first; the last may go on

    @property
    def vacant(self) -> bool:
        return self.post.needed and not self.now


def posts_of(school: School, on: date) -> list[Held]:
    """All of them, in one query."""
    found = RoleHolding.objects.filter(person__school=school, role__in=BY_ROLE).select_related("person__user")
    held = list(found.order_by("starts", "id"))
    return [_held(post, [h for h in held if h.role == post.role], on) for post in POSTS]


def vacant_posts(school: School, on: date) -> list[Post]:
    return [held.post for held in posts_of(school, on) if held.vacant]


def _held(post: Post, holdings: list[RoleHolding], on: date) -> Held:
    stays = [(h.starts, _last_day(h)) for h in holdings if h.starts <= on]
    return Held(
        post=post,
        now=tuple(h for h in holdings if h.starts <= on and _there(h, on)),
        coming=tuple(h for h in holdings if h.starts > on),
        past=tuple(reversed([h for h in holdings if h.starts <= on and not _there(h, on)])),
        gaps=tuple(reversed([gap for gap in _gaps(stays, on) if (gap[1] or on) >= on - BACK])),
    )


def _last_day(holding: RoleHolding) -> date | None:
    """Whoever has left the school holds nothing, whatever the role's own last day is."""
    ends = [day for day in (holding.ends, holding.person.left_on) if day is not None]
    return min(ends, default=None)


def _there(holding: RoleHolding, on: date) -> bool:
    last = _last_day(holding)
    return last is None or last >= on


def _gaps(stays: Iterable[tuple[date, date | None]], on: date) -> list[tuple[date, date | None]]:
    """Days between the first holder and `on` on which nobody held it."""
    gaps: list[tuple[date, date | None]] = []
    covered: date | None = None  # the last day that somebody held it
    for starts, last in sorted(stays, key=lambda stay: stay[0]):
        if covered is not None and starts > covered + timedelta(days=1):
            gaps.append((covered + timedelta(days=1), starts - timedelta(days=1)))
        covered = max(covered or starts, min(last or on, on))
    if covered is not None and covered < on:
        gaps.append((covered + timedelta(days=1), None))
    return gaps
