"""`drystone filter helper`: Squid's external ACL helper, and the rewriter that takes SquidGuard's place (P35).

Reads all lines that are there, answers all, writes once. Whatever comes in, what goes out are answers and nothing
else; alarms go to standard error, which Squid keeps in cache.log. Ends with status 0 when Squid closes the pipe.

Imports neither the command line nor Django: Squid starts many of these and waits for them.
"""

from __future__ import annotations

import contextlib
import gc
import os
import select
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic

from drystone.engine.filtering import LiveFilter
from drystone.gateway.squid.answers import Answers, Door
from drystone.gateway.squid.block_notes import BlockPage, read_words
from drystone.gateway.squid.doors import AclDoor
from drystone.gateway.squid.lines import LONGEST_LINE
from drystone.gateway.squid.rewriter import DEFAULT_REDIRECT, RewriterDoor

READ_BYTES = 1 << 18
REFRESH_S = 0.5
_USAGE = """usage: drystone filter helper --bundle BUNDLE [--rewriter [--redirect URL]] [options]

Answers requests on standard input, one a line: [ID ]URL CLIENT[/NAME] USER METHOD [SELF-TEST]

  --bundle BUNDLE   what `drystone filter compile --out` wrote, or a folder with `current`
  --rewriter        answer as a url_rewrite_program does, as SquidGuard is used
  --redirect URL    page where the rules name none; %a client, %n its name, %i user, %s group, %t category, %u URL,
                    %p path and query, %f the file, %% a per cent sign; maybe 302: before it
  --events FOLDER   with --rewriter: write an event for each answer there, before it is given
  --gateway NAME    name of this gateway in events
  --school SLUG     the school in events while no bundle names it
  --key-file FILE   key of the people in the bundle (keys/person.key of the home)
  --check-key FILE  key that signs the filter's self-tests and the block page's links (keys/check.key of the home)
  --tickets         the block page has a link: give each block a ticket for it
  --zone-ports P=Z  who comes by the port P is in the zone Z; several with commas between
  --status FOLDER   say there once in a while how this helper fares
  --words FILE      what each category is about in a child's words, as JSON
"""
_VALUES = (
    *("--bundle", "--redirect", "--events", "--gateway", "--school", "--key-file", "--check-key"),
    *("--words", "--zone-ports", "--status"),
)


class UsageError(ValueError):
    """The command line makes no sense; the message says why."""


class Options:
    """The command line, parsed without argparse: that alone would take a third of the start."""

    def __init__(self, argv: Sequence[str]) -> None:
        self.rewriter = self.tickets = False
        values = dict.fromkeys(_VALUES, "")
        words = iter(argv)
        for word in words:
            name, equals, value = word.partition("=")
            if word == "--rewriter":
                self.rewriter = True
            elif word == "--tickets":
                self.tickets = True
            elif name in values:
                given = value if equals else next(words, None)
                if not given:
                    raise UsageError(f"{name} needs a value")
                values[name] = given
            else:
                raise UsageError(f"unknown option {word!r}")
        if not values["--bundle"]:
            raise UsageError("--bundle is missing: name what `drystone filter compile --out` wrote")
        if values["--redirect"] and not self.rewriter:
            raise UsageError("--redirect goes with --rewriter; the acl's page is Squid's deny_info")
        if values["--events"] and not self.rewriter:
            raise UsageError("--events goes with --rewriter; of the acl's answers Squid writes the events")
        self.bundle = Path(values["--bundle"])
        self.events = values["--events"]
        self.redirect = values["--redirect"] or DEFAULT_REDIRECT
        self.gateway = values["--gateway"] or "squid"
        self.school = values["--school"]
        self.key_file = values["--key-file"]
        self.check_key = values["--check-key"]
        self.words = values["--words"]
        self.status = values["--status"]
        self.zone_ports = dict(_pair(word) for word in values["--zone-ports"].split(",") if word)


def _pair(word: str) -> tuple[str, str]:
    port, _, zone = word.partition("=")
    if not port.isdecimal() or not zone:
        raise UsageError(f"--zone-ports {word}: give PORT=ZONE")
    return port, zone


def main(argv: Sequence[str]) -> int:
    """Exit status: 0 the input has ended, 2 wrong usage. A bundle that cannot be read is no reason to stop: the
    helper runs, says so, and blocks all but the help sites until there is one."""
    if any(word in ("-h", "--help") for word in argv):
        print(_USAGE, end="")
        return 0
    try:
        options = Options(argv)
    except UsageError as error:
        print(f"drystone: filter helper: {error}", file=sys.stderr)
        return 2
    run(options)
    return 0


