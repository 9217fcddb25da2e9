from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class SignonConfig(AppConfig):
    name = "drystone.registers.signon"
    label = "signon"
    verbose_name = "Sign-on"

    def ready(self) -> None:
        autodiscover_modules("listeners")
