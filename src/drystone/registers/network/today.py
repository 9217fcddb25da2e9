"""What the filter asks of people today."""

from __future__ import annotations

from datetime import date

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from drystone.engine.certificates import CURRENT, NEXT, needs_renewal, read_certificates
from drystone.engine.filtering.editions import all_held
from drystone.engine.filtering.sources import source_names
from drystone.registers.network import gateways, overlay, queries
from drystone.registers.network.models import ListUpdate, Publication, PublicationState, Rule, SecurePages
from drystone.registers.network.services.changes import is_published, pending_changes
from drystone.registers.network.words import describe
from drystone.registers.school.access import matrix
from drystone.registers.school.hooks import Task, Urgency, needs_today
from drystone.registers.school.models import Group, Person, Role, School


@needs_today
def filter_tasks(school: School, person: Person, roles: frozenset[Role], on: date) -> list[Task]:  # noqa: ARG001
    """Unpublished changes, a list update that waits, an edition that failed, rules that end or are over, a group
    that nobody has given a profile, a gateway in trouble, a check that failed."""
    tasks = []
    if roles & matrix()["network.publish"]:
        tasks += _to_publish(school)
    if roles & matrix()["network.change_rules"]:
        tasks += _rules_that_end(school, on) + _without_profile(school)
    if roles & matrix()["network.run_checks"]:
        tasks += _gateways_in_trouble(school) + _failed_checks(school) + _overlay_in_trouble(school)
    if roles & matrix()["network.manage_lists"]:
        tasks += _lists_that_wait()
    if roles & matrix()["network.change_certificate"]:
        tasks += _certificate(school)
    return tasks


def _overlay_in_trouble(school: School) -> list[Task]:
    """P62, P64: a suspension, a password that was withdrawn or a site that was opened stays on this side."""
    if not (why := overlay.trouble(school)):
        return []
    return [Task("Changes of who has access do not reach the gateways", reverse("network:checks"), Urgency.NOW, why)]


def _lists_that_wait() -> list[Task]:
    """P35: editions that change a category past its limits, and sources whose last update failed."""
    tasks = [
        Task(
            f"Add the lists {held.source.name}, or throw them away"
            if held.first
            else f"Judge an update of the lists {held.source.name}",
            reverse("network:list_held", args=[held.source.name]),
            Urgency.TODAY,
            held.why[0] if held.why else "Read whole, and not yet at work.",
        )
        for held in all_held(settings.HOME.lists)
    ]
    for name in source_names(settings.HOME.lists):
        # unscoped: lists are the house's; no name of a person is told
        last = ListUpdate.objects.filter(source=name).first()
        if last is not None and last.state == ListUpdate.State.FAILED:
            url = reverse("network:list_source", args=[name])
            tasks.append(Task(f"The lists {name} could not be updated", url, Urgency.TODAY, last.said))
    return tasks


def _certificate(school: School) -> list[Task]:
    """P35: only where it is used, and a term before it ends: it has to come to every device first."""
    chosen = SecurePages.objects.filter(school=school).exclude(where=SecurePages.Where.NOWHERE).first()
    if chosen is None:
        return []
    url, now = reverse("network:certificate"), timezone.now()
    known = {one.which: one for one in read_certificates(settings.HOME.ca)}
    current = known.get(CURRENT)
    if current is None or current.ends <= now:
        what = "The school’s certificate " + ("is not there" if current is None else "has ended")
        return [Task(what, url, Urgency.NOW, "Blocked HTTPS sites are refused without a page.")]
    if NEXT in known:
        return [Task("Bring the next certificate to the devices, then change to it", url, Urgency.SOON)]
    if needs_renewal(current, at=now):
        return [Task(f"The school’s certificate ends on {current.ends:%-d %B %Y}", url, Urgency.SOON)]
    return []


def _to_publish(school: School) -> list[Task]:
    url = reverse("network:publish")
    latest = Publication.objects.filter(school=school).only("state", "failure").first()
    tasks = []
    if latest is not None and latest.state == PublicationState.FAILED:
        failed = reverse("network:publication", args=[latest.pk])
        tasks.append(Task("Publishing the filter failed", failed, Urgency.NOW, latest.failure))
    changes = pending_changes(school)
    lists = [change for change in changes if change.section == "lists"]
    others = [change for change in changes if change.section not in ("lists", "categories")]
    if not is_published(school):
        return [*tasks, Task("Publish the filter: nothing is in force yet", url, Urgency.NOW)]
    if others:
        count = f"{len(others)} change{'' if len(others) == 1 else 's'}"
        tasks.append(Task(f"Publish {count} to the filter", url, Urgency.TODAY, str(others[0])))
    if lists:
        tasks.append(Task("A new edition of a list waits to be published", url, Urgency.TODAY, lists[0].text))
    return tasks


def _rules_that_end(school: School, on: date) -> list[Task]:
    """The authority's own rules end by themselves; a school can do nothing about them."""
    own = Rule.objects.filter(school=school)
    over, soon = own.over_on(on).count(), own.ending(on, on + queries.SOON).order_by("until")
    url, tasks = reverse("network:rules"), []
    if over:
        text = f"{over} filter rule{' is' if over == 1 else 's are'} over: withdraw or renew"
        tasks.append(Task(text, f"{url}?state=over", Urgency.SOON, "They do nothing any more."))
    if first := soon.with_names().first():
        count, last = soon.count(), first.until
        text = f"{count} filter rule{' ends' if count == 1 else 's end'} within two weeks"
        detail = f"{describe(first)}" if count == 1 else f"The first on {last:%d.%m.%Y}: {describe(first)}"
        tasks.append(Task(text, f"{url}?state=soon&sort=until", Urgency.SOON, detail))
    return tasks


def _without_profile(school: School) -> list[Task]:
    if not is_published(school):  # the first publication starts them all
        return []
    return [
        Task(
            f"Say what {group} may reach",
            reverse("network:profile", args=[group.slug]),
            Urgency.TODAY,
            "Nobody has yet, so it reaches only what rules allow.",
        )
        for group in Group.objects.filter(school=school, profile__isnull=True)
    ]


def _gateways_in_trouble(school: School) -> list[Task]:
    """P35: a gateway that does not run, does not answer, or lags behind."""
    return [
        Task(
            f"The gateway {one.status.name} {'is not running' if one.tag == 'stopped' else 'needs attention'}",
            reverse("network:gateways"),
            Urgency.NOW,
            one.wrong[0],
        )
        for one in gateways.standing(school)
        if one.wrong
    ]


def _failed_checks(school: School) -> list[Task]:
    run = queries.latest_run(school)
    if run is None or (run.passed and not run.failed):
        return []
    url = reverse("network:check_run", args=[run.pk])
    what = "The filter failed its check of itself" if run.failed else "The filter could not test itself"
    return [Task(what, url, Urgency.NOW if run.failed else Urgency.TODAY, run.sentence)]
