"""When customers run out of what they buy again and again: reckoned by the night, asked by the clock.

Gap = (her gaps' sum + PRIOR × the SKU's median gap) / (her gaps + PRIOR).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import groupby, pairwise

from django.db import transaction
from django.utils.translation import gettext_noop

from decisions.jobs import Progress
from marketing.models import RefillRhythm
from shop.chunks import chunks
from shop.models import OrderLine, Variant

HISTORY = timedelta(days=730)
PRIOR = 2  # a customer's own gaps outweigh the SKU's once there are more than two
SKUS, ROWS = 200, 1000
ANOTHER_DAY = timedelta(days=1)  # two orders within one are one purchase


def refresh_refills(progress: Progress, as_of: datetime) -> dict[str, int]:
    """Write every rhythm anew as of a time, SKUs some at a time; twice changes nothing."""
    total, done, kept, last = Variant.objects.count(), 0, 0, 0
    while skus := list(
        Variant.objects.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:SKUS]
    ):
        last = skus[-1]
        progress.still_mine()
        kept += _refresh(skus, as_of)
        done += len(skus)
        progress(done, total, gettext_noop("who is about to run out"))
    return {"rhythms": kept}


def _refresh(skus: Sequence[int], as_of: datetime) -> int:
    kept = 0
    with transaction.atomic():
        for rows in chunks(_rhythms(skus, as_of), ROWS):
            RefillRhythm.objects.bulk_create(
                rows,
                update_conflicts=True,
                unique_fields=["customer", "variant"],
                update_fields=["last_at", "runs_out_at", "read_until"],
            )
            kept += len(rows)
        RefillRhythm.objects.filter(variant__in=skus).exclude(read_until=as_of).delete()
    return kept


def _rhythms(skus: Sequence[int], as_of: datetime) -> Iterator[RefillRhythm]:
    bought = (
        OrderLine.objects.sold()
        .filter(
            variant__in=skus, order__customer__isnull=False,
            order__placed_at__gt=as_of - HISTORY, order__placed_at__lt=as_of,
        )
        .order_by("variant_id", "order__customer_id", "order__placed_at")
        .values_list("variant_id", "order__customer_id", "order__placed_at")
    )  # fmt: skip
    for variant_id, lines in groupby(bought.iterator(ROWS), key=lambda line: line[0]):
        days_of = {
            customer_id: days
            for customer_id, hers in groupby(lines, key=lambda line: line[1])
            if len(days := _days(at for _sku, _who, at in hers)) > 1
        }
        gaps = sorted(b - a for days in days_of.values() for a, b in pairwise(days))
        for customer_id, days in days_of.items():
            runs_out_at = days[-1] + gap_of(days, gaps[len(gaps) // 2])
            yield RefillRhythm(
                customer_id=customer_id, variant_id=variant_id, last_at=days[-1],
                runs_out_at=runs_out_at, read_until=as_of,
            )  # fmt: skip


def gap_of(days: Sequence[datetime], usual: timedelta) -> timedelta:
    """days: of her purchases, two at least, oldest first; usual: the SKU's median gap."""
    own, count = days[-1] - days[0], len(days) - 1
    return (own + PRIOR * usual) / (count + PRIOR)


def _days(moments: Iterable[datetime]) -> list[datetime]:
    days: list[datetime] = []
    for at in moments:
        if not days or at - days[-1] >= ANOTHER_DAY:
            days.append(at)
    return days
