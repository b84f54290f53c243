"""Count what was wanted and not there, for a window of days, anew each time: twice equals once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
from django.db import transaction
from django.db.models import Max, Min
from django.utils import timezone

from inventory import evidence
from inventory.evidence import Rows, Window
from inventory.frames import last_full_day
from inventory.ml.lost_looks import LostDays, looks_available, lost_days
from inventory.ml.lost_units import LookRates, look_rates, lost_units
from inventory.ml.queries import Shelf, match, shelf_of
from inventory.models import LostDemand, LostDemandDay, LostQuery
from shop.models import Event, Variant
from shop.services.events.event_partitions import kept_since

AskedBack = Callable[[datetime, datetime], dict[tuple[int, date], int]]
WINDOW_DAYS = 56
MOST_DAYS = 1100
MOST_QUERIES = 5_000
BATCH = 2_000


@dataclass(frozen=True)
class Counted:
    """Everything of one window, before it is written."""

    window: Window
    rows: Rows
    days: LostDays
    out_seconds: dict[tuple[int, int], int]
    waiting: dict[tuple[int, date], tuple[int, int]]
    searched: dict[tuple[int, date], int]
    asked: dict[tuple[int, date], int]
    looks_available: np.ndarray
    sold: tuple[np.ndarray, np.ndarray, np.ndarray]
    rates: LookRates | None


def nobody_asked(begins_at: datetime, ends_at: datetime) -> dict[tuple[int, date], int]:
    """What stands for the tickets where nobody reads them."""
    return {}


def refresh_lost_demand(
    as_of: datetime, *, progress: Any, asked_back: AskedBack = nobody_asked
) -> dict[str, Any]:
    """Count the last WINDOW_DAYS days again, and whatever before them was never counted.

    A window is replaced in one transaction. Days of which the event log keeps no more stay as
    they were counted. asked_back: (variant, local day) → people who asked by a ticket, between two times;
    support, which lies above, hands it in.
    """
    last = last_full_day(as_of)
    shelf = shelf_of(evidence.product_words())
    windows = list(_windows(last, as_of))
    days = 0
    for number, window in enumerate(windows):
        progress(number, len(windows), f"{window.first:%Y-%m-%d} … {window.last:%Y-%m-%d}")
        asked = asked_back(window.begins_at, window.ends_at)
        counted, queries = _count(window, shelf, asked)
        with transaction.atomic():
            days += _write_days(counted)
            if window.last == last:
                _write_skus(counted)
                _write_queries(window, queries, shelf)
    found = LostDemand.objects.filter(estimated_units__isnull=False)
    return {"days": days, "skus": LostDemand.objects.count(), "estimated_skus": found.count()}


def _windows(last: date, as_of: datetime) -> Iterable[Window]:
    """Oldest first, the newest one ends at `last`. Before it only what no night has counted yet,
    and nothing of which the log no longer holds everything."""
    kept = max(_kept_from(as_of), last - timedelta(days=MOST_DAYS))
    begun = Event.objects.filter(received_at__lt=as_of).aggregate(at=Min("received_at"))["at"]
    counted = LostDemandDay.objects.aggregate(at=Max("as_of"))["at"]
    first = max(last - timedelta(days=WINDOW_DAYS - 1), kept)
    reach = max([kept, *(timezone.localtime(at).date() for at in (begun or as_of, counted) if at)])
    windows = [Window(first, last, as_of)]
    while first > reach:
        end = first - timedelta(days=1)
        first = max(first - timedelta(days=WINDOW_DAYS), kept)
        windows.append(Window(first, end, as_of))
    return reversed(windows)


def _kept_from(as_of: datetime) -> date:
    """The first local day of which the event log holds everything."""
    return timezone.localtime(kept_since(as_of)).date() + timedelta(days=1)


def _count(
    window: Window, shelf: Shelf, asked: dict[tuple[int, date], int]
) -> tuple[Counted, dict[str, evidence.Searched]]:
    rows = evidence.all_rows()
    spans = evidence.out_spans(window, rows)
    looks = evidence.looks(window, rows, spans)
    row, day, seconds = spans.seconds_per_day(window.edges())
    available = looks_available(looks, len(rows.variant_ids), window.days)
    sold = evidence.sold_in(window, rows)
    queries = evidence.lost_searches(window)
    counted = Counted(
        window,
        rows,
        lost_days(looks, window.days),
        dict(
            zip(
                zip(row.tolist(), day.tolist(), strict=True),
                seconds.astype(int).tolist(),
                strict=True,
            )
        ),
        evidence.joined_waitlist(window),
        _searched_skus(queries, shelf),
        asked,
        available,
        sold,
        look_rates(available.astype(float), *sold),
    )
    return counted, queries


def _searched_skus(
    queries: dict[str, evidence.Searched], shelf: Shelf
) -> dict[tuple[int, date], int]:
    """(variant, day) → searches whose words name one product alone that has one SKU alone."""
    single: dict[int, list[int]] = {}
    for product, variant in Variant.objects.on_sale().values_list("product_id", "pk"):
        single.setdefault(product, []).append(variant)
    found: dict[tuple[int, date], int] = {}
    for query, one in queries.items():
        skus = single.get(match(query, shelf).product or 0, [])
        if len(skus) == 1:
            for day, times in one.days.items():
                found[skus[0], day] = found.get((skus[0], day), 0) + times
    return found


def _write_days(counted: Counted) -> int:
    window = counted.window
    rows = list(_day_rows(counted))
    _estimate(rows, counted, np.array([_row_of(counted, one) for one in rows], dtype=np.int64))
    LostDemandDay.objects.filter(day__gte=window.first, day__lte=window.last).delete()
    LostDemandDay.objects.bulk_create(rows, BATCH)
    return len(rows)


def _day_rows(counted: Counted) -> Iterable[LostDemandDay]:
    """Every SKU-day with a look in vain, somebody who began to wait or asked, or a search for it."""
    window, found = counted.window, counted.days
    looked = {
        (int(counted.rows.variant_ids[row]), window.first + timedelta(days=int(day))): number
        for number, (row, day) in enumerate(zip(found.row, found.day, strict=True))
    }
    for variant, day in sorted({*looked, *counted.waiting, *counted.searched, *counted.asked}):
        number = looked.get((variant, day))
        entries, units = counted.waiting.get((variant, day), (0, 0))
        row = int(counted.rows.of(np.array([variant]))[0])
        yield LostDemandDay(
            variant_id=variant,
            day=day,
            out_of_stock_seconds=counted.out_seconds.get((row, (day - window.first).days), 0),
            views=0 if number is None else int(found.views[number]),
            people=0 if number is None else int(found.people[number]),
            other_views=0 if number is None else int(found.other_views[number]),
            waitlist_entries=entries,
            waitlist_units=units,
            searches=counted.searched.get((variant, day), 0),
            tickets=counted.asked.get((variant, day), 0),
            as_of=window.as_of,
        )


def _row_of(counted: Counted, one: LostDemandDay | LostDemand) -> int:
    return int(counted.rows.of(np.array([one.variant_id]))[0])


def _estimate(found: list[Any], counted: Counted, row: np.ndarray) -> None:
    """Fill in the estimate of each, or leave it empty where the shop has too little to learn from."""
    rates = counted.rates
    if rates is None or not found:
        return
    looks = np.array([one.looks for one in found], dtype=float)
    own = LookRates(
        rates.shape[row], rates.rate[row], rates.line_units[row], rates.line_units_squared[row]
    )
    for one, mean, low, high in zip(found, *lost_units(looks, own), strict=True):
        one.estimated_units, one.low_units, one.high_units = float(mean), float(low), float(high)


SUMMED = (
    "out_of_stock_seconds", "views", "people", "other_views",
    "waitlist_entries", "waitlist_units", "searches", "tickets",
)  # fmt: skip


def _write_skus(counted: Counted) -> None:
    """The window's sums per SKU; their estimate is one of the sum, since intervals do not add up."""
    window = counted.window
    sums: dict[int, LostDemand] = {}
    for day in LostDemandDay.objects.filter(day__gte=window.first, day__lte=window.last):
        one = sums.setdefault(day.variant_id, _sku_row(day.variant_id, counted))
        for name in SUMMED:
            setattr(one, name, getattr(one, name) + getattr(day, name))
    found = [sums[variant] for variant in sorted(sums)]
    row = np.array([_row_of(counted, one) for one in found], dtype=np.int64)
    _estimate(found, counted, row)
    LostDemand.objects.all().delete()
    LostDemand.objects.bulk_create(found, BATCH)


