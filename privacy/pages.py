"""What the pages and the API show of an erasure, as plain values."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.utils import timezone
from django.utils.translation import gettext as _

from decisions.text import words
from privacy.models import Erasure, TrainedOnHer

MOST_SHOWN = 50


def steps_of(erasure: Erasure) -> list[dict[str, Any]]:
    """Each step with its tables; the steps that are still to come are not there."""
    return [
        {
            "name": _(step.name),
            "began_at": step.began_at,
            "ended_at": step.ended_at,
            "counts": [(name_of(label), rows) for label, rows in sorted(step.counts.items())],
        }
        for step in erasure.steps.all()
    ]


def models_of(erasure: Erasure) -> list[dict[str, Any]]:
    """Models that learned from her days, live ones first; MOST_SHOWN at most."""
    found = erasure.models.select_related("run").order_by("-was_live", "-run_id")[:MOST_SHOWN]
    return [model_row(one) for one in found]


def model_row(one: TrainedOnHer) -> dict[str, Any]:
    return {
        "run": one.run_id,
        "task": words(one.run.task),
        "was_live": one.was_live,
        "held_her": one.held_her,
        "due_at": one.due_at,
        "is_live": one.run.state == "live",
        "is_overdue": one.is_overdue(timezone.now()),
    }


def name_of(label: str) -> str:
    """A table in the merchant's words; what is no model by the name that the step gave it."""
    app, _dot, name = label.partition(".")
    if name and app in apps.app_configs:
        return str(apps.get_model(label)._meta.verbose_name_plural)
    tables = {model._meta.db_table: model for model in apps.get_models() if not model._meta.proxy}
    return str(tables[label]._meta.verbose_name_plural) if label in tables else _(label)
