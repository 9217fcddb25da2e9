"""P49: the filter tests itself, through every gateway, as every zone, and keeps what it found (FM5, FM6)."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from drystone.engine.filtering.rules import Rules, RulesError, parse_rules
from drystone.registers.network import gateways
from drystone.registers.network.catalog import catalog
from drystone.registers.network.models import CheckResult, CheckRun, Outcome
from drystone.registers.network.probe import ask
from drystone.registers.network.questions import Question, questions
from drystone.registers.network.services.changes import current_publication
from drystone.registers.network.services.permission import require
from drystone.registers.school.hooks import announce_evidence
from drystone.registers.school.models import Person, School
from drystone.registers.school.moments import moment
from drystone.registers.school.services.audit import record

AT_ONCE = 4
STALE_AFTER = timedelta(minutes=10)  # a run that is not done by then was cut off
KEPT_FOR = timedelta(days=400)  # an academic year and its review
ON_SCHEDULE_KEPT = timedelta(days=31)  # of hourly runs that all passed


class CannotCheck(Exception):
    """In plain words."""


def ask_for_check(*, school: School, by: Person | None, trigger: CheckRun.Trigger) -> CheckRun:
    """Record the wish; the worker calls `carry_out`. Raises CannotCheck while another is under way."""
    require(by, "network.run_checks", school)
    running = CheckRun.objects.filter(
        school=school, finished_at__isnull=True, asked_at__gt=timezone.now() - STALE_AFTER
    )
    if running.exists():
        raise CannotCheck("A check is under way already. Wait a minute, then look again.")
    return CheckRun.objects.create(school=school, by=by, by_name=by.name if by else "Drystone", trigger=trigger)


def carry_out(run: CheckRun) -> CheckRun:
    """Ask every question of every gateway and keep the answers. With no gateway the run says so, and proves nothing."""
    school = run.school
    current = current_publication(school)
    run.edition = current.edition if current else ""
    found = gateways.running(school)
    run.gateways = [{"name": gate.name, "kind": gate.kind, "edition": gate.edition} for gate in found]
    rules, trouble = _rules(current.rules if current else "")
    asked = questions(rules, catalog()) if rules else []
    run.zones = sorted(rules.zones) if rules else []
    key = _check_key()
    if not trouble and not found:
        trouble = "No gateway is running, so nothing could be tested."
    if not trouble and not key:
        trouble = "The key that signs checks cannot be read, so nothing could be tested. Start Drystone again."
    results = [] if trouble else _ask_all(run, found, asked, key)
    return _finish(run, results, trouble)


def note_what_was_done(*, run: CheckRun, by: Person, text: str) -> CheckRun:
    """FM6: what was done about it. Notes are added to, never changed."""
    require(by, "network.run_checks", run.school)
    text = " ".join(text.split())[:1000]
    if not text:
        raise CannotCheck("Write what was done.")
    with transaction.atomic():
        row = CheckRun.objects.select_for_update().get(pk=run.pk)
        line = f"{moment(timezone.now())}, {by.name}: {text}"
        row.done_about_it = "\n".join(filter(None, [row.done_about_it, line]))
        row.save(update_fields=["done_about_it"])
        record(
            school=row.school, by=by, verb="note_filter_check", subject=row, summary=f"Noted on a filter check: {text}"
        )
    return row


def forget_old_runs(school: School, now: datetime) -> int:
    """A failure is evidence for a year; hourly runs that passed for a month, the rest of them would only be many."""
    old = CheckRun.objects.filter(school=school, asked_at__lt=now - KEPT_FOR)
    dull = CheckRun.objects.filter(
        school=school,
        asked_at__lt=now - ON_SCHEDULE_KEPT,
        trigger=CheckRun.Trigger.SCHEDULE,
        failed=0,
        done_about_it="",
    )
    return sum(rows.delete()[0] for rows in (old, dull))


def _rules(text: str) -> tuple[Rules | None, str]:
    if not text:
        return None, "Nothing has been published, so there is nothing to test."
    try:
        return parse_rules(text, source="the rules as published"), ""
    except RulesError as error:
        return None, f"The published rules cannot be read: {error}"


def _check_key() -> bytes:
    try:
        return bytes(settings.HOME.check_key.read_bytes())
    except OSError:
        return b""


def _ask_all(run: CheckRun, found: list[gateways.Gateway], asked: list[Question], key: bytes) -> list[CheckResult]:
    pairs = [(gateway, question) for gateway in found for question in asked]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(lambda pair: _result(run, pair[0], pair[1], key), pairs))


def _result(run: CheckRun, gateway: gateways.Gateway, question: Question, key: bytes) -> CheckResult:
    at = timezone.now()
    result = CheckResult(
        run=run,
        at=at,
        gateway=gateway.name,
        zone=question.zone,
        zone_name=question.zone_name,
        group_name=question.group_name,
        kind=question.kind,
        category=question.category,
        target=question.url,
        expected="Refused" if question.refused else "Not refused",
        found=question.why,
        outcome=Outcome.NOT_TESTED,
    )
    if question.refused is not None:
        answer = ask(gateway, question.url, client=question.client, key=key, at=at)
        result.found = answer.words
        result.outcome = Outcome.PASSED if answer.refused is question.refused else Outcome.FAILED
    return result


def _finish(run: CheckRun, results: list[CheckResult], trouble: str) -> CheckRun:
    counts = Counter(result.outcome for result in results)
    run.passed, run.failed = counts[Outcome.PASSED], counts[Outcome.FAILED]
    run.not_tested = counts[Outcome.NOT_TESTED]
    run.sentence = trouble or _sentence(run, results)
    run.finished_at = timezone.now()
    with transaction.atomic():
        CheckResult.objects.bulk_create(results, batch_size=500)
        run.save()
        record(
            school=run.school,
            by=run.by,
            as_name=run.by_name,
            verb="check_filter",
            subject=run,
            summary=f"Tested the filter: {run.sentence}",
            after={"passed": run.passed, "failed": run.failed, "not_tested": run.not_tested, "edition": run.edition},
        )
        announce_evidence(school=run.school, by=run.by)
    return run


def _sentence(run: CheckRun, results: list[CheckResult]) -> str:
    if not results:
        return "No zone has addresses, so nothing could be tested."
    places = f"{_count(run.gateways, 'gateway')} × {_count(run.zones, 'zone')}"
    if not run.failed:
        return f"All {run.passed} questions were answered as they must be ({places})."
    first = next(result for result in results if result.outcome == Outcome.FAILED)
    head = f"{run.failed} of {run.passed + run.failed} questions failed ({places})"
    return f"{head}. First: {first.target} from {first.zone_name}."


def _count(things: list[object], word: str) -> str:
    return f"{len(things)} {word}{'' if len(things) == 1 else 's'}"
