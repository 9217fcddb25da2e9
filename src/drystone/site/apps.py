from django.apps import AppConfig


class SiteConfig(AppConfig):
    name = "drystone.site"
    label = "site"
    verbose_name = "Site"
