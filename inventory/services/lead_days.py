"""How long a supplier takes, for everybody who counts back from a day."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from inventory.models import LeadTimeEstimate, SupplierItem

P90_Z = 1.2815515655446004


@dataclass(frozen=True)
class LeadTime:
    """Days from order to arrival; nine deliveries in ten take p90_days at most.

    deliveries: received orders that it was learned from; 0 = what the supplier promises.
    """

    p50_days: int
    p90_days: int
    deliveries: int = 0


def lead_times(items: Iterable[SupplierItem]) -> dict[int, LeadTime]:
    """Supplier item → lead time: learned for the SKU, else for its supplier, else as promised."""
    given = list(items)
    suppliers = {item.supplier_id for item in given}
    learned = {
        (row.supplier_id, row.variant_id): row
        for row in LeadTimeEstimate.objects.filter(supplier__in=suppliers).order_by("as_of")
    }
    found = {}
    for item in given:
        row = learned.get((item.supplier_id, item.variant_id)) or learned.get(
            (item.supplier_id, None)
        )
        found[item.pk] = _learned(row) if row else _promised(item)
    return found


def _learned(row: LeadTimeEstimate) -> LeadTime:
    return LeadTime(math.ceil(row.p50_days), math.ceil(row.p90_days), row.deliveries)


def _promised(item: SupplierItem) -> LeadTime:
    days, sd = item.effective_lead_time_days, item.supplier.lead_time_sd_days
    return LeadTime(days, math.ceil(days + P90_Z * sd - 1e-9))
