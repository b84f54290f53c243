"""The training as a job."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from decisions.jobs import Progress, job


@job("train_recommender", label=_("Train recommendations"), queue="ml")
def train_recommender(
    progress: Progress, *, as_of: str, seed: int = 0, budget_seconds: float = 90.0
) -> dict:
    """`as_of` is ISO 8601; the result is the scorecard's line, or what is missing."""
    from recommendations.services import training

    return training.train_or_say_why(progress, datetime.fromisoformat(as_of), seed, budget_seconds)
