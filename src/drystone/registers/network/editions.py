"""Editions to ask questions of: the one in force, one from before, and the draft as it would be published now."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from django.conf import settings

from drystone.engine.filtering import Bundle, BundleError, compile_bundle, dump_rules, parse_rules
from drystone.engine.filtering.overlay import FILE_NAME, Overlay, OverlayError
from drystone.registers.network.services.draft import draft
from drystone.registers.school.models import School
from drystone.registers.school.pseudonyms import person_secret

IN_FORCE, DRAFT = "", "draft"
_EDITION = re.compile(r"[0-9a-f]{16}")
_DRAFTS = ".draft"  # beside the editions, so that the index can be shared; publishing leaves hidden folders alone
_DRAFT_KEPT = 600.0  # seconds that a draft from before may still be read by somebody


class EditionGone(Exception):
    """In plain words: the edition is not there, or cannot be read."""


def edition_of(school: School, edition: str = IN_FORCE) -> Bundle:
    """The edition in force, or one from before by its name. Raises EditionGone."""
    folder: Path = settings.HOME.school_bundles(school.slug)
    if edition and not _EDITION.fullmatch(edition):
        raise EditionGone(f"{edition[:20]!r} is not the name of an edition.")
    try:
        return _opened((folder / (edition or "current")).resolve(strict=True), person_secret())
    except FileNotFoundError as error:
        if not edition:
            raise EditionGone("Nothing has been published yet, so everything but help is blocked.") from error
        raise EditionGone(f"Edition {edition} is no longer kept.") from error
    except (BundleError, OSError) as error:
        raise EditionGone(f"The edition cannot be read: {error}") from error


@lru_cache(maxsize=4)
def _opened(folder: Path, key: bytes) -> Bundle:
    """An edition never changes, so one that was opened stays open."""
    return Bundle.open(folder, key=key)


def draft_edition(school: School, progress: Callable[[str, int, int], None] | None = None) -> Bundle:
    """The draft, compiled as publishing would and put in force nowhere. Where only rules have changed it takes the
    index of the edition in force. Raises RulesError, ListError or BundleError."""
    rules = draft(school).rules
    folder: Path = settings.HOME.school_bundles(school.slug)
    compiled = compile_bundle(
        settings.HOME.lists,
        parse_rules(dump_rules(rules), source=rules.source),
        folder / _DRAFTS / "current",
        key=person_secret(),
        by="a draft",
        progress=progress,
        overlay_required=True,
        like=folder / "current",
    )
    _forget_drafts(compiled.folder)
    return Bundle.open(compiled.folder, key=person_secret())


def overlay_now(school: School) -> Overlay | None:
    """Who has access and what is open for a while, as gateways read it; None where it cannot be read: then they
    open help and nothing else, and so does whoever asks with None."""
    try:
        return Overlay.load(settings.HOME.school_bundles(school.slug) / FILE_NAME)
    except OverlayError:
        return None


def _forget_drafts(newest: Path) -> None:
    long_ago = time.time() - _DRAFT_KEPT
    for entry in newest.parent.iterdir():
        if entry == newest or entry.is_symlink() or not entry.is_dir() or not _EDITION.fullmatch(entry.name):
            continue
        if entry.stat().st_mtime < long_ago:
            shutil.rmtree(entry, ignore_errors=True)
            entry.with_name(f"{entry.name}.receipt.json").unlink(missing_ok=True)
