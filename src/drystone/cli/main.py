"""The `drystone` command: a table of names, each imported only when it is asked for.

The helper that Squid starts must answer in a blink, so it goes by before anything else is imported.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from drystone.cli.output import fail


@dataclass(frozen=True, slots=True)
class Entry:
    """A word after `drystone`: the module that has its typer `app`, and whether words follow it."""

    module: str
    help: str
    group: bool = True


COMMANDS: dict[str, Entry] = {
    "up": Entry("drystone.cli.up", "Start web, gateway, collector and worker on this machine.", group=False),
    "filter": Entry("drystone.cli.filter", "Compile lists and rules, and ask what the filter decides."),
    "gateway": Entry("drystone.cli.gateway", "Write Squid's configuration, and see how gateways stand."),
    "lists": Entry("drystone.cli.lists", "Add, update and check lists of sites."),
    "people": Entry("drystone.cli.people", "Bring the roll up to date by a file."),
    "log": Entry("drystone.cli.log", "Collect events into the lake, and query them."),
    "audit": Entry("drystone.cli.audit", "Verify the audit trail."),
}


def main(argv: Sequence[str] | None = None) -> None:
    words = list(sys.argv[1:] if argv is None else argv)
    if words[:2] == ["filter", "helper"]:
        from drystone.gateway.squid.helper import main as helper

        raise SystemExit(helper(words[2:]))
    if words[:2] == ["filter", "sign-on-helper"]:
        from drystone.gateway.squid.basic import main as sign_on

        raise SystemExit(sign_on(words[2:]))
    if not words or words[0] in ("--help", "-h", "help"):
        print(overview())
    elif words[0] == "--version":
        print(f"drystone {version()}")
    elif words[0] == "manage":
        raise SystemExit(manage(words[1:]))
    elif words[0] in COMMANDS:
        raise SystemExit(run(words[0], words[1:]))
    else:
        fail(f"there is no command {words[0]!r}; {nearest(words[0])}", code=2)


def overview() -> str:
    lines = [f"  {name:<9}{entry.help}" for name, entry in COMMANDS.items()]
    usage = "Usage: drystone COMMAND …   (drystone COMMAND --help says more)"
    about = "Runs a school's e-safety policy: every promise enforced, evidenced or flagged."
    last = "  manage   Django's own commands, for developers."
    return "\n".join([usage, "", about, "", *lines, last, "", "  --version, --help"])


def nearest(word: str) -> str:
    from difflib import get_close_matches

    close = get_close_matches(word, COMMANDS, n=1)
    return f"did you mean `drystone {close[0]}`?" if close else "`drystone --help` lists them"


def version() -> str:
    from importlib.metadata import version as installed

    return installed("drystone")


def manage(words: Sequence[str]) -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "drystone.site.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(["drystone manage", *words])
    return 0


def run(name: str, words: Sequence[str]) -> int:
    """Exit status of one command. What a person can put right becomes one line; a fault of ours, a traceback."""
    from importlib import import_module

    import typer

    entry = COMMANDS[name]
    app: typer.Typer = import_module(entry.module).app
    command = typer.main.get_group(app) if entry.group else typer.main.get_command(app)
    try:
        status = command.main(args=list(words), prog_name=f"drystone {name}", standalone_mode=False)
        sys.stdout.flush()
    except KeyboardInterrupt:
        return 130
    except typer.Abort:
        return 1
    except BrokenPipeError:
        return reader_went_away()
    except OSError as error:
        if error.errno == errno.EPIPE:
            return reader_went_away()
        fail(in_words(error))
    except Exception as error:
        if getattr(error, "exit_code", None) == 2:  # typer's usage errors share no public class
            fail(f"{error.format_message()} (`drystone {name} --help` says how)", code=2)  # type: ignore[attr-defined]
        if type(error).__module__.startswith("drystone."):
            fail(str(error))
        raise
    return status if isinstance(status, int) else 0


def in_words(error: OSError) -> str:
    """`[Errno 13] Permission denied: 'x'` is for programs."""
    if error.strerror and error.filename:
        return f"{error.filename}: {error.strerror}"
    return error.strerror or str(error)


def reader_went_away() -> int:
    """`drystone … | head`: nothing to tell anybody, and nothing when Python flushes at exit. 1, as typer has it."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 1


if __name__ == "__main__":
    main()
