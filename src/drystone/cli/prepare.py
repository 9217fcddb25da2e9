"""What must be there before pages and worker start: folders, keys, database, starter lists, the demo school.

A process of its own, `python -m drystone.cli.prepare HOME [--demo]`: the filter need not wait for it, and the
supervisor stays small. Exit status 0 done, 1 failed, with one line that says why.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from drystone.cli.output import fail
from drystone.engine.home import Home


def main(words: list[str]) -> None:
    home = Home(Path(words[0]))
    from django.db import Error

    from drystone.engine.filtering.sources import SourceError
    from drystone.engine.filtering.starter_lists import install_starter
    from drystone.site.boot import prepare

    try:
        prepare(home)
        install_starter(home.lists, edition=version("drystone"), at=datetime.now(UTC))
        if "--demo" in words:
            from drystone.site.demo import load

            load(home)
    except OSError as error:
        fail(f"{error.filename or home.root}: {error.strerror or error}: give a folder of your own with --home")
    except Error as error:
        fail(f"the database cannot be used: {error}")
    except (SourceError, ValueError) as error:  # ValueError: a key that is damaged
        fail(str(error))


if __name__ == "__main__":
    main(sys.argv[1:])
