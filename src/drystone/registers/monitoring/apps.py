from django.apps import AppConfig


class MonitoringConfig(AppConfig):
    name = "drystone.registers.monitoring"
    label = "monitoring"
    verbose_name = "Monitoring"
