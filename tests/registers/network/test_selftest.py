"""P49: the filter tests itself through the real proxy, as every zone, and what it finds is kept."""

import contextlib
import json
import os
import subprocess
import sys
import time

import pytest
from django.urls import reverse

from drystone.registers.network import gateways, questions
from drystone.registers.network.api import publish_first
from drystone.registers.network.catalog import catalog
from drystone.registers.network.models import CheckResult, CheckRun, Publication, Rule, RuleLevel
from drystone.registers.network.services import selftest
from drystone.registers.network.services.permission import NotAllowed
from drystone.registers.network.services.publishing import publish
from drystone.registers.network.services.rules import NewRule, add_rule
from drystone.registers.school.models import AuditEntry

CHECKS = "/filtering/checks/"


@contextlib.contextmanager
def proxy(home, name="proxy"):
    """Drystone's own proxy as a process of its own, on a free port; stopped at the end."""
    command = [sys.executable, "-m", "drystone.gateway.proxy", "--home", str(home.root), "--listen", "127.0.0.1:0"]
    process = subprocess.Popen([*command, "--gateway", name], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout.readline().startswith("ready ")
        deadline = time.monotonic() + 10
        while not (home.run / f"{name}.json").exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        yield process
    finally:
        process.terminate()
        process.wait(10)
        process.stdout.close()


def check(place, trigger=CheckRun.Trigger.PERSON):
    run = selftest.ask_for_check(school=place.school, by=place.head, trigger=trigger)
    return selftest.carry_out(run)


def outcomes(run, **which):
    return set(run.results.filter(**which).values_list("outcome", flat=True))


def test_every_zone_and_kind_is_asked_of_the_real_proxy_and_passes(place, as_person, home):
    publish_first(place.school, place.head)
    with proxy(home):
        run = check(place)
        text = as_person(place.governor).get(CHECKS).content.decode()
    assert (run.failed, run.sentence[:4]) == (0, "All ")
    zones = set(CheckResult.objects.filter(run=run).values_list("zone", "kind"))
    kinds = ("mandatory", "blocked", "help", "ordinary")
    assert zones == {(zone, kind) for zone in ("suite", "infants", "office") for kind in kinds}
    assert outcomes(run, kind="mandatory", target__startswith="https://illegal.") == {"passed"}
    assert "All " in text
    assert "ICT suite" in text
    assert "Infants" in text


def test_an_infants_zone_must_refuse_ordinary_sites_and_an_office_must_not(place, home):
    publish_first(place.school, place.head)
    expected = {
        question.zone: question.refused
        for question in questions.questions(selftest._rules(Publication.objects.get().rules)[0], catalog())
        if question.kind == "ordinary"
    }
    assert expected == {"suite": False, "infants": True, "office": False}


def test_a_gateway_that_lets_a_blocked_site_through_fails_the_check(place, home, as_person):
    """The register says gambling is blocked; the gateway is given an edition in which it is not."""
    publish_first(place.school, place.head)
    whole = Publication.objects.get()
    Rule.objects.filter(value="gambling", group__slug="ks2").delete()
    opened = publish(school=place.school, by=place.head)
    Publication.objects.filter(pk=opened.pk).update(rules=whole.rules)
    with proxy(home):
        run = check(place)
    failed = run.results.get(outcome="failed")
    assert (failed.zone, failed.category, failed.expected) == ("suite", "gambling", "Refused")
    assert "Let through" in failed.found
    assert "gambling.drystone.test" in run.sentence
    page = as_person(place.head).get(reverse("network:check_run", args=[run.pk]), {"only": "failed"})
    assert page.content.decode().count("gambling.drystone.test") >= 2


def test_with_no_gateway_the_run_says_so_and_proves_nothing(place, as_person, home):
    publish_first(place.school, place.head)
    client = as_person(place.technician)
    client.post(reverse("network:run_checks"))
    run = CheckRun.objects.get()
    assert (run.passed, run.failed) == (0, 0)
    assert run.sentence == "No gateway is running, so nothing could be tested."
    text = client.get(CHECKS).content.decode()
    assert "No gateway is running for this school" in text


def test_a_gateway_that_was_killed_is_not_running(place, home):
    publish_first(place.school, place.head)
    with proxy(home) as process:
        assert [gate.name for gate in gateways.running(place.school)] == ["proxy"]
        process.kill()
        process.wait(10)
        assert gateways.running(place.school) == []


def test_squids_status_is_read_by_its_pid_file(place, home):
    publish_first(place.school, place.head)
    home.run.mkdir(exist_ok=True)
    (home.run / "squid.pid").write_text(f"{os.getpid()}\n")
    status = {"gateway": "squid", "kind": "squid", "listen": "0.0.0.0:3128", "pid_file": str(home.run / "squid.pid")}
    (home.run / "squid.json").write_text(json.dumps(status))
    (home.run / "worker.json").write_text(json.dumps({"pid": os.getpid(), "at": 1}))
    (home.run / "torn.json").write_text('{"gateway": "x", "li')
    (found,) = gateways.running(place.school)
    assert (found.name, found.kind, found.address) == ("squid", "squid", "127.0.0.1:3128")


def test_a_gateway_that_does_not_answer_fails_and_is_not_taken_for_refusing(place, home):
    publish_first(place.school, place.head)
    home.run.mkdir(exist_ok=True)
    status = {"gateway": "dead", "kind": "proxy", "listen": "127.0.0.1:1", "pid": os.getpid(), "school": "fellside"}
    (home.run / "dead.json").write_text(json.dumps(status))
    run = check(place)
    assert outcomes(run) == {"failed"}
    assert run.results.first().found.startswith("No answer")


def test_a_site_that_a_rule_opens_is_not_asked_for(place, home):
    publish_first(place.school, place.head)
    rule = NewRule(
        RuleLevel.GROUP, Rule.Action.ALLOW, "site:games.drystone.test", "games club", group=place.group("ks2")
    )
    add_rule(school=place.school, by=place.head, asked=rule)
    publish(school=place.school, by=place.head)
    with proxy(home):
        run = check(place)
    assert run.failed == 0
    left = run.results.get(outcome="not_tested")
    assert (left.zone, left.category) == ("suite", "games")
    assert "games club" in left.found


def test_who_asked_and_what_was_done_are_kept(place, as_person, home):
    publish_first(place.school, place.head)
    run = check(place)
    url = reverse("network:note_check", args=[run.pk])
    client = as_person(place.technician)
    client.post(url, {"text": "Started the proxy again"})
    client.post(url, {"text": "<b>and</b> told the head"})
    run.refresh_from_db()
    first, second = run.done_about_it.splitlines()
    assert "Tom Beck: Started the proxy again" in first
    assert run.by_name == "Hilda Crag"
    assert "<b>and" not in client.get(reverse("network:check_run", args=[run.pk])).content.decode()
    assert AuditEntry.objects.filter(verb="note_filter_check").count() == 2


def test_a_second_check_waits_for_the_first(place):
    publish_first(place.school, place.head)
    selftest.ask_for_check(school=place.school, by=place.head, trigger=CheckRun.Trigger.PERSON)
    with pytest.raises(selftest.CannotCheck, match="under way"):
        selftest.ask_for_check(school=place.school, by=None, trigger=CheckRun.Trigger.SCHEDULE)


def test_governors_see_checks_and_cannot_start_them_and_pupils_see_nothing(place, as_person):
    assert as_person(place.governor).get(CHECKS).status_code == 200
    assert as_person(place.governor).post(reverse("network:run_checks")).status_code == 403
    assert as_person(place.pupil).get(CHECKS).status_code == 403
    with pytest.raises(NotAllowed):
        selftest.ask_for_check(school=place.school, by=place.governor, trigger=CheckRun.Trigger.PERSON)


def test_another_schools_checks_are_not_there(place, other, as_person):
    publish_first(place.school, place.head)
    run = check(place)
    client = as_person(other.head)
    assert "Nothing has been tested yet" in client.get(CHECKS).content.decode()
    for name in ("check_run", "checks_csv"):
        assert client.get(reverse(f"network:{name}", args=[run.pk])).status_code == 404
    assert client.post(reverse("network:note_check", args=[run.pk]), {"text": "x"}).status_code == 404


def test_the_grids_queries_do_not_grow_with_the_answers(place, as_person, home, django_assert_max_num_queries):
    publish_first(place.school, place.head)
    with proxy(home):
        run = check(place)
        client = as_person(place.head)
        with django_assert_max_num_queries(14):
            client.get(CHECKS)
        with django_assert_max_num_queries(12):
            client.get(reverse("network:check_run", args=[run.pk]))
    lines = b"".join(client.get(reverse("network:checks_csv", args=[run.pk])).streaming_content).decode().splitlines()
    assert len(lines) == run.results.count() + 1
