"""The training and the refreshing of lists as jobs, and the clock's own entry."""

from __future__ import annotations

from datetime import date, datetime

from celery import shared_task
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from decisions.jobs import Progress, job
from decisions.models import ModelRun
from decisions.services import jobs


@job("train_recommender", label=_("Train recommendations"), queue="ml")
def train_recommender(
    progress: Progress, *, as_of: str, seed: int = 0, budget_seconds: float = 90.0
) -> dict:
    """`as_of` is ISO 8601; the result is the scorecard's line, or what is missing."""
    from recommendations.services import training

    return training.train_or_say_why(progress, datetime.fromisoformat(as_of), seed, budget_seconds)


@job("judge_recommender", label=_("Judge a recommender by what was tried out"), queue="ml")
def judge_recommender(progress: Progress, *, run_id: int, at: str) -> dict:
    """`at` is ISO 8601; the result is an estimate, or why there is none, per placement."""
    from recommendations.services import off_policy

    run = ModelRun.objects.get(pk=run_id)
    return off_policy.judge(run, at=datetime.fromisoformat(at), progress=progress)


@job("refresh_lists", label=_("Refresh customers' recommendations"), queue="ml", max_attempts=1)
def refresh_lists(progress: Progress, *, as_of: str) -> dict:
    """`as_of` is ISO 8601; the result says how many customers had changed."""
    from recommendations.services import lists

    return lists.refresh_or_say_why(datetime.fromisoformat(as_of), progress.still_mine)


@shared_task(name="recommendations.refresh_lists", ignore_result=True)
def enqueue_refresh() -> int | None:
    """A job only where somebody did something, and none behind another that waits or runs."""
    from recommendations.services import lists

    now = timezone.now()
    if not lists.refresh_is_due(now):
        return None
    return jobs.enqueue("refresh_lists", {"as_of": now.isoformat()}).pk


@job("count_experiment", label=_("Count how an experiment stands"), queue="ml")
def count_experiment(progress: Progress, *, experiment_id: int, subject: str) -> dict:
    """`subject` names the snapshot; a second run counts again and nothing else."""
    from recommendations.services import trial_looks

    return trial_looks.count_again(experiment_id)


@job("count_placements", label=_("Count what placements brought"), queue="ml")
def count_placements(progress: Progress, *, first: str, last: str, subject: str) -> dict:
    """`first` and `last` are ISO 8601 days; a second run counts again and nothing else."""
    from recommendations.services import report_snapshots
    from recommendations.services.reporting import Period

    period = Period(date.fromisoformat(first), date.fromisoformat(last))
    return report_snapshots.refresh(period, progress)
