"""What was asked for each SKU on each day, as arrays for the forecast's history and for its plans."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING

from django.db.models import Q
from django.utils import timezone

from inventory.models import PlannedUnits
from shop.models import Price, PriceKind
from shop.models.stock import FLASH_SALE

if TYPE_CHECKING:
    import numpy as np


def daily_prices(
    row_of: dict[int, int], first: date, days: tuple[int, int], *, as_of: datetime
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(n, past + later) list price and asked price in minor units (NaN = none yet), and 1 where a
    reduction ran that day.

    days: past and later days. The day's price is the one at its end; channels' own prices are left
    aside. What a flash sale sells is told as planned demand, and later taken out of the history as
    it was measured: its price counts on past days until then, and never on later ones. Else the
    forecast would reckon with it as well.
    """
    import numpy as np

    past, count = days[0], sum(days)
    price, promotion = np.full((len(row_of), count), np.nan), np.zeros((len(row_of), count))
    reduced = np.full((len(row_of), count), np.nan)
    told = _told_apart(as_of)
    rows = Price.objects.ever_asked().filter(channel__isnull=True).order_by("valid_from", "id")
    for variant, kind, amount, start, end, source in rows.values_list(
        "variant_id", "kind", "amount_minor", "valid_from", "valid_until", "source"
    ).iterator():
        row = row_of.get(variant)
        if row is None:
            continue
        begin = max((timezone.localtime(start).date() - first).days, 0)
        if kind == PriceKind.LIST:
            price[row, begin:] = amount
            continue
        finish = max((timezone.localtime(end).date() - first).days + 1, 0)
        if (source, variant) in told:
            finish = 0 if told[source, variant] else min(finish, past)
        promotion[row, begin:finish] = 1
        reduced[row, begin:finish] = amount
    return price, np.where(np.isfinite(reduced), reduced, price), promotion


def _told_apart(as_of: datetime) -> dict[tuple[str, int], bool]:
    """(source of its price, SKU) of every flash sale that was told → whether its effect is out of the
    history by then."""
    found = PlannedUnits.objects.filter(source__kind="flash_sale").filter(
        Q(source__measured_at__isnull=True)
        | Q(source__measured_at__gt=as_of)
        | Q(effect_units__isnull=False)
    )
    columns = ("source__source_id", "variant_id", "source__measured_at", "effect_units")
    return {
        (f"{FLASH_SALE}{source}", variant): measured is not None
        and measured <= as_of
        and effect is not None
        for source, variant, measured, effect in found.values_list(*columns)
    }
