"""`drystone filter sign-on-helper`: Squid's basic authentication helper, for proxy passwords (P62).

In, one line a try, each value percent-encoded by Squid: `ID NAME PASSWORD [ADDRESS]`. Out: `ID OK` or `ID ERR
message=…`, or `ID BH message=…` while there is no overlay to ask, and then Squid lets nobody in. Nothing else goes to
standard output, and neither names nor passwords to standard error.

    auth_param basic program … --bundle BUNDLE --key-file FILE
    auth_param basic children 2 startup=1 idle=1 concurrency=64
    auth_param basic key_extras "%>a"
    auth_param basic credentialsttl 2 seconds

`concurrency` must be above 0: the ID is how the first word is known. `key_extras` gives the client's address, so that
who guesses is slowed there and not everywhere. Two helpers slow a guesser half as much as one: keep them few. What
Squid refuses with 407 is an event of its log, with the rule `gateway:sign-on`.

Imports neither the command line nor Django, nor the bundle's index: only the overlay beside it.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Sequence
from ipaddress import ip_address
from pathlib import Path
from time import monotonic
from typing import BinaryIO
from urllib.parse import quote, unquote_to_bytes

from drystone.engine.filtering.identity import person_key, school_key
from drystone.engine.filtering.overlay import FILE_NAME, Overlay, OverlayError
from drystone.gateway.signon import Doorkeeper, Outcome, place_of

REFRESH_S = 0.5
LONGEST_LINE = 8 * 1024
WRONG = "The name or the password is not right."
SLOWED = "That was tried too often with a wrong password. Wait a little, then try again."
CLOSED = "Who has a password cannot be read just now."
_USAGE = """usage: drystone filter sign-on-helper --bundle BUNDLE (--key-file FILE | --school SLUG)

Answers Squid's basic authentication on standard input, one try a line: ID NAME PASSWORD [ADDRESS]

  --bundle BUNDLE   what `drystone filter compile --out` wrote, or a folder with `current`; the overlay lies beside it
  --key-file FILE   key of the people in the overlay (keys/person.key of the home)
  --school SLUG     where the bundle was compiled by hand, without a key: the school's short name
"""


class UsageError(ValueError):
    """The command line makes no sense; the message says why."""


class Verifiers:
    """The proxy passwords of an overlay, read again when the file changes."""

    def __init__(self, overlay: Path, key: bytes) -> None:
        self._overlay = overlay
        self._key = key
        self._seen: tuple[int, ...] | None = None
        self._looked = -REFRESH_S
        self._found: dict[str, str] | None = None
        self._told = ""

    def of(self, user: str) -> str:
        return (self._found or {}).get(person_key(self._key, user), "")

    def refresh(self) -> bool:
        """Whether there is an overlay to ask. Looks at most every REFRESH_S."""
        if monotonic() - self._looked < REFRESH_S:
            return self._found is not None
        self._looked = monotonic()
        try:
            found = self._overlay.stat()
            seen = (found.st_ino, found.st_size, found.st_mtime_ns)
            if seen != self._seen:
                self._found = dict(Overlay.load(self._overlay).verifiers)
                self._seen, self._told = seen, ""
        except (OSError, OverlayError) as error:
            self._found, self._seen = None, None
            if str(error) != self._told:
                self._told = str(error)
                print(f"drystone sign-on helper: nobody can sign on: {error}", file=sys.stderr, flush=True)
        return self._found is not None


class Basic:
    """Answers lines. Never raises for what stands in one."""

    def __init__(self, verifiers: Verifiers, keeper: Doorkeeper | None = None) -> None:
        self._verifiers = verifiers
        self._keeper = keeper or Doorkeeper(verifiers.of)

    def answer(self, line: bytes) -> bytes:
        words = line.rstrip(b"\r\n").split(b" ")
        number, rest = (words[0], words[1:]) if words[0].isdigit() else (b"", words)
        said = self._said(rest) if len(line) <= LONGEST_LINE else f"ERR message={quote(WRONG)}"
        return (number + b" " if number else b"") + said.encode("ascii") + b"\n"

    def _said(self, words: list[bytes]) -> str:
        if not self._verifiers.refresh():
            return f"BH message={quote(CLOSED)}"
        user, password = (_text(words[place]) if len(words) > place else "" for place in (0, 1))
        if not user.strip() or not password:
            return f"ERR message={quote(WRONG)}"
        match self._keeper.check(user, password, _place(words[2:])):
            case Outcome.RIGHT:
                return "OK"
            case Outcome.SLOWED:
                return f"ERR message={quote(SLOWED)}"
            case _:
                return f"ERR message={quote(WRONG)}"


def _text(word: bytes) -> str:
    raw = unquote_to_bytes(word)
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _place(words: list[bytes]) -> str:
    """Where a try comes from: the first word that is an address. Squid may put more after it."""
    for word in words:
        with contextlib.suppress(ValueError):
            return place_of(str(ip_address(unquote_to_bytes(word).decode("latin-1"))))
    return ""


def main(argv: Sequence[str]) -> int:
    """Exit status: 0 the input has ended, 2 wrong usage."""
    if any(word in ("-h", "--help") for word in argv):
        print(_USAGE, end="")
        return 0
    try:
        overlay, key = _options(argv)
    except UsageError as error:
        print(f"drystone: filter sign-on-helper: {error}", file=sys.stderr)
        return 2
    basic = Basic(Verifiers(overlay, key))
    with contextlib.suppress(BrokenPipeError, KeyboardInterrupt):  # Squid has gone; nobody is left to answer
        serve(basic, sys.stdin.buffer, sys.stdout.buffer)
    return 0


def serve(basic: Basic, source: BinaryIO, sink: BinaryIO) -> None:
    """Until the input ends. Of a line longer than any, its beginning is answered and the rest passed over."""
    cut = False
    while line := source.readline(LONGEST_LINE + 1):
        if not cut:
            sink.write(basic.answer(line))
            sink.flush()
        cut = not line.endswith(b"\n")


def _options(argv: Sequence[str]) -> tuple[Path, bytes]:
    values = dict.fromkeys(("--bundle", "--key-file", "--school"), "")
    words = iter(argv)
    for word in words:
        name, equals, value = word.partition("=")
        if name not in values:
            raise UsageError(f"unknown option {word!r}")
        given = value if equals else next(words, None)
        if not given:
            raise UsageError(f"{name} needs a value")
        values[name] = given
    if not values["--bundle"]:
        raise UsageError("--bundle is missing: name what `drystone filter compile --out` wrote")
    if bool(values["--key-file"]) == bool(values["--school"]):
        raise UsageError("give one of --key-file and --school")
    bundle = Path(values["--bundle"])
    folder = bundle if os.path.islink(bundle / "current") else bundle.parent  # noqa: PTH114 - False where it may not look
    return folder / FILE_NAME, _key(values["--key-file"]) if values["--key-file"] else school_key(values["--school"])


def _key(file: str) -> bytes:
    try:
        key = Path(file).read_bytes()
    except OSError as error:
        raise UsageError(f"{file}: cannot be read ({error.strerror}); run as a user who may") from error
    if not key:
        raise UsageError(f"{file}: is empty; name the key file of this house")
    return key


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
