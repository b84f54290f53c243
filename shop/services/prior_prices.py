"""What may be struck through, and with which percentage. The rules in prose: docs/ledgers.md.

Every struck-through price and every percentage of the system comes from `reduction_of`.
Source: Directive 98/6/EC, Article 6a.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import NamedTuple

from django.conf import settings
from django.utils import timezone

from shop.models import Channel, Price, PriceKind, Variant
from shop.services.prices import RANK, of_channel


class Stretch(NamedTuple):
    """From a moment on, until the next stretch, this row decided; None: there was no price."""

    since: datetime
    price: Price | None


@dataclass(frozen=True)
class Reduction:
    """percent: whole, rounded down; None below 1, where none may be said."""

    price: Price
    prior: Price
    began_at: datetime

    @property
    def prior_amount_minor(self) -> int:
        return self.prior.amount_minor

    @property
    def percent(self) -> int | None:
        saved = self.prior.amount_minor - self.price.amount_minor
        return 100 * saved // self.prior.amount_minor or None


def reduction_of(
    variant: Variant, at: datetime | None = None, *, channel: Channel | None = None
) -> Reduction | None:
    """The reduction that may be announced at a time; None: the price stands there by itself."""
    return reductions_of([variant.pk], at, channel=channel).get(variant.pk)


def reductions_of(
    variant_ids: Iterable[int], at: datetime | None = None, *, channel: Channel | None = None
) -> dict[int, Reduction]:
    """Per variant that has one, in one query."""
    at = at or timezone.now()
    began = of_channel(channel).filter(variant__in=list(variant_ids), valid_from__lte=at)
    rows: dict[int, list[Price]] = defaultdict(list)
    for row in began.order_by("valid_from", "pk"):
        rows[row.variant_id].append(row)
    found = {pk: reduction_among(history, at) for pk, history in rows.items()}
    return {pk: reduction for pk, reduction in found.items() if reduction}


def lowest_price_before(
    variant: Variant,
    promotion_start: datetime,
    *,
    days: int | None = None,
    channel: Channel | None = None,
) -> Price | None:
    """The row of the lowest price asked in the days (none: PRIOR_PRICE_DAYS) before a reduction.

    None when the SKU had no price then: there is nothing to strike through.
    """
    began = of_channel(channel).filter(variant=variant, valid_from__lt=promotion_start)
    return _lowest(stretches(list(began), promotion_start), promotion_start, days)


def reduction_among(rows: list[Price], at: datetime) -> Reduction | None:
    """The same for the rows of one SKU (and channel), whatever their order. Pure."""
    asked = stretches(rows, at)
    price = asked[-1].price if asked else None
    if price is None or price.kind == PriceKind.LIST:
        return None
    first = _first_of_series(asked) if settings.PRICE_PROGRESSIVE else len(asked) - 1
    began_at = asked[first].since
    prior = _lowest(asked[:first], began_at)
    if prior is None or prior.currency != price.currency:
        return None
    if prior.amount_minor <= price.amount_minor:
        return None
    return Reduction(price, prior, began_at)


def stretches(rows: list[Price], until: datetime) -> list[Stretch]:
    """Which row decided from when on, oldest first, up to and including a moment.

    Rows enter a heap when they begin and leave it when they are on top and have ended.
    """
    began = sorted((row for row in rows if row.valid_from <= until), key=lambda row: row.valid_from)
    ends = {row.valid_until for row in began if row.valid_until and row.valid_until <= until}
    standing: list[tuple[tuple, int, Price]] = []
    found: list[Stretch] = []
    place = 0
    for moment in sorted(ends | {row.valid_from for row in began}):
        while place < len(began) and began[place].valid_from <= moment:
            heapq.heappush(standing, (_preference(began[place]), place, began[place]))
            place += 1
        while standing and _has_ended(standing[0][2], moment):
            heapq.heappop(standing)
        price = standing[0][2] if standing else None
        if not found or found[-1].price is not price:
            found.append(Stretch(moment, price))
    return found


def _preference(row: Price) -> tuple[int, int, float, int]:
    """The smallest decides: the kind, the channel's own, the one that began last, the newest row."""
    began = row.valid_from.timestamp()
    return RANK[PriceKind(row.kind)], 0 if row.channel_id else 1, -began, -(row.pk or 0)


def _has_ended(row: Price, at: datetime) -> bool:
    return row.valid_until is not None and row.valid_until <= at


def _first_of_series(asked: list[Stretch]) -> int:
    """Where a series of ever lower reductions began that has not been interrupted since."""
    place = len(asked) - 1
    while place and _is_higher_reduction(asked[place - 1].price, asked[place].price):
        place -= 1
    return place


def _is_higher_reduction(before: Price | None, after: Price | None) -> bool:
    if before is None or after is None or before.kind == PriceKind.LIST:
        return False
    return before.amount_minor > after.amount_minor


def _lowest(asked: list[Stretch], began_at: datetime, days: int | None = None) -> Price | None:
    """The lowest price of the window before a moment; the oldest of several equal ones."""
    if not asked:
        return None
    opens_at = _window_opens(began_at, settings.PRIOR_PRICE_DAYS if days is None else days)
    lasted_until = [stretch.since for stretch in asked[1:]] + [began_at]
    counted = [
        stretch.price
        for stretch, end in zip(asked, lasted_until, strict=True)
        if stretch.price is not None and end > opens_at and stretch.since < began_at
    ]
    return min(counted, key=lambda price: price.amount_minor, default=None)


def _window_opens(began_at: datetime, days: int) -> datetime:
    """Midnight in the shop's time zone, so many days before the day of the beginning."""
    day = timezone.localtime(began_at, timezone.get_default_timezone()).date()
    first = datetime.combine(day - timedelta(days=days), time())
    return timezone.make_aware(first, timezone.get_default_timezone())
