"""Receipts and scorecards of this app: proxies of what `decisions` keeps."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from decisions.models import Decision, ModelRun

KIND = "recommendation"
TASK = "recommender"


class Recommendation(Decision):
    """The receipts of this app."""

    class Meta:
        proxy = True
        verbose_name = _("recommendation")
        verbose_name_plural = _("recommendations")
        default_permissions = ["view"]


class RecommenderRun(ModelRun):
    """The scorecards of this app's models."""

    class Meta:
        proxy = True
        verbose_name = _("recommender scorecard")
        verbose_name_plural = _("recommender scorecards")
        default_permissions = ["view"]
