"""Answer a repeated write with the first answer instead of a second effect."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone

from access.models import IdempotentAnswer

# Longer than any request may run; after it the worker is taken for dead and the key is free again.
# The services below are idempotent by the same key, so a late first worker has no second effect.
CLAIM_LASTS = timedelta(seconds=60)
KEPT_FOR = timedelta(hours=48)


class KeyReusedError(Exception):
    """The key was used with another request."""


class StillWorkingError(Exception):
    """The first request with this key has not been answered yet."""


@dataclass(frozen=True)
class Claim:
    """The right to carry a write out, and the duty to store or release its answer."""

    answer_id: int


def claim(scope: str, key: str, request_sha256: str) -> Claim | IdempotentAnswer:
    """The right to work on a key, or the answer that it got before.

    Raises KeyReusedError for another request under the key, StillWorkingError for a rival at work.
    """
    try:
        with transaction.atomic():
            made = IdempotentAnswer.objects.create(
                scope=scope, key=key, request_sha256=request_sha256
            )
        return Claim(made.pk)
    except IntegrityError:
        row = IdempotentAnswer.objects.filter(scope=scope, key=key).first()
    if row is None:  # released between the two statements: the client asks again
        raise StillWorkingError(key)
    if row.request_sha256 != request_sha256:
        raise KeyReusedError(key)
    if row.status is not None:
        return row
    return _take_over(row)


def _take_over(row: IdempotentAnswer) -> Claim:
    now = timezone.now()
    taken = row.created_at < now - CLAIM_LASTS and IdempotentAnswer.objects.filter(
        pk=row.pk, status__isnull=True, created_at=row.created_at
    ).update(created_at=now)
    if not taken:
        raise StillWorkingError(row.key)
    return Claim(row.pk)


def store(claimed: Claim, status: int, body: str, content_type: str) -> None:
    """Keep the first answer; one that is there already stays."""
    IdempotentAnswer.objects.filter(pk=claimed.answer_id, status__isnull=True).update(
        status=status, body=body, content_type=content_type
    )


def release(claimed: Claim) -> None:
    """Nothing was done: the same key may be tried again."""
    IdempotentAnswer.objects.filter(pk=claimed.answer_id, status__isnull=True).delete()


def prune_answers(limit: int = 1000) -> int:
    """Delete answers that no client will ask for any more, oldest first, `limit` at a time."""
    old = IdempotentAnswer.objects.filter(created_at__lt=timezone.now() - KEPT_FOR)
    batch = list(old.order_by("created_at").values_list("pk", flat=True)[:limit])
    deleted, _by_model = IdempotentAnswer.objects.filter(pk__in=batch).delete()
    return deleted
