"""A record of a school for each address that names one, so that the walker can knock as an outsider.

A new page with an id in its address adds its line here; `test_every_url.py` fails until it does.
`SHARED` are addresses by a word that each school has for itself (a profile's slug), or of no school.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

from django.conf import settings
from django.utils import timezone

from drystone.engine.eventlog import Event, SegmentWriter, format_event
from drystone.engine.eventlog.collector import Collector
from drystone.engine.eventlog.event import to_ms
from drystone.registers.accounts.models import AccountHolder, HeldAccount, System
from drystone.registers.accounts.services.reviews import open_review
from drystone.registers.documents.built_in import built_in
from drystone.registers.documents.models import Acknowledgement, Document, How
from drystone.registers.documents.services.notices import send_notice
from drystone.registers.network.models import (
    CheckRun,
    ListUpdate,
    Publication,
    PublicationState,
    Rule,
    RuleLevel,
    TryOut,
)
from drystone.registers.roll.models import Run, RunState, Tab
from drystone.registers.school.lake import lake
from drystone.registers.school.models import ClassStaff, Guardianship, Role, School, Sensitivity
from drystone.registers.school.seals import seal
from drystone.registers.school.services import audit, calendar, people, places
from drystone.registers.school.terms import usual_year_from
from drystone.registers.signon.models import Device, SessionSource
from drystone.registers.signon.services import sources
from drystone.registers.unblock.models import Grant, Kind, SiteRequest, Whom
from drystone.site.keys import secret
from tests.people import make_person

SHARED = {
    "accounts:link": {"secret": "a-secret-of-nobody"},
    "accounts:sign_in_with": {"provider_id": "council"},
    "accounts:sign_in_back": {"provider_id": "council"},
    "certificate_file": {"which": "drystone", "kind": "cer"},
    "network:certificate_change": {"step": "next"},
    "network:profile": {"slug": "ks2"},
    "network:list_source": {"name": "starter"},
    "network:list_held": {"name": "starter"},
    "network:list_changes": {"name": "starter"},
    "network:list_changes_csv": {"name": "starter"},
    "network:list_settings": {"name": "starter"},
    "network:list_back": {"name": "starter", "edition": "0123456789ab"},
    "network:list_remove": {"name": "starter"},
    "network:change_schedule": {"slug": "lunch"},
    "network:remove_schedule": {"slug": "lunch"},
    "policy:promise": {"promise_id": "P02"},
    "school:post": {"slug": "chair"},
    "documents:sign_off": {"slug": "answer-for-policy"},
    "documents:sign": {"slug": "answer-for-policy"},
}

# What an address asks for besides.
QUERY = {"accounts:not_needed": "?system=network"}


def _year(school: School):
    return school.years.first() or calendar.add_year(school=school, by=None, plan=usual_year_from(2026))


def _zone(school: School):
    return school.zones.first() or places.add_zone(
        school=school, by=None, name="Suite", group=school.groups.first(), addresses="10.1.0.0/16"
    )


def _person(school: School):
    return school.people.first() or make_person(school, Role.TEACHER)


def _holding(school: School):
    return _person(school).holdings.first() or people.give_role(
        person=_person(school), role=Role.TEACHER, by=None, starts=date(2026, 9, 1)
    )


def _class(school: School):
    return school.classes.first() or people.add_class(
        school=school, by=None, name="3H", year_group=3, group=school.groups.first()
    )


def _class_staff(school: School):
    return _class(school).staff.first() or ClassStaff.objects.create(
        school_class=_class(school), person=_person(school), starts=date(2026, 9, 1)
    )


def _guardianship(school: School):
    there = Guardianship.objects.filter(pupil__school=school).first()
    return there or Guardianship.objects.create(
        pupil=make_person(school, Role.PUPIL, given="Pip"), guardian=make_person(school, Role.PARENT, given="Gwen")
    )


def _sensitivity(school: School):
    secret(settings.HOME.seal_key)
    person = _guardianship(school).pupil
    return Sensitivity.objects.create(person=person, sealed=seal("a sample", school=school, about=person.key))


def _rule(school: School):
    return Rule.objects.create(
        school=school,
        level=RuleLevel.SCHOOL,
        action=Rule.Action.BLOCK,
        kind=Rule.Kind.SITE,
        value="games.example",
        reason="a sample",
        author_name="a test",
    )


def _publication(school: School):
    return Publication.objects.create(school=school, by_name="a test", state=PublicationState.DONE)


def _run(school: School):
    return CheckRun.objects.create(school=school, trigger=CheckRun.Trigger.PERSON, by_name="a test")


def _request(school: School):
    given = {"kind": Kind.OPEN, "host": "games.example", "by_child": True, "sensitive": False, "mark": "a sample"}
    return SiteRequest.objects.filter(school=school).first() or SiteRequest.objects.create(school=school, **given)


def _grant(school: School):
    until = timezone.now() + timedelta(hours=1)
    return Grant.objects.create(
        school=school, host="games.example", level=Whom.SCHOOL, whom="the whole school", reason="a sample", until=until
    )


def _entry(school: School):
    return audit.record(school=school, by=None, verb="try", subject=school, summary="a sample")


def _try_out(school: School):
    now = timezone.now()
    return TryOut.objects.create(
        school=school, by_name="a test", days=7, since=now - timedelta(days=7), until=now, state="done",
        figures={"events": 0, "by_group": [], "groups": [], "seconds": 0},
    )  # fmt: skip


def _event_in_lake(school: School):
    """One event, logged and collected as a gateway's are."""
    at = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
    writer = SegmentWriter(settings.HOME.events / "sample")
    writer.append(format_event(Event(at=at, school=school.slug, gateway="sample", host="site.example", action="allow")))
    writer.close()
    with Collector(settings.HOME) as collector:
        collector.run_once()
    _, (_, segment, offset) = lake().placed(school.slug, gateway="sample")[0]
    return {"at": to_ms(at), "segment": segment, "offset": offset}


