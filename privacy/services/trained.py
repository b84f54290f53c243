"""Models that learned from a person's days: taken out of service where the file names her, and due for
training anew in any case."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from decisions.models import LivePeriod, ModelRun, RunState
from privacy.models import Erasure, TrainedOnHer
from privacy.services.stored_files import names_her
from privacy.services.words import Words

NIGHT_HOUR = 2  # config/celery.py: the night learns everything whose data has changed


def withdraw_and_mark(erasure: Erasure, words: Words) -> None:
    """Runs whose file is there: live ones, and those a rollback could bring back. Twice equals once."""
    runs = ModelRun.objects.filter(file_deleted_at__isnull=True).exclude(artefact="")
    kept = runs.filter(data_until__gte=first_seen(erasure)).order_by("pk")
    for run in kept.iterator(500):
        _take(erasure, run, words)
    for artefact in erasure.models.filter(held_her=True).values_list("run__artefact", flat=True):
        (Path(settings.ARTEFACT_DIR) / artefact).unlink(missing_ok=True)


def first_seen(erasure: Erasure) -> datetime:
    return datetime.fromisoformat(erasure.working["since"])


def next_training(at: datetime) -> datetime:
    """The first night after a moment, by the shop's clock."""
    here = timezone.localtime(at, timezone.get_default_timezone())
    night = here.replace(hour=NIGHT_HOUR, minute=0, second=0, microsecond=0)
    return night if night > here else night + timedelta(days=1)


def _take(erasure: Erasure, run: ModelRun, words: Words) -> None:
    path = Path(settings.ARTEFACT_DIR) / run.artefact
    held_her, was_live, now = names_her(path, words), run.state == RunState.LIVE, timezone.now()
    with transaction.atomic():
        TrainedOnHer.objects.get_or_create(
            erasure=erasure,
            run=run,
            defaults={"was_live": was_live, "held_her": held_her, "due_at": next_training(now)},
        )
        ModelRun.objects.filter(pk=run.pk, learn_anew_since=None).update(learn_anew_since=now)
        if held_her:
            LivePeriod.objects.filter(run=run, ended_at=None).update(ended_at=now)
            ModelRun.objects.filter(pk=run.pk).update(state=RunState.RETIRED, file_deleted_at=now)
