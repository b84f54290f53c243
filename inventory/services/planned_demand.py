"""Upper floors tell what they plan to sell beyond the forecast; later, what it brought replaces it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from decisions.text import sentence
from inventory.frames import last_full_day, sku_days
from inventory.models import DemandForecast, PlannedDemand, PlannedUnits
from inventory.planned_frames import (
    forecast_days,
    forecasts_before,
    plan_days,
    planned_extra,
)
from inventory.services.forecasts import day_correlation

if TYPE_CHECKING:
    import numpy as np

    from inventory.ml.planned_units import Effect

MOST_DAYS = 366
MOST_SKUS = 500
MOST_UNITS = 1e6
MEASURED = gettext_noop("Measured: what was sold against the forecast made before it began.")
NOT_COMPARABLE = gettext_noop("Not measured: no forecast was made before it began.")


class PlannedDemandError(Exception):
    """Why the plan of a source cannot be taken; meant for a person."""


@dataclass(frozen=True)
class Source:
    """Who expects more demand: kind and id name it for ever, the label is for people."""

    kind: str
    source_id: str
    label: str
    label_zh: str = ""


@dataclass(frozen=True)
class Extra:
    """Units a day of one SKU from the source's first day on; low and high are an 80 % interval."""

    variant_id: int
    mean: list[float]
    low: list[float]
    high: list[float]


@dataclass(frozen=True)
class HoldoutEffect:
    """Units that a source brought over its whole window as a holdout shows, 80 % interval."""

    units: float
    low: float
    high: float


@dataclass(frozen=True)
class Window:
    starts_on: date
    ends_on: date
    is_counted: bool = True
    basis: dict = field(default_factory=dict)

    @property
    def days(self) -> int:
        return (self.ends_on - self.starts_on).days + 1


def tell_planned_demand(source: Source, window: Window, extras: list[Extra]) -> PlannedDemand:
    """Replace everything that is expected of a source. Telling the same again changes nothing.

    Raises PlannedDemandError for numbers that cannot be, and when it has been measured already.
    """
    _check(window, extras)
    facts = {
        "label": source.label,
        "label_zh": source.label_zh,
        "starts_on": window.starts_on,
        "ends_on": window.ends_on,
        "is_counted": window.is_counted,
        "basis": window.basis,
    }
    name: dict[str, Any] = {"kind": source.kind, "source_id": source.source_id}
    with transaction.atomic():
        row = PlannedDemand.objects.select_for_update().filter(**name).first()
        if row is not None and row.measured_at is not None:
            raise PlannedDemandError(_("Its effect has been measured; the guess is history."))
        if row is not None and _says_the_same(row, facts, extras):
            return row
        row, _created = PlannedDemand.objects.update_or_create(
            **name, defaults=facts | {"told_at": timezone.now()}
        )
        row.items.all().delete()
        PlannedUnits.objects.bulk_create(_rows(row, extras))
    return row


def forget_planned_demand(kind: str, source_id: str) -> bool:
    """Every number as if the source had never been told. What is measured happened, and stays."""
    found = PlannedDemand.objects.filter(kind=kind, source_id=source_id, measured_at__isnull=True)
    return found.delete()[0] > 0


def end_planned_demand(kind: str, source_id: str, last_day: date) -> bool:
    """It stops after `last_day`: a campaign called off half-way. Before its first day: forgotten."""
    row = PlannedDemand.objects.filter(kind=kind, source_id=source_id).first()
    if row is None or row.measured_at is not None or last_day >= row.ends_on:
        return False
    if last_day < row.starts_on:
        return forget_planned_demand(kind, source_id)
    days = (last_day - row.starts_on).days + 1
    with transaction.atomic():
        PlannedDemand.objects.filter(pk=row.pk).update(ends_on=last_day)
        for item in row.items.all():
            for name in ("mean_units", "low_units", "high_units"):
                setattr(item, name, getattr(item, name)[:days])
            item.save(update_fields=["mean_units", "low_units", "high_units"])
    return True


