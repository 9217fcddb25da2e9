import sys

from django.apps import AppConfig
from django.db import connections
from django.db.models.signals import post_migrate
from django.utils.module_loading import autodiscover_modules


class SchoolConfig(AppConfig):
    name = "drystone.registers.school"
    label = "school"
    verbose_name = "School"

    def ready(self) -> None:
        from drystone.registers.school import access

        access.register_permissions()
        autodiscover_modules("controls", "overlay", "person_parts", "today")
        post_migrate.connect(index_names, sender=self)


def index_names(*, using: str, **_: object) -> None:
    """After every migration, and so at every start: what was refused once may be allowed by now."""
    from drystone.registers.school.trigrams import ensure_index

    if trouble := ensure_index(connections[using]):
        print(f"drystone: {trouble}", file=sys.stderr, flush=True)
