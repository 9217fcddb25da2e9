"""What the shell does to lists, or tries to, is put on record like what a screen does.

The journal beside the lists holds it at once; where there is a database the audit trail takes it over in the same
breath, else the worker does.
"""

from __future__ import annotations

import getpass
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from drystone.engine.filtering import BundleError, ListError
from drystone.engine.filtering.mandatory import MandatoryRefused, note
from drystone.engine.filtering.rules import RulesError
from drystone.engine.filtering.standing import MandatoryGone
from drystone.engine.home import Home


def put_on_record(home: Home, verb: str, subject: str, summary: str) -> None:
    """Warns where that could not be done; a refusal stays one."""
    try:
        home.lists.mkdir(parents=True, exist_ok=True)
        note(home.lists, at=datetime.now(UTC), by=who(), verb=verb, subject=subject, summary=summary)
    except OSError as error:
        print(
            f"drystone: {home.lists}: cannot be written ({error.strerror}), so this is not on record", file=sys.stderr
        )
        return
    take_over(home)


def who() -> str:
    try:
        return f"the shell ({getpass.getuser()})"
    except (KeyError, OSError):
        return "the shell"


@contextmanager
def refusals(home: Home, subject: str, what: str) -> Iterator[None]:
    """An attempt at a mandatory list goes on record before its one line is told."""
    try:
        yield
    except MandatoryRefused as refused:
        put_on_record(home, "refused_list_change", subject, f"Refused to {what}: {refused}")
        raise


def refused_rules(lists: Path, rules: Path, error: RulesError | ListError | BundleError) -> None:
    """A rules file that would open or switch off what is mandatory, or lists of which something mandatory is gone, go
    on record: in the house whose lists they are, else in the one this shell works for, else beside the lists."""
    if isinstance(error, RulesError):
        if not any("mandatory" in problem.message for problem in error.problems):
            return
    elif not isinstance(error, MandatoryGone):
        return
    what = f"Refused to compile {rules}: {error}"
    for home in (Home(lists.resolve().parent), Home(Path(os.environ.get("DRYSTONE_HOME", "var")))):
        if home.lists.is_dir() and (home.keys.is_dir() or home.database.is_file()):
            put_on_record(home, "refused_list_change", str(rules), what)
            return
    try:
        note(lists, at=datetime.now(UTC), by=who(), verb="refused_list_change", subject=str(rules), summary=what)
    except OSError as trouble:
        print(f"drystone: {lists}: cannot be written ({trouble.strerror}), so this is not on record", file=sys.stderr)


def take_over(home: Home) -> None:
    """From the journal to the audit trail, where there is a database. Where that fails the worker does it later."""
    if not (home.database.is_file() or os.environ.get("DRYSTONE_DATABASE_URL")):
        return
    os.environ["DRYSTONE_HOME"] = str(Path(home.root).resolve())
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "drystone.site.settings")
    try:
        import django

        django.setup()
        from drystone.registers.network.services.list_journal import take_journal

        take_journal(home.lists)
    except Exception as error:  # a database that is busy, old or away: the journal still has it
        logging.getLogger(__name__).debug("the journal waits: %s", error)
