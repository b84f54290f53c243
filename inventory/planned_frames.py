"""Planned and measured extra demand as arrays, for the forecast's history and for the plan."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from inventory.models import DemandForecast, PlannedUnits

if TYPE_CHECKING:
    import numpy as np


def extra_units_by_sku_day(
    variant_ids: list[int], first: date, last: date, *, as_of: datetime
) -> np.ndarray:
    """(n, T) units to take out of what was sold on `first` … `last`: measured effects only.

    In the order asked; what was measured after `as_of` is not known yet. One query.
    """
    import numpy as np

    extra = np.zeros((len(variant_ids), (last - first).days + 1))
    row_of = {variant: row for row, variant in enumerate(variant_ids)}
    found = PlannedUnits.objects.filter(
        source__measured_at__lte=as_of, source__starts_on__lte=last, source__ends_on__gte=first
    ).values_list("variant_id", "source__starts_on", "effect_by_day")
    for variant, starts_on, units in found.iterator():
        row = row_of.get(variant)
        if row is not None:
            _place(extra[row], (starts_on - first).days, units)
    return extra


def planned_extra(
    variant_ids: Iterable[int], first: date, days: int, *, without: int | None = None
) -> dict[int, np.ndarray]:
    """variant → (3, days) mean, low, high of the extra units expected from `first` on.

    Only of SKUs that some source which is counted and not measured yet reaches; independent
    sources are added by planned_units.together. `without` leaves one source out. One query.
    """
    import numpy as np

    from inventory.ml.planned_units import together

    wanted = set(variant_ids)
    last = first + timedelta(days=days - 1)
    found = PlannedUnits.objects.filter(
        source__is_counted=True,
        source__measured_at__isnull=True,
        source__starts_on__lte=last,
        source__ends_on__gte=first,
    ).order_by("source_id")
    if without is not None:
        found = found.exclude(source=without)
    parts: dict[int, list[np.ndarray]] = defaultdict(list)
    columns = ("variant_id", "source__starts_on", "mean_units", "low_units", "high_units")
    for variant, starts_on, *series in found.values_list(*columns).iterator():
        if variant in wanted:
            one = np.zeros((3, days))
            for row, units in zip(one, series, strict=True):
                _place(row, (starts_on - first).days, units)
            parts[variant].append(one)
    return {variant: together(np.stack(ones)) for variant, ones in parts.items()}


def forecasts_before(variant_ids: Iterable[int], day: date) -> dict[int, DemandForecast]:
    """variant → the newest forecast that knew nothing of `day`; refused ones are left out."""
    newest = (
        DemandForecast.objects.filter(variant__in=list(variant_ids), as_of__lt=day)
        .filter(horizon_days__gt=0)
        .order_by("variant_id", "-as_of")
    )
    found: dict[int, DemandForecast] = {}
    for row in newest.iterator():
        found.setdefault(row.variant_id, row)
    return found


def forecast_days(row: DemandForecast, first: date, days: int) -> tuple[np.ndarray, np.ndarray]:
    """Mean (days,) and quantiles (days, 9) of one forecast from `first` on.

    Past its end its last week goes on with the year (lead_time.extend_days). `first` is after the
    row's as_of.
    """
    import numpy as np

    skip = (first - row.as_of).days - 1
    quantiles = np.array([row.quantile_units[level] for level in sorted(row.quantile_units)]).T
    return (
        extended_days(row, np.array(row.mean_units), skip + days)[skip:],
        extended_days(row, quantiles, skip + days)[skip:],
    )


def plan_days(
    row: DemandForecast, first: date, days: int, *, share: float = 1.0
) -> tuple[np.ndarray, np.ndarray]:
    """As forecast_days, with the quantiles that stock is planned by; share: of one warehouse.

    Those of the forecast are stretched until four of five days lie inside, day by day; what a lead time
    needs is the spread of a sum, and a slow mover's stretched days add up to another one. Where
    demand is counted in units the plan takes the count's own distribution around the same mean; a
    part of it that is bought elsewhere by chance has the same dispersion.
    """
    import numpy as np

    skip = (first - row.as_of).days - 1
    mean = share * extended_days(row, np.array(row.mean_units), skip + days)[skip:]
    return mean, planning_quantiles(row, mean, share * forecast_days(row, first, days)[1])


def planning_quantiles(row: DemandForecast, mean: np.ndarray, otherwise: np.ndarray) -> np.ndarray:
    """(days, 9) of counts with the row's dispersion around `mean`; `otherwise` where it has none."""
    import numpy as np

    from inventory.ml.counts import count_quantiles

    phi = row.basis.get("dispersion")
    if phi is None:
        return otherwise
    return count_quantiles(mean[None, :], np.array([phi]))[0]


def extended_days(row: DemandForecast, values: np.ndarray, days: int) -> np.ndarray:
    """The row's days and after them its last week, rising and falling with the year it keeps."""
    import numpy as np

    from inventory.ml.lead_time import extend_days

    weeks = row.basis.get("year")
    if not weeks:
        return extend_days(values, days)
    year = np.repeat(np.array(weeks, dtype=float), 7)
    more = max(days - len(year), 0)  # further than the year is kept: as in its last week
    return extend_days(values, days, np.concatenate([year, np.full(more, year[-1])]))


def _place(row: np.ndarray, start: int, units: list[float]) -> None:
    """Add a series that begins at `start` of the row, cut at both ends."""
    begin, end = max(start, 0), min(start + len(units), len(row))
    if begin < end:
        row[begin:end] += units[begin - start : end - start]
