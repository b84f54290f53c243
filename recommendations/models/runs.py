"""Receipts and scorecards of this app: proxies of what `decisions` keeps."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from decisions.models import Decision, ModelRun

KIND = "recommendation"
TASK = "recommender"


class WrittenOnceError(Exception):
    """A receipt says what was decided; it is not changed afterwards."""


class Recommendation(Decision):
    """The receipts of this app. Written by the receipt writer alone, and never changed; what is past its
    age goes with `decisions.services.housekeeping`."""

    class Meta:
        proxy = True
        verbose_name = _("recommendation")
        verbose_name_plural = _("recommendations")
        default_permissions = ["view"]

    def save(self, *args: Any, **kwargs: Any) -> None:
        raise WrittenOnceError("a receipt is written once: decisions.services.receipts")

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        raise WrittenOnceError(
            "a receipt goes when it is past its age: housekeeping.prune_receipts"
        )


class RecommenderRun(ModelRun):
    """The scorecards of this app's models."""

    class Meta:
        proxy = True
        verbose_name = _("recommender scorecard")
        verbose_name_plural = _("recommender scorecards")
        default_permissions = ["view"]
