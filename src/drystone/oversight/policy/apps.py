from django.apps import AppConfig


class PolicyConfig(AppConfig):
    name = "drystone.oversight.policy"
    label = "policy"
    verbose_name = "Policy"
