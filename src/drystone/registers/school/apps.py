from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class SchoolConfig(AppConfig):
    name = "drystone.registers.school"
    label = "school"
    verbose_name = "School"

    def ready(self) -> None:
        from drystone.registers.school import access

        access.register_permissions()
        autodiscover_modules("controls", "overlay", "person_parts", "today")
