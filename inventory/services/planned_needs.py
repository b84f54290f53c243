"""What a planned sale would need from purchasing, and whether there is still time for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from inventory.frames import preferred_items, stock_positions
from inventory.models import PlannedDemand
from inventory.planned_frames import forecast_days, forecasts_before, planned_extra
from inventory.services.forecasts import day_correlation
from inventory.services.lead_days import LeadTime, lead_times

if TYPE_CHECKING:
    import numpy as np

    from inventory.models import DemandForecast


@dataclass(frozen=True)
class Need:
    """One SKU of a planned sale. Units over its days; the interval is 80 %.

    position:     on hand and on order, less what is allocated, over all warehouses.
    needed_units: what is missing for mean demand until the sale's end; needed_high_units for the
                  0.9 quantile. Both count what sells anyway from now on, and every planned sale.
    without_units: what would be missing for the 0.9 quantile if this sale were dropped.
    last_safe_on: the day until which ordering may wait so that goods arrive before the sale
                  nine times in ten; None without a supplier.
    """

    variant_id: int
    sku: str
    extra_units: float
    extra_low_units: float
    extra_high_units: float
    base_units: float | None
    position: int
    needed_units: int | None
    needed_high_units: int | None
    without_units: int | None
    supplier: str
    lead_time: LeadTime | None
    last_safe_on: date | None

    @property
    def for_this_sale_units(self) -> int | None:
        if self.needed_high_units is None or self.without_units is None:
            return None
        return self.needed_high_units - self.without_units

    @property
    def is_too_late(self) -> bool:
        """Something is missing, and ordering today would be too late."""
        return bool(
            self.needed_high_units
            and self.last_safe_on is not None
            and self.last_safe_on < timezone.localdate()
        )


def needs_of(source: PlannedDemand, today: date | None = None) -> list[Need]:
    """What each SKU of a source needs until its last day, in the order of SKUs. Bounded queries."""
    today = today or timezone.localdate()
    items = list(source.items.select_related("variant").order_by("variant__sku"))
    variants = [item.variant_id for item in items]
    days = (source.ends_on - today).days + 1
    forecasts = forecasts_before(variants, max(today, source.starts_on)) if days > 0 else {}
    stock = _positions(variants)
    suppliers = preferred_items(variants)
    times = lead_times(suppliers.values())
    extra = planned_extra(variants, today, max(days, 1))
    others = planned_extra(variants, today, max(days, 1), without=source.pk)
    found = []
    for item in items:
        supplier = suppliers.get(item.variant_id)
        lead = times.get(supplier.pk) if supplier else None
        totals: dict[str, Any] = _missing(
            (forecasts.get(item.variant_id), today, days),
            (extra.get(item.variant_id), others.get(item.variant_id)),
            stock.get(item.variant_id, 0),
        )
        found.append(
            Need(
                variant_id=item.variant_id,
                sku=item.variant.sku,
                extra_units=round(sum(item.mean_units), 1),
                extra_low_units=round(sum(item.low_units), 1),
                extra_high_units=round(sum(item.high_units), 1),
                position=stock.get(item.variant_id, 0),
                supplier=supplier.supplier.name if supplier else "",
                lead_time=lead,
                last_safe_on=_last_safe(source, lead),
                **totals,
            )
        )
    return found


def _last_safe(source: PlannedDemand, lead: LeadTime | None) -> date | None:
    return None if lead is None else source.starts_on - timedelta(days=lead.p90_days)


def _positions(variants: list[int]) -> dict[int, int]:
    found: dict[int, int] = {}
    for (variant, _warehouse), stock in stock_positions(variants).items():
        units = stock.on_hand + stock.on_order - stock.allocated
        found[variant] = found.get(variant, 0) + units
    return found


def _missing(
    base: tuple[DemandForecast | None, date, int],
    extra: tuple[np.ndarray | None, np.ndarray | None],
    position: int,
) -> dict[str, float | int | None]:
    """base_units, needed_units, needed_high_units, without_units; None without a forecast."""
    from inventory.ml.planned_units import total_demand, units_needed

    row, today, days = base
    if row is None or days <= 0:
        return dict.fromkeys(
            ("base_units", "needed_units", "needed_high_units", "without_units"), None
        )
    forecast = forecast_days(row, max(today, row.as_of + timedelta(days=1)), days)
    correlation = day_correlation(row.model_run)
    with_all, without = (total_demand(forecast, one, correlation=correlation) for one in extra)
    needed, needed_high = units_needed(with_all, position)
    return {
        "base_units": round(float(forecast[0].sum()), 1),
        "needed_units": needed,
        "needed_high_units": needed_high,
        "without_units": units_needed(without, position)[1],
    }
