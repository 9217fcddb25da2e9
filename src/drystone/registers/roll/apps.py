from django.apps import AppConfig


class RollConfig(AppConfig):
    name = "drystone.registers.roll"
    label = "roll"
    verbose_name = "Roll"
