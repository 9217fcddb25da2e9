from django.apps import AppConfig


class UnblockConfig(AppConfig):
    name = "drystone.registers.unblock"
    label = "unblock"
    verbose_name = "Requests"
