"""Each warehouse's part of the SKUs' forecasts: written beside them, read by the plan."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from django.db import transaction

from inventory.frames import stock_positions, warehouse_shares
from inventory.models import DemandForecast, WarehouseForecast
from inventory.planned_frames import plan_days, planned_extra
from shop.services.events.event_rows import among
from shop.services.stock.warehouses import first_warehouse

if TYPE_CHECKING:
    import numpy as np

KEEP_DAYS = 14  # a week to hold each against what happened, and one to look back
CHUNK_ROWS = 500
Shares = dict[int, dict[int, float]]


def write_warehouse_forecasts(rows: list[DemandForecast], as_of: datetime, on: date) -> int:
    """Replace the night's parts; in a shop whose demand falls on one warehouse there are none."""
    made = [row for row in rows if not row.is_refused]
    variants = [row.variant_id for row in made]
    shares = shares_of(variants, as_of, stock_positions(variants))
    if len({place for places in shares.values() for place in places}) < 2:
        made = []
    keys = dict(
        DemandForecast.objects.filter(as_of=on, variant__in=among(shares)).values_list(
            "variant_id", "pk"
        )
    )
    parts = [part for row in made for part in _parts(row, keys, shares[row.variant_id])]
    with transaction.atomic():
        WarehouseForecast.objects.filter(forecast__as_of=on).delete()
        WarehouseForecast.objects.bulk_create(parts, batch_size=CHUNK_ROWS)
        WarehouseForecast.objects.filter(
            forecast__as_of__lt=on - timedelta(days=KEEP_DAYS)
        ).delete()
    return len(parts)


def shares_of(
    variant_ids: Iterable[int], as_of: datetime, stock: Collection[tuple[int, int]]
) -> Shares:
    """variant → warehouse → share, summing to 1: by what each gave to orders; of a SKU that no order was
    promised, all where its stock lies, else in the shop's first warehouse. stock: (variant, warehouse) of
    what lies or is on order anywhere."""
    known = warehouse_shares(as_of)
    stocked: dict[int, list[int]] = defaultdict(list)
    for variant, place in stock:
        stocked[variant].append(place)
    usual = first_warehouse().pk  # made here in a shop that has none yet
    return {
        variant: known.get(variant) or {min(stocked[variant], default=usual): 1.0}
        for variant in variant_ids
    }


def stored_shares(
    forecasts: Iterable[DemandForecast], as_of: datetime, stock: Collection[tuple[int, int]]
) -> Shares:
    """As shares_of, as they were stored with the forecasts where they were."""
    rows = list(forecasts)
    found: Shares = defaultdict(dict)
    stored = WarehouseForecast.objects.filter(forecast__in=among(row.pk for row in rows))
    for variant, place, share in stored.order_by("pk").values_list(
        "forecast__variant_id", "warehouse_id", "share"
    ):
        found[variant][place] = share
    rest = [row.variant_id for row in rows if row.variant_id not in found]
    return found | shares_of(rest, as_of, stock) if rest else found


def planned_by_warehouse(
    rows: Iterable[DemandForecast], days: int, shares: Shares
) -> dict[tuple[int, int], tuple[np.ndarray, np.ndarray]]:
    """(variant, warehouse) → mean (days,) and quantiles (days, 9) from the day after as_of.

    What the plan orders for, planned units of campaigns added by share. The means of a SKU's
    warehouses sum to planned_demand.with_planned; one warehouse alone is that bit by bit.
    """
    from inventory.ml.metrics import LEVELS
    from inventory.ml.planned_units import add_extra

    given = list(rows)
    found = {}
    for as_of in sorted({row.as_of for row in given}):
        night = [row for row in given if row.as_of == as_of]
        first = as_of + timedelta(days=1)
        extra = planned_extra([row.variant_id for row in night], first, days)
        for row in night:
            for place, share in shares[row.variant_id].items():
                forecast = plan_days(row, first, days, share=share)
                if row.variant_id in extra:
                    forecast = add_extra(forecast, share * extra[row.variant_id], LEVELS)
                found[row.variant_id, place] = forecast
    return found


def _parts(
    row: DemandForecast, keys: dict[int, int], shares: dict[int, float]
) -> list[WarehouseForecast]:
    import numpy as np

    from inventory.ml.hierarchy import split
    from inventory.ml.metrics import LEVELS, Forecast

    levels = [f"{level:.1f}" for level in LEVELS]
    whole = Forecast(
        np.array([row.mean_units]), np.array([[row.quantile_units[one] for one in levels]])
    )
    whole = Forecast(whole.mean, whole.quantiles.transpose(0, 2, 1))
    places = sorted(shares, key=lambda place: (-shares[place], place))
    means, quantiles = split(
        whole, np.array([shares[place] for place in places]), row.basis.get("dispersion")
    )
    # In thousandths, as the SKU's are kept; what rounding leaves over is the largest part's.
    whole_units = np.rint(1000 * means)
    whole_units[0] += np.rint(1000 * whole.mean[0]) - whole_units.sum(axis=0)
    return [
        WarehouseForecast(
            forecast_id=keys[row.variant_id],
            warehouse_id=place,
            share=shares[place],
            mean_units=(whole_units[number] / 1000).round(3).tolist(),
            quantile_units={
                level: quantiles[number, :, column].round(3).tolist()
                for column, level in enumerate(levels)
            },
        )
        for number, place in enumerate(places)
    ]
