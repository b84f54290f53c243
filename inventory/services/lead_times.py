"""Learn how long suppliers take, every night: read → compute → write."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db import transaction

from inventory.frames import last_full_day
from inventory.lead_time_frames import SeenDeliveries, seen_deliveries
from inventory.models import LeadTimeEstimate, SupplierItem

if TYPE_CHECKING:
    import numpy as np

    from inventory.ml.lead_times import LeadTimes

KEEP_DAYS = 60  # of old estimates, as of forecasts
CHUNK_ROWS = 500


def refresh_lead_times(as_of: datetime) -> int:
    """Estimates as of the last full day, per supplier and per SKU received; how many.

    Without any receipt nothing is written: the plan then trusts what suppliers promise, and says so.
    """
    from inventory.ml.lead_times import fill_rates, learn_skus, learn_suppliers

    seen = seen_deliveries(as_of)
    if seen is None:
        return 0
    suppliers = learn_suppliers(seen.orders, seen.promised)
    closed = seen.closed
    numbers = seen.lines.supplier[closed]
    rates = fill_rates(seen.ordered[closed], seen.received[closed], numbers, len(seen.suppliers))
    rows = _supplier_rows(seen, suppliers, rates)
    skus = learn_skus(seen.lines, seen.group, _supplier_of(seen), suppliers)
    rows += _sku_rows(seen, skus, rates)
    day = last_full_day(as_of)
    for row in rows:
        row.as_of = day
    with transaction.atomic():
        LeadTimeEstimate.objects.filter(as_of=day).delete()
        LeadTimeEstimate.objects.bulk_create(rows, batch_size=CHUNK_ROWS)
        old = day - timedelta(days=KEEP_DAYS)
        LeadTimeEstimate.objects.filter(as_of__lt=old).delete()
    return len(rows)


def _supplier_of(seen: SeenDeliveries) -> np.ndarray:
    import numpy as np

    return np.array([supplier for supplier, _variant in seen.pairs], dtype=int)


def _supplier_rows(
    seen: SeenDeliveries, found: LeadTimes, rates: np.ndarray
) -> list[LeadTimeEstimate]:
    """Also of suppliers who never delivered: pulled wholly to all, weight 0."""
    return [
        _row(found, number, (seen.promised[number], rates[number], 1.0), supplier_id=supplier)
        for number, supplier in enumerate(seen.suppliers)
    ]


def _sku_rows(seen: SeenDeliveries, found: LeadTimes, rates: np.ndarray) -> list[LeadTimeEstimate]:
    """Only of SKUs received at least once; days scaled where the SKU has its own promise."""
    own = {
        (supplier, variant): days
        for supplier, variant, days in SupplierItem.objects.filter(
            lead_time_days__isnull=False
        ).values_list("supplier", "variant", "lead_time_days")
    }
    rows = []
    for group, (number, variant) in enumerate(seen.pairs):
        if not found.deliveries[group]:
            continue
        supplier = seen.suppliers[number]
        usual = max(seen.promised[number], 1)
        scale = max(own.get((supplier, variant), usual), 1) / usual
        facts = (usual * scale, rates[number], scale)
        rows.append(_row(found, group, facts, supplier_id=supplier, variant_id=variant))
    return rows


def _row(
    found: LeadTimes, place: int, facts: tuple[float, float, float], **names: int
) -> LeadTimeEstimate:
    """facts: days promised, fill rate, and what its own promise makes of the supplier's days."""
    promised, rate, scale = facts
    mean = float(found.mean_days[place]) * scale
    return LeadTimeEstimate(
        deliveries=int(found.deliveries[place]),
        open_orders=int(found.open_orders[place]),
        mean_days=round(mean, 2),
        p50_days=round(float(found.p50_days[place]) * scale, 2),
        p90_days=round(float(found.p90_days[place]) * scale, 2),
        quantile_days=(found.quantile_days[place] * scale).round(2).tolist(),
        delay_days=round(mean - promised, 2),
        fill_rate=1.0 if math.isnan(rate) else round(float(rate), 4),
        weight=round(float(found.weight[place]), 4),
        **names,
    )