def _sku_row(variant_id: int, counted: Counted) -> LostDemand:
    row = int(counted.rows.of(np.array([variant_id]))[0])
    lines, units, _squares = counted.sold
    rates = counted.rates
    return LostDemand(
        variant_id=variant_id,
        first_day=counted.window.first,
        last_day=counted.window.last,
        looks_available=int(counted.looks_available[row]),
        lines_sold=int(lines[row]),
        units_sold=int(units[row]),
        units_per_look=None if rates is None else float(rates.units_per_look[row]),
        as_of=counted.window.as_of,
    )


def _write_queries(window: Window, queries: dict[str, evidence.Searched], shelf: Shelf) -> None:
    """The most frequent ones; a query that nobody repeats is no list to read."""
    often = sorted(queries.items(), key=lambda item: (-item[1].searches, item[0]))[:MOST_QUERIES]
    LostQuery.objects.all().delete()
    LostQuery.objects.bulk_create(
        (_query_row(window, query, one, shelf) for query, one in often), BATCH
    )


def _query_row(window: Window, query: str, one: evidence.Searched, shelf: Shelf) -> LostQuery:
    named = match(query, shelf)
    return LostQuery(
        query=query,
        spellings=sorted(one.spellings),
        searches=one.searches,
        people=one.people,
        product_id=named.product,
        category_id=named.category,
        first_day=min(one.days),
        last_day=max(one.days),
        as_of=window.as_of,
    )
