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


def _make_rules(using: str, apps: Any = global_apps, **kwargs: Any) -> None:
    """The shipped rules of every market, so that there is something to edit; never changes one."""
    from marketing.services.content.policy import ensure_policy_rules

    rows = apps.get_app_config("marketing").models.get("policyrule")
    if rows:  # not when the tables were just taken away
        ensure_policy_rules(using, rows)