def with_planned(
    rows: Iterable[DemandForecast], days: int
) -> dict[int, tuple[np.ndarray, np.ndarray]]:
    """variant → mean (days,) and quantiles (days, 9) from the day after as_of, planned units added.

    What the plan orders for (planned_frames.plan_days). A SKU that no source reaches gets its forecast bit by bit.
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
            forecast = plan_days(row, first, days)
            if row.variant_id in extra:
                forecast = add_extra(forecast, extra[row.variant_id], LEVELS)
            found[row.variant_id] = forecast
    return found


def measure_ended(
    as_of: datetime, holdouts: dict[tuple[str, str], dict[int, HoldoutEffect]] | None = None
) -> dict[str, int]:
    """Replace the guess of every source that has ended by what it brought.

    holdouts: (kind, id) → variant → effect, where the source held people out; else what was sold
    is held against the newest forecast made before the first day. A source is measured once.
    """
    until = last_full_day(as_of)
    ended = PlannedDemand.objects.filter(ends_on__lte=until, measured_at__isnull=True)
    counts = {"measured": 0, "not_comparable": 0}
    for row in ended.order_by("ends_on", "pk")[:MOST_SKUS]:
        known = (holdouts or {}).get((row.kind, row.source_id), {})
        measured = _measure(row, as_of, known)
        counts["measured" if measured else "not_comparable"] += 1
    return counts


def base_units(variant_ids: list[int], first: date, days: int) -> dict[int, list[float]]:
    """variant → expected units a day from `first` on, without any plan; SKUs without one are absent.

    The newest forecast made before `first`: what an upper floor's share of demand is a share of.
    """
    found = forecasts_before(variant_ids, first)
    return {pk: forecast_days(row, first, days)[0].tolist() for pk, row in found.items()}


def _measure(row: PlannedDemand, as_of: datetime, holdout: dict[int, HoldoutEffect]) -> bool:
    items = list(row.items.all())
    forecasts = forecasts_before([item.variant_id for item in items], row.starts_on)
    done = []
    for item in items:
        forecast = forecasts.get(item.variant_id)
        if forecast is not None:
            done.append(_measure_item(row, item, forecast, holdout.get(item.variant_id)))
    basis = sentence(MEASURED) if any(done) else sentence(NOT_COMPARABLE)
    with transaction.atomic():
        won = PlannedDemand.objects.filter(pk=row.pk, measured_at__isnull=True).update(
            measured_at=as_of, basis=basis
        )
        if won:
            PlannedUnits.objects.bulk_update(items, _EFFECT_FIELDS)
    return any(done)


_EFFECT_FIELDS = [
    "base_units", "effect_units", "effect_low_units", "effect_high_units", "effect_by_day",
    "known_days", "measured_by",
]  # fmt: skip


def _measure_item(
    row: PlannedDemand, item: PlannedUnits, forecast: DemandForecast, holdout: HoldoutEffect | None
) -> bool:
    """Fill the effect of one SKU; False when no day can be compared."""
    import numpy as np

    from inventory.ml.planned_units import measure_effect, spread_over

    past = sku_days(item.variant_id, row.ends_on, days=row.days)
    sold = np.where(past.out_of_stock, np.nan, past.units)
    effect = measure_effect(
        sold,
        forecast_days(forecast, row.starts_on, row.days),
        correlation=day_correlation(forecast.model_run),
        share=_share(row, item),
    )
    if effect is None:
        return False
    by_day, bounds, by = effect.by_day, (effect.units, effect.low, effect.high), "forecast"
    if holdout is not None:
        bounds, by = (holdout.units, holdout.low, holdout.high), "holdout"
        by_day = spread_over(holdout.units, np.nan_to_num(sold))
    _fill(item, effect, (by_day, bounds, by))
    return True


def _fill(item: PlannedUnits, effect: Effect, found: tuple) -> None:
    by_day, bounds, by = found
    item.base_units, item.known_days = round(effect.base_units, 3), effect.known_days
    item.effect_units, item.effect_low_units, item.effect_high_units = (
        round(float(bound), 3) for bound in bounds
    )
    item.effect_by_day = by_day.round(3).tolist()
    item.measured_by = by


def _share(row: PlannedDemand, item: PlannedUnits) -> np.ndarray:
    """(D,) this source's part of each day's difference: by what each source had expected."""
    import numpy as np

    own = np.array(item.mean_units[: row.days] or [0.0] * row.days)
    total, sources = own.copy(), np.ones(row.days)
    others = PlannedUnits.objects.filter(
        variant=item.variant_id,
        source__starts_on__lte=row.ends_on,
        source__ends_on__gte=row.starts_on,
    ).exclude(source=row.pk)
    for other in others.select_related("source"):
        start = (other.source.starts_on - row.starts_on).days
        for day, units in enumerate(other.mean_units, start=start):
            if 0 <= day < row.days:
                total[day] += units
                sources[day] += 1
    return np.where(total > 0, own / np.where(total > 0, total, 1.0), 1 / sources)


def _rows(row: PlannedDemand, extras: list[Extra]) -> list[PlannedUnits]:
    return [
        PlannedUnits(
            source=row,
            variant_id=extra.variant_id,
            mean_units=list(extra.mean),
            low_units=list(extra.low),
            high_units=list(extra.high),
        )
        for extra in extras
    ]


def _says_the_same(row: PlannedDemand, facts: dict[str, Any], extras: list[Extra]) -> bool:
    if any(getattr(row, name) != value for name, value in facts.items()):
        return False
    said = {
        item.variant_id: (item.mean_units, item.low_units, item.high_units)
        for item in row.items.all()
    }
    return said == {one.variant_id: (one.mean, one.low, one.high) for one in extras}


def _check(window: Window, extras: list[Extra]) -> None:
    if not 1 <= window.days <= MOST_DAYS:
        raise PlannedDemandError(
            _("A plan lasts 1 to %(days)s days; its last day is not before its first.")
            % {"days": MOST_DAYS}
        )
    if len(extras) > MOST_SKUS:
        raise PlannedDemandError(_("At most %(skus)s SKUs in one plan.") % {"skus": MOST_SKUS})
    if len({one.variant_id for one in extras}) < len(extras):
        raise PlannedDemandError(_("Each SKU once."))
    for one in extras:
        if {len(one.mean), len(one.low), len(one.high)} != {window.days}:
            raise PlannedDemandError(
                _("A number for each of the %(days)s days.") % {"days": window.days}
            )
        if not all(map(_is_interval, one.low, one.mean, one.high)):
            raise PlannedDemandError(
                _("Units are numbers from 0 on, low at most the mean, high at least the mean.")
            )


def _is_interval(low: float, mean: float, high: float) -> bool:
    return all(map(math.isfinite, (low, mean, high))) and 0 <= low <= mean <= high <= MOST_UNITS
