"""No tables of its own: a recommendation is a receipt, a model is a run."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from decisions.models import Decision, ModelRun

KIND = "recommendation"
TASK = "recommender"


class RecommendationManager(models.Manager["Recommendation"]):
    def get_queryset(self) -> models.QuerySet[Recommendation]:
        return super().get_queryset().filter(kind=KIND)


class Recommendation(Decision):
    """The receipts of this app."""

    objects = RecommendationManager()

    class Meta:
        proxy = True
        verbose_name = _("recommendation")
        verbose_name_plural = _("recommendations")
        default_permissions = ["view"]


class RecommenderRunManager(models.Manager["RecommenderRun"]):
    def get_queryset(self) -> models.QuerySet[RecommenderRun]:
        return super().get_queryset().filter(task=TASK)


class RecommenderRun(ModelRun):
    """The scorecards of this app's models."""

    objects = RecommenderRunManager()

    class Meta:
        proxy = True
        verbose_name = _("recommender scorecard")
        verbose_name_plural = _("recommender scorecards")
        default_permissions = ["view"]
