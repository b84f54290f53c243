from typing import Any

from django.apps import AppConfig
from django.apps import apps as global_apps
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class MarketingConfig(AppConfig):
    name = "marketing"
    verbose_name = _("Marketing")

    def ready(self) -> None:
        post_migrate.connect(_make_rules, sender=self, dispatch_uid="marketing.policy")
        if global_apps.is_installed("anymail"):
            _take_reports()


def _make_rules(using: str, apps: Any = global_apps, **kwargs: Any) -> None:
    """The shipped rules of every market, so that there is something to edit; never changes one."""
    from marketing.services.content.policy import ensure_policy_rules

    rows = apps.get_app_config("marketing").models.get("policyrule")
    if rows:  # not when the tables were just taken away
        ensure_policy_rules(using, rows)


def _take_reports() -> None:
    """Bounces and complaints that the provider of e-mail tells."""
    from anymail.signals import tracking

    from marketing.services.sending.provider_reports import take_event

    tracking.connect(take_event, dispatch_uid="marketing.provider_reports")
