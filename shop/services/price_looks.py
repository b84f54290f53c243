"""Prices that begin or end by the clock change what is true without anybody writing a row."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from shop.fact_listeners import facts_changed
from shop.models import Price, PriceLook

# Each look begins a little before the last one ended: a price that was on its way into the ledger
# then, for a moment that had passed, is seen now.
OVERLAP = timedelta(minutes=10)


def notice_prices(now: datetime | None = None) -> int:
    """Tell whoever shows facts of SKUs whose price began or ended since the last look.

    Returns how many SKUs that were. Twice, or by two at once, equals once: what is told asks only
    whether the facts still hold. Killed before the end, the next look covers the same time again.
    """
    now = now or timezone.now()
    look, first = PriceLook.objects.get_or_create(pk=1, defaults={"looked_until": now})
    if first or now <= look.looked_until:
        return 0
    span = (look.looked_until - OVERLAP, now)
    moved = Price.objects.filter(
        Q(valid_from__gt=span[0], valid_from__lte=now)
        | Q(valid_until__gt=span[0], valid_until__lte=now)
    )
    variants = sorted(set(moved.order_by().values_list("variant_id", flat=True)))
    with transaction.atomic():
        facts_changed(variants)
        PriceLook.objects.filter(pk=1, looked_until__lt=now).update(looked_until=now)
    return len(variants)
