from django.apps import AppConfig


class SignonConfig(AppConfig):
    name = "drystone.registers.signon"
    label = "signon"
    verbose_name = "Sign-on"
