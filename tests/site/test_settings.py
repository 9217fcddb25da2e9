"""A setting without a line in the guide is a setting that nobody finds."""

import re

from django.conf import settings

GUIDE = settings.REPOSITORY / "docs" / "guide" / "technician-install.md"
READ = re.compile(r'(?:environ\.get\(|environ\[|getenv\(|envvar=)"(DRYSTONE_[A-Z_]+)"')


def test_every_variable_that_the_program_reads_has_its_line_in_the_guide():
    read = set()
    for source in (settings.REPOSITORY / "src").rglob("*.py"):
        read |= set(READ.findall(source.read_text(encoding="utf-8")))
    told = set(re.findall(r"^\| `(DRYSTONE_[A-Z_]+)`", GUIDE.read_text(encoding="utf-8"), re.M))
    assert read == told