def run(options: Options) -> None:
    """Until Squid closes the pipe."""
    live = open_filter(options.bundle, key=_key(options.key_file))
    check_key = _key(options.check_key, closed=b"") or b""
    door: Door = RewriterDoor(redirect=options.redirect)
    refresh = live.refresh
    if not options.rewriter:
        tickets = check_key if options.tickets else b""
        page = BlockPage(live, words=read_words(options.words), tickets=tickets, https=live.folder)
        acl = AclDoor(live, gateway=options.gateway, school=options.school, page=page)
        door, refresh = acl, lambda: live.refresh() | acl.refresh()
    # What is kept has no cycles; looking for some among it, again and again, would cost a fifth of the time.
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)
    answers = _answers(live, door, options, check_key)
    with contextlib.ExitStack() as stack:
        stack.enter_context(contextlib.suppress(BrokenPipeError, KeyboardInterrupt))  # Squid has gone
        if options.status:
            refresh = _told(options, live, answers, refresh, stack)
        serve(answers, refresh=refresh)


def _told(
    options: Options, live: LiveFilter, answers: Answers, refresh: Callable[[], bool], stack: contextlib.ExitStack
) -> Callable[[], bool]:
    """`refresh` that also says how this helper fares."""
    from drystone.gateway.squid.status import HelperStatus

    status = HelperStatus(Path(options.status), live, gateway=options.gateway)
    stack.callback(status.end)
    _LISTENERS.append(status.alarm)

    def beat() -> bool:
        changed = refresh()
        status.beat(answers.count, changed=changed)
        return changed

    beat()
    return beat


def _answers(live: LiveFilter, door: Door, options: Options, check_key: bytes) -> Answers:
    if not options.events:
        return Answers(live, door, check_key=check_key, zone_ports=options.zone_ports, alarm=alarm)
    from drystone.engine.eventlog.segment import SegmentWriter
    from drystone.gateway.squid.journal import RecordedAnswers, Recorder

    recorder = Recorder(
        live, SegmentWriter(Path(options.events)), gateway=options.gateway, school=options.school, alarm=alarm
    )
    return RecordedAnswers(live, door, recorder, check_key=check_key, alarm=alarm)


def serve(
    answers: Answers,
    *,
    refresh: Callable[[], bool],
    source: int = 0,
    sink: int = 1,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> None:
    """Until the input ends. `refresh` takes up a new bundle, about every REFRESH_S, whether or not anybody asks."""
    pending = b""
    cut = False  # in the middle of a line that is longer than any request
    fresh = monotonic()
    while chunk := _read(source, refresh):
        if monotonic() - fresh > REFRESH_S:
            refresh()
            fresh = monotonic()
        answers.now(clock())
        lines = (pending + chunk).split(b"\n")
        pending = lines.pop()
        if cut and lines:  # its end, at last: its beginning is answered
            cut = False
            del lines[0]
        elif cut:
            pending = b""
        if lines:
            write_all(sink, answers.answer(lines))
        if len(pending) > LONGEST_LINE:
            write_all(sink, answers.answer([pending]))
            pending, cut = b"", True
    if pending:  # the last line came without its newline
        answers.now(clock())
        write_all(sink, answers.answer([pending]))


def _read(source: int, refresh: Callable[[], bool]) -> bytes:
    while not select.select((source,), (), (), REFRESH_S)[0]:
        refresh()
    return os.read(source, READ_BYTES)


def write_all(sink: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(sink, view) :]


def open_filter(bundle: Path, *, key: bytes | None) -> LiveFilter:
    """`bundle` is what --out named when it was compiled, or a folder with `current`. The overlay lies beside it."""
    if os.path.islink(bundle / "current"):  # noqa: PTH114 - and False where it may not even look
        return LiveFilter(bundle, key=key, alarm=alarm)
    return LiveFilter(bundle.parent, key=key, alarm=alarm, link=bundle.name)


_LISTENERS: list[Callable[[str], None]] = []


def alarm(message: str) -> None:
    """To Squid's cache.log, and to whoever shows how this helper fares."""
    print(f"drystone helper: {message}", file=sys.stderr, flush=True)
    for listener in _LISTENERS:
        listener(message)


def _key(file: str, *, closed: bytes = b"-" * 32) -> bytes | None:
    """None where no file is named. One that cannot be read becomes `closed`, a key that opens nothing: the bundle
    stays shut and everything blocked, and self-tests are not believed."""
    if not file:
        return None
    try:
        return Path(file).read_bytes()
    except OSError as error:
        alarm(f"{file}: cannot be read ({error.strerror}); run as a user who may")
        return closed


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
