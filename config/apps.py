from django.apps import AppConfig, apps
from django.conf import settings
from django.db.models import Field
from django.utils.translation import gettext_lazy


class ConfigConfig(AppConfig):
    """Settings, URLs, the night and the commands that cross apps. Imports all, imported by none."""

    name = "config"
    verbose_name = "Backroom"

    def ready(self) -> None:
        from config import checks  # noqa: F401  (registers the system checks)

        translate_field_names()


def our_fields() -> list[Field]:
    """The fields of our own models."""
    ours = {path.parent.name for path in settings.BASE_DIR.glob("*/apps.py")}
    return [
        field
        for config in apps.get_app_configs()
        if config.label in ours
        for model in config.get_models()
        for field in model._meta.get_fields()
        if isinstance(field, Field)
    ]


def field_names() -> list[Field]:
    """Those of our fields whose name in the interface is made from their identifier."""
    return [field for field in our_fields() if isinstance(field.verbose_name, str)]


def translate_field_names() -> None:
    """A column is called "placed at" because the field is `placed_at`: say so in every language.

    Naming each of some 400 fields by hand would say the same word twice in the models. What a
    field was given itself is lazy already and stays; migrations see no difference.
    """
    for field in field_names():
        field.verbose_name = gettext_lazy(field.verbose_name)
