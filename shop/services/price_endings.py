"""A reduction ends sooner than it was set for: called off, sold out, a mistake. docs/ledgers.md"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from outbox.services import publish
from shop.fact_listeners import facts_changed
from shop.models import Price, PriceEnding, PriceKind
from shop.services.prices import PriceError, message_of


def end_price(price: Price, *, source: str) -> Price:
    """As end_prices, of one."""
    [ended] = end_prices([price], source=source)
    return ended


def end_prices(prices: Iterable[Price], *, source: str) -> list[Price]:
    """From now on they decide nothing; one that has not begun never will. Again: nothing changes.

    What was asked until now stays: the database lets an end move only to what has not passed.
    Raises PriceError for a list price, which a new list price replaces.
    """
    with transaction.atomic():
        keys = [price.pk for price in prices]
        rows = list(
            Price.objects.select_for_update(of=["self"])
            .select_related("variant", "channel")
            .filter(pk__in=keys)
            .order_by("pk")
        )
        now = timezone.now()
        ended = [row for row in rows if _end(row, now, source)]
        facts_changed([row.variant_id for row in ended])
    return rows


def _end(row: Price, now: datetime, source: str) -> bool:
    """False when it had ended by then already."""
    if row.kind == PriceKind.LIST or row.valid_until is None:
        raise PriceError(_("A list price is replaced by a new one; only a reduction ends."))
    ends_at = max(now, row.valid_from)
    if ends_at >= row.valid_until:
        return False
    PriceEnding.objects.create(price=row, was_until=row.valid_until, ends_at=ends_at, source=source)
    Price.objects.filter(pk=row.pk).update(valid_until=ends_at)
    row.valid_until = ends_at
    publish("price.changed", message_of(row), key=f"price:{row.pk}:ended")
    return True
