"""What each placement brought in a period, beside the period before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

import numpy as np
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from decisions.jobs import Progress
from recommendations import report_frames as frames
from recommendations.ml.placement_report import (
    Figure,
    Report,
    Shown,
    change,
    credit,
    report,
)
from shop.models import Brand, Variant

# A sale is due to a placement for so long after the click or the view.
ATTRIBUTION_DAYS = 7
SHORTEST_DAYS, LONGEST_DAYS = 1, 184
USUAL_DAYS = 28
EARLIEST_YEAR = 2000  # the days before a period must be days too
SEED = 0
COSTS_NAMED = 5
# What the bar of a job says; each stands for about as much work.
READING, BESIDE = gettext_noop("These days"), gettext_noop("The days before them")


class PeriodError(ValueError):
    """The period cannot be reported on; the text says why."""

    def __str__(self) -> str:
        return str(self.args[0])


@dataclass(frozen=True)
class Period:
    """Whole days of the shop's time zone, both included."""

    first: date
    last: date

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def since(self) -> datetime:
        return _midnight(self.first)

    @property
    def until(self) -> datetime:
        return _midnight(self.last + timedelta(days=1))

    def before(self) -> Period:
        """As many days, just before."""
        return self.earlier(self.days)

    def earlier(self, days: int) -> Period:
        """The same number of days, so many days before."""
        return Period(self.first - timedelta(days=days), self.last - timedelta(days=days))


@dataclass(frozen=True)
class PlacementReport:
    """One placement: now, before (None where nothing was shown), and per figure the change.

    brands: (name, share). without_cost: SKUs whose cost is missing, at most COSTS_NAMED.
    """

    placement: str
    now: Report
    before: Report | None
    changes: dict[str, Figure]
    brands: list[tuple[str, Figure]]
    without_cost: list[str]


@dataclass(frozen=True)
class Reports:
    """ignored: reason → events that counted nowhere. open_until: when the last sale can still be
    due to this period; None once that has passed. sample_rate: the share of people whose events were
    read, where there were too many; counts are theirs, rates and money hold for all."""

    period: Period
    placements: list[PlacementReport]
    ignored: dict[str, int]
    open_until: datetime | None
    sample_rate: float = 1.0


def usual_period(today: date | None = None, days: int = USUAL_DAYS) -> Period:
    """The last full days."""
    yesterday = (today or timezone.localdate()) - timedelta(days=1)
    return Period(yesterday - timedelta(days=days - 1), yesterday)


def checked_period(first: date, last: date) -> Period:
    """Raises PeriodError."""
    period = Period(first, last)
    if period.days < SHORTEST_DAYS:
        raise PeriodError(_("The first day comes after the last one."))
    if period.days > LONGEST_DAYS:
        raise PeriodError(_("At most %(most)s days at once.") % {"most": LONGEST_DAYS})
    if first.year < EARLIEST_YEAR:
        raise PeriodError(_("A day since %(year)s.") % {"year": EARLIEST_YEAR})
    if first > timezone.localdate():
        raise PeriodError(_("This period has not begun yet."))
    return period


def placement_reports(
    period: Period, *, now: datetime | None = None, progress: Progress | None = None
) -> Reports:
    """Every placement that showed something, as known at `now`.

    For pages see services/report_snapshots.py.
    """
    now = now or timezone.now()
    _tell(progress, 0, READING)
    current = _measured(period, now)
    _tell(progress, 1, BESIDE)
    earlier = _measured(period.before(), now).reports
    _tell(progress, 2, BESIDE)
    brands = dict(Brand.objects.values_list("pk", "name"))
    placements = [
        _beside(code, found, earlier.get(code), brands, current.unpriced.get(code, []))
        for code, found in sorted(current.reports.items())
    ]
    last_sale = period.until + timedelta(days=ATTRIBUTION_DAYS)
    still_open = last_sale if last_sale > now else None
    return Reports(period, placements, current.ignored, still_open, current.sample_rate)


def _tell(progress: Progress | None, done: int, note: str) -> None:
    if progress is not None:
        progress(done, 2, note)


def _beside(
    code: str, now: Report, before: Report | None, brands: dict[int, str], unpriced: list[str]
) -> PlacementReport:
    past = before.figures if before else {}
    changes = {
        name: change(figure, past[name]) for name, figure in now.figures.items() if name in past
    }
    named = [(brands.get(pk, ""), share) for pk, share in now.brands]
    return PlacementReport(code, now, before, changes, named, unpriced)


@dataclass(frozen=True)
class _Measured:
    """reports: by placement. ignored: events that counted nowhere. unpriced: placement → SKUs
    without a cost."""

    reports: dict[str, Report]
    ignored: dict[str, int]
    unpriced: dict[str, list[str]]
    sample_rate: float


def _measured(period: Period, now: datetime) -> _Measured:
    people = frames.People()
    seen = frames.seen_between(period.since, period.until, people)
    window = timedelta(days=ATTRIBUTION_DAYS)
    products = np.unique(seen.touches.product)
    until = min(period.until + window, now)
    bought = frames.sales_between(period.since, until, products, people, seen.sample)
    due = credit(seen.touches, bought.sales, window.total_seconds())
    shown = _shown(seen, bought, due, period)
    placement, on_sale = np.array(seen.placement, dtype=object), frames.products_on_sale()
    rate = seen.sample.rate
    found: dict[str, Report] = {}
    unpriced: dict[str, list[str]] = {}
    for code in sorted(set(seen.placement)):
        mine = placement == code
        found[code] = report(_only(shown, mine), on_sale, seed=SEED, sample_rate=rate)
        unpriced[code] = _without_cost(bought, due, mine)
    return _Measured(found, seen.ignored, unpriced, rate)


def _shown(seen: frames.Seen, bought: frames.Bought, due: np.ndarray, period: Period) -> Shown:
    touches, credited = seen.touches, due >= 0
    count = len(touches.person)
    products, of_touch = np.unique(touches.product, return_inverse=True)
    brand, novelty = frames.brands_of(products), frames.novelty_of(products, period.since)
    brands = np.array([brand.get(pk, 0) for pk in products.tolist()], dtype=np.int64)
    bits = np.array([novelty.get(pk, np.nan) for pk in products.tolist()], dtype=np.float64)
    return Shown(
        person=touches.person,
        product=touches.product,
        brand=brands[of_touch],
        clicked=~np.isnan(touches.clicked_at),
        bought=np.bincount(due[credited], minlength=count) > 0,
        revenue_minor=np.bincount(due[credited], bought.revenue_minor[credited], count),
        margin_minor=np.bincount(due[credited], bought.margin_minor[credited], count),
        novelty_bits=bits[of_touch],
    )


def _only(shown: Shown, mine: np.ndarray) -> Shown:
    return Shown(**{name: getattr(shown, name)[mine] for name in shown.__dataclass_fields__})


def _without_cost(bought: frames.Bought, due: np.ndarray, mine: np.ndarray) -> list[str]:
    """SKUs of this placement's sales whose cost nobody entered."""
    unknown = (due >= 0) & np.isnan(bought.margin_minor)
    unknown[unknown] = mine[due[unknown]]
    keys = {int(pk) for pk in bought.variant_ids[unknown]}
    named = Variant.objects.filter(pk__in=sorted(keys)[:COSTS_NAMED])
    return list(named.values_list("sku", flat=True))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, timezone.get_current_timezone())