def _device(school: School):
    return Device.objects.create(
        school=school, name="Sample tablet", network="10.9.9.9/32", group=school.groups.first()
    )


def _source(school: School):
    return sources.add_source(school=school, by=None, name=f"Sample {SessionSource.objects.count()}")[0]


def _notice(school: School):
    ready = built_in()["pupil-records"]
    found = Document.objects.filter(school=school, slug=ready.slug).first()
    return found or send_notice(school=school, by=None, text=ready.text, slug=ready.slug).document


def _from_paper(school: School):
    reader = make_person(school, Role.TEACHER)
    version = _notice(school).versions.get(number=1)
    given = {"read_on": timezone.localdate(), "how": How.PAPER, "note": "a sample"}
    return Acknowledgement.objects.create(version=version, hash=version.hash, person=reader, **given)


def _run_of_roll(school: School):
    """A file that waits for a yes, with a line."""
    run = Run.objects.create(school=school, batch="a sample", state=RunState.WAITING, on=date(2026, 9, 1))
    run.lines.create(tab=Tab.LEAVER, position=1, name="Ada Sample", what="pupil")
    return run


def _held(school: School):
    there = AccountHolder.objects.filter(account__school=school).first()
    account = there or HeldAccount.objects.create(school=school, system=System.NETWORK, name="sample")
    return there or AccountHolder.objects.create(account=account, person=_person(school), since=date(2026, 9, 1))


def _review(school: School):
    return school.account_reviews.first() or open_review(school=school, by=None, on=date(2026, 11, 24))


