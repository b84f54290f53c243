"""One delivery: claimed under a lease, tried, and its outcome written down. All compare-and-set."""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from outbox.models import Delivery, DeliveryState, Endpoint, Message
from outbox.services.endpoints import EndpointOffError, note_failure, note_success

# 10 s, 30 s, 90 s … but never rarer than twice a day: fourteen attempts last about three days.
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=10), timedelta(hours=12)
PAUSE_GROWS = 3
# Longer than any attempt can take; what a killed worker held is tried again after it.
LEASE = timedelta(seconds=30)
CHUNK = 500


@dataclass(frozen=True)
class Outcome:
    """What became of one attempt. error: a message id or the beginning of what came back."""

    status: int | None = None
    error: str = ""

    @property
    def is_success(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


def claim_due(endpoint: Endpoint, room: int) -> list[Delivery]:
    """Take up to `room` deliveries of an endpoint that are due, oldest first, under a fresh lease."""
    now = timezone.now()
    token = uuid.uuid4().hex
    free = Q(lease_until__isnull=True) | Q(lease_until__lt=now)
    due = Delivery.objects.filter(
        free, endpoint=endpoint, state=DeliveryState.WAITING, next_attempt_at__lte=now
    )
    chosen = list(due.order_by("next_attempt_at", "pk").values_list("pk", flat=True)[:room])
    # The condition once more in the UPDATE: of two couriers, one gets the row.
    if not chosen or not due.filter(pk__in=chosen).order_by().update(
        lease_token=token, lease_until=now + LEASE, attempt=F("attempt") + 1
    ):
        return []
    mine = Delivery.objects.filter(pk__in=chosen, lease_token=token)
    return list(mine.select_related("message", "endpoint").order_by("next_attempt_at", "pk"))


def record(delivery: Delivery, outcome: Outcome) -> bool:
    """Write the outcome down. False when the lease was lost meanwhile: another attempt will tell."""
    now = timezone.now()
    change: dict[str, Any] = {
        "lease_token": "",
        "lease_until": None,
        "last_status": outcome.status,
        "last_error": outcome.error[:500],
    }
    if outcome.is_success:
        change |= {"state": DeliveryState.DELIVERED, "delivered_at": now, "last_error": ""}
    elif delivery.attempt >= settings.WEBHOOK_ATTEMPTS:
        change |= {"state": DeliveryState.DEAD}
    else:
        change |= {"next_attempt_at": now + pause_after(delivery.attempt)}
    with transaction.atomic():
        held = Delivery.objects.filter(pk=delivery.pk, lease_token=delivery.lease_token)
        if not held.update(**change):
            return False
        (note_success if outcome.is_success else note_failure)(delivery.endpoint, now)
    return True


def pause_after(attempt: int) -> timedelta:
    """How long to wait after the n-th attempt failed; a quarter up or down, so that what failed
    together does not come back together."""
    # Past the tenth the power would be absurd; the longest pause holds from the ninth on.
    pause = min(FIRST_PAUSE * PAUSE_GROWS ** min(attempt - 1, 10), LONGEST_PAUSE)
    return pause * random.uniform(0.75, 1.25)


def send_again(chosen: QuerySet[Delivery]) -> int:
    """Put deliveries that were made or given up back in the queue, with their attempts from zero.

    Raises EndpointOffError when one of them belongs to a webhook that is off: nothing is changed.
    """
    closed = chosen.exclude(state=DeliveryState.WAITING)
    if closed.filter(endpoint__is_active=False).exists():
        raise EndpointOffError(_("This webhook is off. Switch it on first."))
    now, count = timezone.now(), 0
    for keys in _chunks(list(closed.order_by("pk").values_list("pk", flat=True))):
        again = Delivery.objects.filter(pk__in=keys).exclude(state=DeliveryState.WAITING)
        count += again.update(
            state=DeliveryState.WAITING,
            attempt=0,
            next_attempt_at=now,
            delivered_at=None,
            lease_token="",
            lease_until=None,
        )
    return count


def prune(limit: int = 100_000) -> dict[str, int]:
    """Delete what was delivered past WEBHOOK_DAYS, given up past WEBHOOK_DEAD_DAYS, then messages
    that nobody waits for. In chunks: on SQLite a long transaction keeps the shop from selling."""
    old = Q(state=DeliveryState.DELIVERED, delivered_at__lt=_days_ago(settings.WEBHOOK_DAYS))
    dead = Q(state=DeliveryState.DEAD, created_at__lt=_days_ago(settings.WEBHOOK_DEAD_DAYS))
    return {
        "deliveries": _delete(Delivery.objects.filter(old | dead), limit),
        "messages": _delete(_forgotten_messages(), limit),
    }


def _forgotten_messages() -> QuerySet:
    return Message.objects.filter(
        created_at__lt=_days_ago(settings.WEBHOOK_DAYS),
        sequence__isnull=False,
        deliveries__isnull=True,
    )


def _days_ago(days: int) -> datetime:
    return timezone.now() - timedelta(days=days)


def _delete(rows: QuerySet, limit: int) -> int:
    deleted = 0
    while deleted < limit:
        keys = list(rows.order_by("pk").values_list("pk", flat=True)[:CHUNK])
        if not keys:
            break
        rows.model.objects.filter(pk__in=keys).delete()
        deleted += len(keys)
    return deleted


def _chunks(keys: list[int]) -> Iterable[list[int]]:
    return (keys[start : start + CHUNK] for start in range(0, len(keys), CHUNK))
