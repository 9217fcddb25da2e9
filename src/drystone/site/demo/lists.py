"""Lists of the demo's made-up council: one edition at work, and one that waits because half of it would go."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from django.conf import settings
from django.utils.module_loading import import_string

from drystone.engine.filtering.sources import Source, source_names

NAME = "council"
FIRST = (
    [(f"odds{number}.example", "Gambling") for number in range(40)]
    + [(f"vapes{number}.example", "Alcohol & tobacco") for number in range(30)]
    + [("no host at all", "Gambling"), ("HTTPS://Cards.example/", "Gambling")]
)
NEXT = [*FIRST[:12], *FIRST[40:70], ("scratchcards.example", "Gambling")]


def bring_lists(now: datetime) -> None:
    """Where a demo house has them already, nothing."""
    if NAME in source_names(settings.HOME.lists):
        return
    bring = import_string(settings.LISTS_BRINGER)
    source = Source(
        NAME,
        "upload:made-up-council.csv",
        "Made-up County Council, for its schools",
        edition="",
        fetched_at="",
        mapping={"alcohol_tobacco": "alcohol_tobacco"},
    )
    with TemporaryDirectory() as folder:
        file = Path(folder) / "made-up-council.csv"
        for at, rows in ((now - timedelta(days=9), FIRST), (now - timedelta(hours=5), NEXT)):
            file.write_text("domain,category\n" + "".join(f"{site},{category}\n" for site, category in rows))
            bring(settings.HOME.lists, source, at=at, file=file)
