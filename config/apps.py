from django.apps import AppConfig


class ConfigConfig(AppConfig):
    """Settings, URLs, the night and the commands that cross apps. Imports all, imported by none."""

    name = "config"
    verbose_name = "Backroom"

    def ready(self) -> None:
        from config import checks  # noqa: F401  (registers the system checks)
