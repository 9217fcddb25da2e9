from django.apps import AppConfig


class DocumentsConfig(AppConfig):
    name = "drystone.registers.documents"
    label = "documents"
    verbose_name = "Documents"

    def ready(self) -> None:
        from drystone.registers.documents import listeners  # noqa: F401 - it listens from now on
