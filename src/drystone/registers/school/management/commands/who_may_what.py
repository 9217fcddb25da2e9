"""`drystone manage who_may_what`: print the permission matrix, or write it into the guide."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from drystone.registers.school.who_may_what import table, within


class Command(BaseCommand):
    help = "Print who may do what, or write it into docs/guide/who-may-what.md."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--write", action="store_true", help="Renew the table in the guide.")

    def handle(self, *_args: Any, **options: Any) -> None:
        page = Path(settings.REPOSITORY) / "docs" / "guide" / "who-may-what.md"
        if options["write"]:
            page.write_text(within(page.read_text(encoding="utf-8")), encoding="utf-8")
        else:
            self.stdout.write(table())