Sample = Callable[[School], dict[str, object]]
SAMPLES: dict[str, Sample] = {
    "api-1:pupil": lambda school: {"key": make_person(school, Role.PUPIL).key},
    "accounts:close_account": lambda school: {"pk": _person(school).pk},
    "accounts:reopen_account": lambda school: {"pk": _person(school).pk},
    "accounts:forget_provider": lambda school: {"pk": _person(school).pk},
    "accounts:not_needed": lambda school: {"pk": _person(school).pk},
    "accounts:held_account": lambda school: {"pk": _held(school).account_id},
    "accounts:give_held": lambda school: {"pk": _held(school).account_id},
    "accounts:change_held": lambda school: {"pk": _held(school).account_id},
    "accounts:close_held": lambda school: {"pk": _held(school).account_id},
    "accounts:let_go_held": lambda school: {"pk": _held(school).pk},
    "accounts:review": lambda school: {"pk": _review(school).pk},
    "accounts:answer_review": lambda school: {"pk": _review(school).pk},
    "accounts:finish_review": lambda school: {"pk": _review(school).pk},
    **{
        f"roll:{page}": lambda school: {"number": _run_of_roll(school).pk}
        for page in ("run", "columns", "lines_csv", "decide", "apply", "drop", "undo")
    },
    "signon:choose": lambda school: {"pk": _person(school).pk},
    "signon:device": lambda school: {"pk": _device(school).pk},
    "signon:end_device": lambda school: {"pk": _device(school).pk},
    "signon:revoke_source": lambda school: {"pk": _source(school).pk},
    "school:year": lambda school: {"pk": _year(school).pk},
    "school:new_closure": lambda school: {"pk": _year(school).pk},
    "school:closure_gone": lambda school: {"pk": _year(school).closures.first().pk},
    "school:revoke_integration": lambda school: {"pk": _source(school).integration_id},
    "school:zone": lambda school: {"pk": _zone(school).pk},
    "school:zone_gone": lambda school: {"pk": _zone(school).pk},
    "school:group": lambda school: {"pk": school.groups.first().pk},
    "school:group_gone": lambda school: {"pk": school.groups.first().pk},
    "school:class": lambda school: {"pk": _class(school).pk},
    "school:change_class": lambda school: {"pk": _class(school).pk},
    "school:new_class_staff": lambda school: {"pk": _class(school).pk},
    "school:end_class_staff": lambda school: {"pk": _class_staff(school).pk},
    "school:leave": lambda school: {"pk": _person(school).pk},
    "school:come_back": lambda school: {"pk": _person(school).pk},
    "school:choose_guardian": lambda school: {"pk": _person(school).pk},
    "school:new_guardian": lambda school: {"pk": _person(school).pk},
    "school:add_guardian": lambda school: {"pk": _person(school).pk, "number": _guardianship(school).guardian_id},
    "school:change_guardian": lambda school: {"pk": _guardianship(school).pk},
    "school:remove_guardian": lambda school: {"pk": _guardianship(school).pk},
    "school:sensitivities": lambda school: {"pk": _guardianship(school).pupil_id},
    "school:end_sensitivity": lambda school: {"pk": _sensitivity(school).pk},
    "school:person": lambda school: {"pk": _person(school).pk},
    "school:edit_person": lambda school: {"pk": _person(school).pk},
    "school:who_sees": lambda school: {"pk": _person(school).pk},
    "school:give_account": lambda school: {"pk": _person(school).pk},
    "school:new_role": lambda school: {"pk": _person(school).pk},
    "school:end_role": lambda school: {"pk": _holding(school).pk},
    "school:audit_entry": lambda school: {"seq": [_entry(school).seq for _ in range(30)][-1]},
    "accounts:unlock": lambda school: {"pk": _person(school).pk},
    "accounts:recover": lambda school: {"pk": _person(school).pk},
    "network:rule": lambda school: {"number": _rule(school).pk},
    "network:change_rule": lambda school: {"number": _rule(school).pk},
    "network:restore_rule": lambda school: {"number": _rule(school).pk},
    "network:withdraw_rule": lambda school: {"number": _rule(school).pk},
    "network:publication": lambda school: {"number": _publication(school).pk},
    "network:roll_back": lambda school: {"number": _publication(school).pk},
    "network:why_event": _event_in_lake,
    "network:try_out": lambda school: {"number": _try_out(school).pk},
    "network:try_out_csv": lambda school: {"number": _try_out(school).pk},
    "network:list_update": lambda school: {
        "number": ListUpdate.objects.create(
            school=school, source="starter", kind="update", by_name="a test", state="done", outcome="unchanged"
        ).pk
    },
    "network:check_run": lambda school: {"number": _run(school).pk},
    "network:note_check": lambda school: {"number": _run(school).pk},
    **{
        f"documents:{page}": lambda school: {"pk": _notice(school).pk}
        for page in ("notice", "who", "change", "end", "paper", "sheet")
    },
    "documents:version": lambda school: {"pk": _notice(school).pk, "number": 1},
    "documents:strike": lambda school: {"pk": _from_paper(school).pk},
    "unblock:request": lambda school: {"number": _request(school).pk},
    "unblock:seen": lambda school: {"number": _request(school).pk},
    "unblock:grant": lambda school: {"number": _grant(school).pk},
    "unblock:end_grant": lambda school: {"number": _grant(school).pk},
    "network:checks_csv": lambda school: {"number": _run(school).pk},
}
