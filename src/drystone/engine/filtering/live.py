"""The filter as a running door uses it: the bundle and overlay of now, and never worse than those of before.

`refresh` looks whether `current` or the overlay changed. A new bundle is verified before it is used; a broken or
missing one raises the alarm once and leaves the old one at work. With no bundle at all everything is blocked but
the built-in help sites.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from drystone.engine.filtering import reasons
from drystone.engine.filtering.bundle import FILES, MANIFEST, Bundle, BundleError, Verdict
from drystone.engine.filtering.decision import HELP, UNREADABLE, decision
from drystone.engine.filtering.help import is_help
from drystone.engine.filtering.identity import person_key, school_key
from drystone.engine.filtering.overlay import FILE_NAME, Overlay, OverlayError, OverlayMissing
from drystone.engine.filtering.request import Action, Decision, Level, Request
from drystone.engine.filtering.who import Profile

LINK = "current"
NOTHING = Verdict(Action.BLOCK, reasons.NO_BUNDLE, rule="no-bundle", level=Level.ACCESS)
ALWAYS = (float("-inf"), float("inf"))
NOBODY = Profile(number=-1, holding=0, zone="", group="", person="")

Signature = tuple[object, ...]


def _to_standard_error(message: str) -> None:
    print(f"drystone: {message}", file=sys.stderr, flush=True)


class LiveFilter:
    """`folder` has the link `current` and, beside it, `overlay.json`. The caller owns the clock: it calls refresh
    about every half second or second, and asks in between."""

    def __init__(
        self,
        folder: Path,
        *,
        key: bytes | None = None,
        alarm: Callable[[str], None] = _to_standard_error,
        link: str = LINK,
    ) -> None:
        """`link` is the name of the bundle's link in `folder`, where it is not the house's own."""
        self.folder = Path(folder)
        self.link = self.folder / link
        self.bundle: Bundle | None = None
        self.overlay: Overlay | None = None
        self.shut = ""  # the reason why nothing but help is open, though there is a bundle
        self.generation = 0
        self._key = key
        self._alarm = alarm
        self._seen_bundle: Signature = ()
        self._mapped: dict[str, tuple[int, ...]] = {}  # files of the bundle at work, as they were when it was verified
        self._seen_overlay: Signature = ("never",)
        self._told = ""
        self._wrong = {"bundle": "", "overlay": ""}
        self.refresh()

    @property
    def edition(self) -> str:
        return self.bundle.edition if self.bundle else ""

    @property
    def school(self) -> str:
        return self.bundle.school if self.bundle else ""

    @property
    def trouble(self) -> str:
        """What is wrong at the moment with bundle or overlay, and what that means; "" when nothing is."""
        return " ".join(filter(None, self._wrong.values()))

    def refresh(self) -> bool:
        """Whether something changed. Costs a few calls of stat where nothing did."""
        changed = self._refresh_bundle()
        changed = self._drop_overwritten() or changed
        changed = self._refresh_overlay(again=changed) or changed
        self.generation += changed
        return changed

    def person_key(self, user: str) -> str:
        """The key that a sign-on name has in this bundle and its overlay; "" while there is none."""
        return person_key(self._key or school_key(self.school), user) if self.bundle else ""

    def verifier_of(self, user: str) -> str:
        """P62: what tells this name's proxy password, or "" where it has none."""
        return self.overlay.verifiers.get(self.person_key(user), "") if self.overlay else ""

    def decide(self, request: Request) -> Decision:
        profile = self.profile_for(request.client, request.user, request.at)
        verdict = self.verdict(request.host, request.path, profile, self.moment(request.at))
        if self.bundle is None:
            return Decision(verdict.action, verdict.reason, request.host, rule=verdict.rule, level=verdict.level)
        return decision(self.bundle, request.host, profile, verdict)

    # The hot path, as in bundle.py, and with no bundle as well. Results hold for one `generation`.

    def profile_for(self, client: str, user: str, at: datetime, *, door: str = "") -> Profile:
        if self.bundle is None:
            return NOBODY
        return self.bundle.profile_for(client, user, self.overlay, at, shut=self.shut, door=door)

    def profiles_stand(self, at: datetime) -> tuple[float, float]:
        if self.bundle is None:
            return ALWAYS
        return self.bundle.profiles_stand(self.overlay, at, shut=self.shut)

    def moment(self, at: datetime) -> int:
        return self.bundle.moment(at) if self.bundle else 0

    def verdict(self, host: str, path: str, profile: Profile, moment: int) -> Verdict:
        if self.bundle is not None:
            return self.bundle.verdict(host, path, profile, moment)
        if not host:
            return UNREADABLE
        return HELP if is_help(host) else NOTHING

    def path_matters(self, host: str) -> bool:
        return self.bundle is not None and self.bundle.path_matters(host)

    def _refresh_bundle(self) -> bool:
        link = self.link
        folder = os.path.realpath(link)
        seen: Signature = (folder, *(_stamp(os.path.join(folder, name)) for name in (MANIFEST, *FILES)))  # noqa: PTH118
        if seen == self._seen_bundle:
            return False
        self._seen_bundle = seen
        try:
            self.bundle = Bundle.open(link, key=self._key)
        except BundleError as error:
            at_work = f"edition {self.edition} stays at work" if self.bundle else "everything but help is blocked"
            self._tell("bundle", f"{error}; {at_work}")
            return False
        self._told = self._wrong["bundle"] = ""
        self._mapped = {os.path.join(folder, name): stamp for name, stamp in zip(FILES, seen[2:], strict=True)}  # type: ignore[misc]  # noqa: PTH118
        return True

    def _drop_overwritten(self) -> bool:
        """A file that is removed or replaced lives on for who has it mapped; one that is written over does not: what
        it says now was never verified, and a site that it does not find any more would be open."""
        for path, verified in self._mapped.items():
            now = _stamp(path)
            if now and now != verified and now[0] == verified[0] and now[3] == verified[3]:
                self.bundle, self._mapped = None, {}
                self._tell("bundle", f"{path}: was written over while in use; everything but help is blocked")
                return True
        return False

    def _refresh_overlay(self, *, again: bool) -> bool:
        path = self.folder / FILE_NAME
        seen: Signature = (_stamp(str(path)),)
        if seen == self._seen_overlay and not again:
            return False
        self._seen_overlay = seen
        before = (self.overlay, self.shut)
        required = self.bundle is not None and self.bundle.overlay_required
        self._wrong["overlay"] = ""
        try:
            self.overlay, self.shut = Overlay.load(path), ""
        except OverlayMissing as error:
            self.overlay, self.shut = None, reasons.NO_OVERLAY if required else ""
            if required:
                self._tell("overlay", f"{error}; everything but help is blocked")
        except OverlayError as error:
            self.overlay, self.shut = None, reasons.NO_OVERLAY
            self._tell("overlay", f"{error}; everything but help is blocked")
        return (self.overlay, self.shut) != before

    def _tell(self, about: str, message: str) -> None:
        """Raise the alarm, once for the same trouble."""
        self._wrong[about] = message
        if message != self._told:
            self._told = message
            self._alarm(message)


def _stamp(path: str) -> tuple[int, ...]:
    try:
        found = os.stat(path)  # noqa: PTH116 - twice a second in every worker
    except OSError:
        return ()
    return (found.st_ino, found.st_size, found.st_mtime_ns, found.st_dev)
