"""Answering a request: allow it for a time, make a rule of it, or leave things as they are; always with a reason."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from drystone.registers.network.api import RuleRefused, draft_site_rule, site_facts
from drystone.registers.school.access import matrix, roles_of
from drystone.registers.school.hooks import announce_overlay_change
from drystone.registers.school.models import Group, Person, School, SchoolClass, Zone
from drystone.registers.school.moments import ending
from drystone.registers.school.reach import Viewer, classes_for
from drystone.registers.school.services.audit import record
from drystone.registers.school.services.changes import Refused
from drystone.registers.school.services.permission import NotAllowed, require
from drystone.registers.unblock.models import Grant, Kind, SiteRequest, State, Whom
from drystone.registers.unblock.queries import visible
from drystone.registers.unblock.services.asking import LONGEST_WHY, tidy
from drystone.registers.unblock.sites import covers, is_ending

LESSON = timedelta(minutes=60)
LONGEST = timedelta(days=366)
TEACHERS_GIVE = frozenset({Whom.PERSON, Whom.CLASS, Whom.ZONE})  # and for today at most


@dataclass(frozen=True, slots=True)
class For:
    """Whom a site is opened for: the one of the four that `level` names, none for the school."""

    level: Whom
    person: Person | None = None
    school_class: SchoolClass | None = None
    zone: Zone | None = None
    group: Group | None = None

    @property
    def thing(self) -> Person | SchoolClass | Zone | Group | None:
        of = {Whom.PERSON: self.person, Whom.CLASS: self.school_class, Whom.ZONE: self.zone, Whom.GROUP: self.group}
        return of.get(self.level)

    @property
    def in_words(self) -> str:
        return "the whole school" if self.level == Whom.SCHOOL else str(self.thing)


def allow(
    *, request: SiteRequest, by: Person | None, whom: For, until: datetime, reason: str, others: bool = False
) -> Grant:
    """P35: open at once and until then, whatever else waits to be published.

    `others` answers those who asked for the same site too, where it is open for more than one person. Raises Refused
    or NotAllowed; to open what is mandatory is refused and put on record.
    """
    now, until = timezone.now(), until.replace(microsecond=0)  # the overlay counts milliseconds, and would round up
    _may_decide(request, by)
    reason = _reason(reason)
    refuse_mandatory(request=request, by=by)
    _refuse_ending(request)
    _check_whom(request.school, by, whom)
    _check_until(request.school, by, whom, now, until)
    with transaction.atomic():
        grant = Grant.objects.create(
            school=request.school,
            host=covers(request.host),
            level=whom.level,
            **{whom.level if whom.level != Whom.CLASS else "school_class": whom.thing} if whom.thing else {},
            whom=whom.in_words if whom.level != Whom.PERSON else "one person",
            reason=reason,
            since=now,
            until=until,
            by=by,
            by_name=by.name if by else "Drystone",
        )
        request.grant = grant
        _answer(request, by, State.ALLOWED, reason, now, others=others and whom.level != Whom.PERSON)
        record(
            school=request.school,
            by=by,
            verb="allow_site",
            subject=grant,
            summary=f"Allowed {site_for_audit(request)} for {grant.whom} until {ending(until)} (request {request.pk})",
            after={"level": grant.level, "until": until.isoformat(), "reason": reason, "request": request.pk},
        )
        announce_overlay_change(school=request.school, by=by)
    return grant


def refuse(*, request: SiteRequest, by: Person | None, reason: str, others: bool = False) -> SiteRequest:
    """Nothing changes, and the asker hears why. Raises Refused or NotAllowed."""
    _may_decide(request, by)
    with transaction.atomic():
        _answer(request, by, State.REFUSED, _reason(reason), timezone.now(), others=others)
        record(
            school=request.school,
            by=by,
            verb="refuse_site",
            subject=request,
            summary=f"Left {site_for_audit(request)} as it is (request {request.pk})",
            after={"reason": tidy(reason)},
        )
    return request


def make_rule(
    *, request: SiteRequest, by: Person | None, group: Group | None, reason: str, others: bool = False
) -> str:
    """A rule for good, in the draft: it acts when the filter is published next. Returns it in words.

    Raises Refused or NotAllowed.
    """
    _may_decide(request, by)
    require(by, "unblock.decide_for_school", request.school)
    reason, block = _reason(reason), request.kind == Kind.BLOCK
    _refuse_ending(request)
    if not block:
        refuse_mandatory(request=request, by=by)
    try:
        with transaction.atomic():
            number, words = draft_site_rule(
                school=request.school, by=by, block=block, host=covers(request.host), reason=reason,
                group=group,
            )  # fmt: skip
            request.made_rule = number
            _answer(request, by, State.RULE, reason, timezone.now(), others=others)
            record(
                school=request.school,
                by=by,
                verb="rule_from_request",
                subject=request,
                summary=f"Made a rule for {site_for_audit(request)} (request {request.pk})",
                after={"rule": f"rule-{number}", "reason": reason},
            )
    except RuleRefused as refused:
        raise Refused(str(refused)) from refused
    return words


def mark_seen(*, request: SiteRequest, by: Person) -> None:
    """The asker has read the answer."""
    if request.asker_id != by.pk or request.waiting:
        raise NotAllowed("Only who asked can say that the answer has been read.")
    SiteRequest.objects.filter(pk=request.pk, seen_at__isnull=True).update(seen_at=timezone.now())


def same_site(request: SiteRequest, by: Person | None) -> list[SiteRequest]:
    """Others who wait for the same answer, and whom whoever answers sees too: a child's request that safeguarding
    alone may look at is not answered, nor counted, along with one that was asked before the site was worrying; nor
    those of other classes by a teacher of this one."""
    alike = {name: getattr(request, name) for name in ("school", "kind", "host", "by_child", "sensitive")}
    seen = visible(request.school, by) if by else SiteRequest.objects.all()
    return list(seen.filter(**alike, state=State.WAITING).exclude(pk=request.pk))


def classes_to_open(school: School, by: Person) -> QuerySet[SchoolClass]:
    """A teacher opens a site for their own."""
    roles = roles_of(by) if by.school_id == school.pk else frozenset()
    return classes_for(Viewer(by, roles, timezone.localdate()), "unblock.decide")


def _answer(request: SiteRequest, by: Person | None, state: State, reason: str, now: datetime, *, others: bool) -> None:
    """Once, whoever else had the page open."""
    said = {
        "state": state,
        "answer": reason,
        "decided_at": now,
        "decided_by": by,
        "decided_by_name": by.name if by else "Drystone",
        "grant": request.grant,
        "made_rule": request.made_rule,
    }
    alike = [each.pk for each in same_site(request, by)] if others else []
    if not SiteRequest.objects.filter(pk=request.pk, state=State.WAITING).update(**said):
        raise Refused("Somebody else has answered this request already.")
    SiteRequest.objects.filter(pk__in=alike, state=State.WAITING).update(**said)
    request.refresh_from_db()


def _may_decide(request: SiteRequest, by: Person | None) -> None:
    require(by, "unblock.decide", request.school)
    if by is not None and not visible(request.school, by).filter(pk=request.pk).exists():
        raise NotAllowed(f"{by.name} may not answer this request.")
    if not request.waiting:
        raise Refused("Somebody else has answered this request already.")


def refuse_mandatory(*, request: SiteRequest, by: Person | None) -> None:
    """P35, P49: no role opens what is on a mandatory list, and each attempt is on record. Raises Refused."""
    title = site_facts(request.school, request.host).mandatory
    if not title:
        return
    record(
        school=request.school,
        by=by,
        verb="refused_to_allow_site",
        subject=request,
        summary=f"Refused to allow a site on a list of “{title}”, which nobody can open (request {request.pk})",
    )
    raise Refused(f"This site is on a list of “{title}”. Nobody can open it, and this attempt is on record.")


def _refuse_ending(request: SiteRequest) -> None:
    """P35: who asks for one site does not open, or close, all of .com."""
    if is_ending(request.host):
        raise Refused(f"“{request.host}” is no site: the names of many sites end so. Leave it as it is.")


def _check_whom(school: School, by: Person | None, whom: For) -> None:
    if whom.level == Whom.SCHOOL:
        return
    thing = whom.thing
    if thing is None or thing.school_id != school.pk:
        raise Refused("Choose whom it is to be open for.", field="whom")
    if whom.level == Whom.PERSON and not (whom.person and whom.person.sign_on):
        raise Refused("The filter does not know this person by name: choose their class or the place.", field="whom")
    if whom.school_class and by and whom.school_class not in classes_to_open(school, by):
        raise NotAllowed(f"{by.name} may allow a site for the classes they teach.")
    if whom.level == Whom.CLASS and not Person.objects.filter(school_class=whom.school_class).exclude(sign_on=""):
        raise Refused(f"The filter knows nobody of {thing} by name: choose the place instead.", field="whom")


def _check_until(school: School, by: Person | None, whom: For, now: datetime, until: datetime) -> None:
    if until <= now:
        raise Refused("The end must be later than now.", field="until")
    if until > now + LONGEST:
        raise Refused("A year is the longest. For longer, make a rule.", field="until")
    if by is None or roles_of(by) & matrix()["unblock.decide_for_school"]:
        return
    today = timezone.localtime(now).date()
    if whom.level not in TEACHERS_GIVE or timezone.localtime(until - timedelta(seconds=1)).date() > today:
        raise NotAllowed(f"{by.name} may allow a site at {school.name} for one person, class or place, for today.")


def _reason(text: str) -> str:
    reason = tidy(text)
    if not reason:
        raise Refused("Say why. Whoever asked will read it.", field="reason")
    if len(reason) > LONGEST_WHY:
        raise Refused(f"The reason must be {LONGEST_WHY} characters or fewer.", field="reason")
    return reason


def site_for_audit(request: SiteRequest) -> str:
    """For the audit trail, which more people may read than the requests of children."""
    return "a site that a pupil asked about" if request.by_child and request.sensitive else request.host
