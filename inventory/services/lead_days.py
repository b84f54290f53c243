"""How long a supplier takes, for everybody who counts back from a day."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from inventory.models import SupplierItem

P90_Z = 1.2815515655446004


@dataclass(frozen=True)
class LeadTime:
    """Days from order to arrival; nine deliveries in ten take p90_days at most."""

    p50_days: int
    p90_days: int


def lead_times(items: Iterable[SupplierItem]) -> dict[int, LeadTime]:
    """Supplier item → lead time, from what the supplier's page says of it."""
    found = {}
    for item in items:
        days, sd = item.effective_lead_time_days, item.supplier.lead_time_sd_days
        found[item.pk] = LeadTime(days, math.ceil(days + P90_Z * sd - 1e-9))
    return found
