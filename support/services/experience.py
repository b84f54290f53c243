"""Scores of conversations and customers, written by the night; what low ones have in common."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db import transaction

from decisions.jobs import Progress
from decisions.models import ModelRun
from support.experience_frames import facts_of, scorable
from support.models import ConversationScore, CustomerExperience, Ticket
from support.services.experience_training import serving_model, train_experience

if TYPE_CHECKING:
    from support.ml.experience import ExperienceModel

BATCH = 500
WINDOW = timedelta(days=365)
HALF_LIFE_DAYS = 90.0  # an older conversation counts half; a starting point, not measured
LEAST_CAUSE = 0.1  # log odds: below it a cause is not named


def refresh_experience(progress: Progress, as_of: datetime) -> dict:
    """Learn, then score a year's conversations and their customers. Twice gives the same rows.

    Raises TooFewAnswersError where nothing can be learned and nothing serves.
    """
    run = train_experience(as_of, job_id=progress.job_id)
    serving = serving_model()
    if serving is None:
        _forget(progress)
        return {"run": run.pk, "state": run.state, "conversations": 0, "customers": 0}
    model, live = serving
    scored = score_conversations(progress, model, live, as_of)
    customers = score_customers(progress, live, as_of)
    return {"run": live.pk, "state": run.state, "conversations": scored, "customers": customers}


def score_conversations(
    progress: Progress, model: ExperienceModel, run: ModelRun, as_of: datetime
) -> int:
    """Batches that are kept one by one; what is no longer scored goes with the last."""
    rows = scorable(as_of).filter(opened_at__gte=as_of - WINDOW)
    ids = list(rows.order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(ids), BATCH):
        progress(start, len(ids))
        tickets = list(Ticket.objects.filter(pk__in=ids[start : start + BATCH]).order_by("pk"))
        found = _scored(model, run, tickets, as_of)
        with transaction.atomic():
            progress.still_mine()
            ConversationScore.objects.bulk_create(
                found,
                update_conflicts=True,
                unique_fields=["ticket"],
                update_fields=["run", "score", "wait_hours", "causes", "opened_at", "scored_at"],
            )
    with transaction.atomic():
        progress.still_mine()
        ConversationScore.objects.exclude(scored_at=as_of).delete()
    progress(len(ids), len(ids))
    return len(ids)


def score_customers(progress: Progress, run: ModelRun, as_of: datetime) -> int:
    """The mean of a customer's scores, halved in weight every 90 days: no wait changes a weight, so a
    longer wait cannot raise the mean."""
    rows = ConversationScore.objects.filter(ticket__customer__isnull=False).order_by("pk")
    told: dict[int, list[tuple[float, datetime]]] = defaultdict(list)
    for customer, score, at in rows.values_list("ticket__customer", "score", "opened_at"):
        told[customer].append((score, at))
    found = [
        CustomerExperience(
            customer_id=customer,
            run=run,
            score=_weighted(scores, as_of),
            conversations=len(scores),
            last_at=max(at for _score, at in scores),
            scored_at=as_of,
        )
        for customer, scores in told.items()
    ]
    with transaction.atomic():
        progress.still_mine()
        CustomerExperience.objects.exclude(customer__in=told).delete()
        CustomerExperience.objects.bulk_create(
            found,
            batch_size=BATCH,
            update_conflicts=True,
            unique_fields=["customer"],
            update_fields=["run", "score", "conversations", "last_at", "scored_at"],
        )
    return len(found)


def _weighted(scores: Iterable[tuple[float, datetime]], as_of: datetime) -> float:
    pairs = [
        (0.5 ** ((as_of - at) / timedelta(days=HALF_LIFE_DAYS)), score) for score, at in scores
    ]
    return sum(weight * score for weight, score in pairs) / sum(weight for weight, _score in pairs)


def _scored(
    model: ExperienceModel, run: ModelRun, tickets: list[Ticket], as_of: datetime
) -> list[ConversationScore]:
    facts = facts_of(tickets, as_of)
    scores, causes = model.scores(facts.told), model.causes(facts.told)
    return [
        ConversationScore(
            ticket=ticket,
            run=run,
            score=float(scores[place]),
            wait_hours=float(facts.told.wait_hours[place]),
            causes=_named({name: float(values[place]) for name, values in causes.items()}),
            opened_at=ticket.opened_at,
            scored_at=as_of,
        )
        for place, ticket in enumerate(tickets)
    ]


def _named(causes: dict[str, float]) -> dict[str, float]:
    """Worst first."""
    worst = sorted(causes.items(), key=lambda pair: pair[1])
    return {name: round(value, 4) for name, value in worst if value <= -LEAST_CAUSE}


def _forget(progress: Progress) -> None:
    with transaction.atomic():
        progress.still_mine()
        CustomerExperience.objects.all().delete()
        ConversationScore.objects.all().delete()
