"""What each class of SKUs is promised: the merchant's rows, else the usual ones."""

from __future__ import annotations

from dataclasses import dataclass

from inventory.models import ServiceMeasure, ServiceTarget

USUAL_RATES = {
    "AX": 0.98, "AY": 0.97, "AZ": 0.95,
    "BX": 0.96, "BY": 0.95, "BZ": 0.93,
    "CX": 0.95, "CY": 0.92, "CZ": 0.90,
}  # fmt: skip


@dataclass(frozen=True)
class Service:
    """One of cycle_service_level and fill_rate is the target; rates as in ServiceTarget."""

    name: str
    cycle_service_level: float
    fill_rate: float | None
    holding_rate: float
    shortage_rate: float


def service_by_class() -> dict[str, Service]:
    """ "AX" … "CZ" → what it is promised; one query."""
    found = {name: Service(name, rate, None, 0.2, 1.0) for name, rate in USUAL_RATES.items()}
    for row in ServiceTarget.objects.all():
        name = f"{row.abc}{row.xyz}"
        is_fill = row.measure == ServiceMeasure.FILL_RATE
        found[name] = Service(
            name,
            cycle_service_level=row.target_rate,
            fill_rate=row.target_rate if is_fill else None,
            holding_rate=row.holding_rate,
            shortage_rate=row.shortage_rate,
        )
    return found
