from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OutboxConfig(AppConfig):
    """What others must hear of: messages written with the change, delivered at least once."""

    name = "outbox"
    verbose_name = _("Webhooks")
