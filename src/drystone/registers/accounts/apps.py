from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "drystone.registers.accounts"
    label = "accounts"
    verbose_name = "Accounts"
