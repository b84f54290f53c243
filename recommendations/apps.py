from typing import Any

from django.apps import AppConfig
from django.apps import apps as global_apps
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class RecommendationsConfig(AppConfig):
    name = "recommendations"
    verbose_name = _("Recommendations")

    def ready(self) -> None:
        post_migrate.connect(_make_placements, sender=self, dispatch_uid="recommendations.rows")


def _make_placements(using: str, apps: Any = global_apps, **kwargs: Any) -> None:
    """A row for every placement, so that there is something to set; never changes one."""
    from recommendations.services.placements import make_placements

    rows = apps.get_app_config("recommendations").models.get("placement")
    if rows:  # not when the tables were just taken away
        make_placements(using, rows)
