"""Cohorts as pages and programs read them, and each night whether their forward figures hold.

What takes less than a second is counted for each reader. A larger shop, and one whose table of all
customers took the night longer, is counted by a job and read as it stood then; what was not counted
yet is said to be so.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from django.utils import timezone
from django.utils.translation import gettext_noop

from decisions.models import Snapshot
from decisions.services import snapshots
from decisions.text import sentence
from marketing.frames.behaviour import EPOCH
from marketing.frames.cohorts import Who, chosen, cohort_orders, is_small_shop, known_until
from marketing.services.customers.cohort_rows import foreseen_of, judged_subject, rows_of
from marketing.services.customers.customer_value import MISSING, last_day
from shop.models import Order

if TYPE_CHECKING:
    from marketing.ml.order_days import OrderDays

KIND = "count_cohorts"
UNITS = ("month", "week")
SEED = 42
MOST_JUDGED = 5_000  # customers that the night fits its past forecasts on
MOST_ORDERS = 20_000  # that are counted for each reader


FEW_COHORTS = gettext_noop(
    "Too few cohorts of 30 customers or more to judge a forecast by (%(missing)s figures short)."
)


@dataclass(frozen=True)
class Ask:
    """What a table is asked for. unit: month or week."""

    unit: str = "month"
    who: Who = field(default_factory=Who)

    @property
    def subject(self) -> str:
        if self.who == Who():
            return f"cohorts:{self.unit}:all"
        text = json.dumps(asdict(self.who), sort_keys=True)
        return f"cohorts:{self.unit}:{hashlib.sha256(text.encode()).hexdigest()[:24]}"


def cohort_report(ask: Ask, at: datetime | None = None) -> snapshots.Shown | None:
    """The table as `count_cohorts` has it; None: nobody has counted it yet, see `ask_refresh`."""
    if _takes_long():
        return _stored(ask.subject)
    return shown_or_none(ask.subject, _count(ask), at or timezone.now())


def _takes_long() -> bool:
    """Whether a table of everybody did; a part of them reads the same orders and plays as long."""
    tables = Snapshot.objects.filter(pk__in=[Ask(unit).subject for unit in UNITS])
    return tables.filter(seconds__gte=snapshots.SLOW_SECONDS).exists()


def shown_or_none(subject: str, count: snapshots.Count, at: datetime) -> snapshots.Shown | None:
    """Counted for this reader in a small shop; in a larger one only what a job has counted."""
    if is_small_shop(MOST_ORDERS):
        return snapshots.shown(subject, count, at)
    return _stored(subject)


def _stored(subject: str) -> snapshots.Shown | None:
    kept = Snapshot.objects.filter(pk=subject).first()
    if kept is None:
        return None
    return snapshots.Shown(kept.payload, kept.as_of, True, snapshots.is_refreshing(subject))


def ask_refresh(ask: Ask, by: Any = None) -> bool:
    payload = {"unit": ask.unit, "who": asdict(ask.who)}
    return snapshots.ask_refresh(KIND, ask.subject, payload, by)


def refresh(unit: str, who: dict[str, str], at: datetime | None = None) -> dict[str, Any]:
    """Count one table anew; the handler of its job."""
    ask = Ask(unit, Who(**who))
    row = snapshots.take(ask.subject, _count(ask), at or timezone.now())
    return {"counted": True, "seconds": round(row.seconds, 1)}


def refresh_cohorts(progress: Callable[..., None], as_of: datetime) -> dict[str, Any]:
    """The night: judge the forward figures of both units, then count the tables of everybody."""
    orders, reading = snapshots.timed(lambda: cohort_orders(as_of))
    summary: dict[str, Any] = {"customers": int(orders.customers.size)}
    for number, unit in enumerate(UNITS):
        progress(number, len(UNITS), gettext_noop("cohorts"))
        count = _judge(orders, unit)
        judged = snapshots.take(judged_subject(unit), count, as_of)
        if "missing" in judged.payload:
            summary[f"missing_{unit}"] = judged.payload["missing"]
        everybody = Ask(unit)
        payload = partial(_payload, everybody, orders)
        # A reader would wait for the reading too.
        snapshots.take(everybody.subject, payload, as_of, waited_seconds=reading)
    return summary


def _judge(orders: Any, unit: str) -> snapshots.Count:
    def count(at: datetime) -> dict[str, Any]:
        import numpy as np

        from marketing.ml.cohort_backtest import ShortHistoryError, judge
        from marketing.ml.cohorts import only

        days, _margin = population(orders)
        step = -(-days.customers // MOST_JUDGED) or 1
        days = only(days, np.arange(days.customers) % step == 0)
        try:
            return judge(days, last_day(at), unit, seed=SEED).to_json()
        except ShortHistoryError as error:
            return {"missing": _missing(error.missing)}

    return count


def _missing(missing: dict[str, int]) -> dict[str, Any]:
    [(what, count)] = missing.items()
    return sentence((MISSING | {"cells": FEW_COHORTS})[what], missing=count)


def population(orders: Any) -> tuple[OrderDays, Any]:
    """Order days of all that were read, and the margin of each (NaN: a cost is unknown)."""
    from marketing.ml.order_days import order_days

    days = order_days(orders.customer_idx, orders.day, orders.revenue_minor)
    return days, order_days(orders.customer_idx, orders.day, orders.margin_minor).amount


def _count(ask: Ask) -> snapshots.Count:
    def count(at: datetime) -> dict[str, Any]:
        as_of = known_until(at)
        return _payload(ask, cohort_orders(as_of), as_of)

    return count


def _payload(ask: Ask, orders: Any, as_of: datetime) -> dict[str, Any]:
    from marketing.ml import cohorts as ml

    days, margin = population(orders)
    keep = chosen(orders, ask.who)
    today = timezone.localtime(as_of).date().toordinal() - EPOCH
    inside = keep[days.customer_idx]
    table = ml.cohort_table(ml.only(days, keep), margin[inside], today, ask.unit)
    ahead = foreseen_of(table, (days, margin), keep, today=today, end_day=last_day(as_of))
    return {
        "unit": ask.unit,
        "who": asdict(ask.who),
        "as_of": as_of.isoformat(),
        "step": orders.step,
        "customers": int(keep.sum()),
        "has_orders": Order.objects.exists(),
        "median_paid": ahead.median_paid,
        **rows_of(table, ahead),
    }
