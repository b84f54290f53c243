"""What was said of a day before it came, and what happened."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from inventory.frames import sku_days
from inventory.models import DemandForecast


@dataclass(frozen=True)
class SaidThen:
    """One day: what was forecast for it `lag_days` before, and what happened.

    units is None on a day without stock or not over yet; mean is None where no forecast is kept.
    """

    day: date
    as_of: date
    mean: float | None
    low: float | None
    high: float | None
    units: float | None

    @property
    def is_inside(self) -> bool | None:
        """Whether it fell between the 0.1 and 0.9 quantile; None where one side is not known."""
        if self.units is None or self.low is None or self.high is None:
            return None
        return self.low <= self.units <= self.high


def said_then(variant_id: int, until: date, *, days: int = 28, lag_days: int = 7) -> list[SaidThen]:
    """What we said then, what happened: the `days` days up to `until`, oldest first.

    Each day against the forecast made `lag_days` before it (1 to HORIZON_DAYS). Five queries.
    """
    first = until - timedelta(days=days - 1)
    made = DemandForecast.objects.filter(
        variant=variant_id,
        as_of__gte=first - timedelta(days=lag_days),
        as_of__lte=until - timedelta(days=lag_days),
        horizon_days__gte=lag_days,
    )
    by_day = {row.as_of: row for row in made}
    past = sku_days(variant_id, until, days=days)
    found = []
    for number, (units, out) in enumerate(zip(past.units, past.out_of_stock, strict=True)):
        day = first + timedelta(days=number)
        as_of = day - timedelta(days=lag_days)
        row, place = by_day.get(as_of), lag_days - 1
        found.append(
            SaidThen(
                day,
                as_of,
                row.mean_units[place] if row else None,
                row.quantile_units["0.1"][place] if row else None,
                row.quantile_units["0.9"][place] if row else None,
                None if out else units,
            )
        )
    return found
