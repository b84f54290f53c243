"""Stop the sale of a SKU, and let it go on."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from shop.models import SellingHold, Variant


def hold(variant: Variant, reason: str, *, by: Any = None) -> SellingHold:
    """Nobody can buy the SKU until the hold is lifted. A SKU that is held stays held: same row."""
    if first := _open_hold(variant):
        return first
    try:
        with transaction.atomic():
            return SellingHold.objects.create(variant=variant, reason=reason[:200], created_by=by)
    except IntegrityError:
        first = _open_hold(variant)  # somebody else was faster; the database allows one
        if first is None:
            raise
        return first


def lift(variant: Variant, at: datetime | None = None) -> bool:
    """End the open hold. False when there was none."""
    open_holds = SellingHold.objects.filter(variant=variant, ended_at__isnull=True)
    return bool(open_holds.update(ended_at=at or timezone.now()))


def _open_hold(variant: Variant) -> SellingHold | None:
    return SellingHold.objects.filter(variant=variant, ended_at__isnull=True).first()
