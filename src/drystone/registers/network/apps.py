from django.apps import AppConfig


class NetworkConfig(AppConfig):
    name = "drystone.registers.network"
    label = "network"
    verbose_name = "Network"
