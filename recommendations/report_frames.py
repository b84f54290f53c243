"""Reads for the report of placements: what was seen, clicked and then bought, and by whom.

An impression or a click counts when it names a receipt of ours and a product that this answer
held; what the receipt says of placement and position goes before what the browser says. The same
product of one answer counts once, however often it scrolled into view; a click without an
impression was seen all the same.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np
from django.conf import settings
from django.db.models import Count, Sum
from django.db.models.fields.json import KT

from decisions.models import Decision
from inventory.services.costs import unit_costs_minor
from recommendations.frames import Browsers, owner_at, sold_lines
from recommendations.ml.placement_report import Sales, Touches
from recommendations.models import KIND
from shop.models import (
    SOLD_UNITS,
    Event,
    EventKind,
    LineKind,
    Product,
    ReturnLine,
    Variant,
    VisitorLink,
    sold_net_minor,
)
from shop.services.events.event_rows import among

CHUNK = 5_000
MOST_EVENTS = 500_000
NOVELTY_WINDOW = timedelta(days=90)
# What a shop's integration gets wrong, by name; the page says what to do about each.
NO_RECEIPT, UNKNOWN_RECEIPT, OTHER_PRODUCT = "no_receipt", "unknown_receipt", "other_product"


class TooManyEventsError(Exception):
    """More than MOST_EVENTS in one period: found."""

    def __init__(self, found: int):
        super().__init__(found)
        self.found = found


@dataclass
class Seen:
    """Products that were shown, one entry each, in the order in which they were first seen.

    placement, receipts: code and answer per entry. position: int64, 1 for the first, as the
    receipt says. ignored: reason → events that count nowhere.
    """

    touches: Touches
    placement: list[str]
    receipts: list[UUID]
    position: np.ndarray
    ignored: dict[str, int] = field(default_factory=dict)


@dataclass
class _Row:
    person: str | int
    product_id: int
    placement: str
    position: int
    shown_at: float
    clicked_at: float = math.nan


def seen_between(since: datetime, until: datetime, people: People) -> Seen:
    """What was shown in all placements from `since` until before `until`.

    `people` numbers persons, and goes into `sales_between` as well. Raises TooManyEventsError.
    """
    events = Event.objects.filter(
        kind__in=[EventKind.IMPRESSION, EventKind.CLICK],
        received_at__gte=since,
        received_at__lt=until,
    )
    if (count := events.order_by()[: MOST_EVENTS + 1].count()) > MOST_EVENTS:
        raise TooManyEventsError(count)
    ignored: dict[str, int] = {}
    rows: dict[tuple[UUID, int], _Row] = {}
    for chunk in _chunks(_named(events)):
        _add(chunk, rows, ignored)
    return _as_seen(rows, people, ignored)


def _named(events: Any) -> Iterable[tuple]:
    ordered = events.order_by("received_at", "id").values_list(
        "kind", "customer_id", "visitor", "variant__product_id", "received_at", "properties"
    )
    return ordered.iterator(CHUNK)


def _chunks(rows: Iterable[tuple]) -> Iterable[list[tuple]]:
    held: list[tuple] = []
    for row in rows:
        held.append(row)
        if len(held) == CHUNK:
            yield held
            held = []
    if held:
        yield held


def _add(chunk: list[tuple], rows: dict, ignored: dict[str, int]) -> None:
    """Put a chunk of events where they belong; the receipts that it names in one query."""
    named = {receipt for *_rest, properties in chunk if (receipt := _receipt(properties))}
    answers = _answers(named)
    for kind, customer_id, visitor, product_id, at, properties in chunk:
        receipt = _receipt(properties)
        answer = answers.get(receipt) if receipt else None
        if receipt is None or answer is None:
            reason = NO_RECEIPT if receipt is None else UNKNOWN_RECEIPT
        elif product_id not in answer[1]:
            reason = OTHER_PRODUCT
        else:
            person = customer_id or visitor or f"answer:{receipt}"
            seconds, place = at.timestamp(), answer[1][product_id]
            fresh = _Row(person, product_id, answer[0], place, seconds)
            row = rows.setdefault((receipt, product_id), fresh)
            if kind == EventKind.CLICK and math.isnan(row.clicked_at):
                row.clicked_at = seconds
            continue
        ignored[reason] = ignored.get(reason, 0) + 1


def _receipt(properties: Any) -> UUID | None:
    try:
        return UUID(str(properties.get("receipt", "")))
    except ValueError:
        return None


def _answers(receipts: Iterable[UUID]) -> dict[UUID, tuple[str, dict[int, int]]]:
    """Receipt → its placement, and the position of each of its products."""
    found = Decision.objects.filter(pk__in=list(receipts), kind=KIND).order_by()
    rows = found.annotate(place=KT("inputs__placement")).values_list("pk", "place", "output")
    return {
        pk: (place, {item["product_id"]: n for n, item in enumerate(output["items"], start=1)})
        for pk, place, output in rows
    }


def _as_seen(found: dict[tuple[UUID, int], _Row], people: People, ignored: dict[str, int]) -> Seen:
    rows, receipts = list(found.values()), [receipt for receipt, _product in found]
    touches = Touches(
        people.numbers([(row.person, row.shown_at) for row in rows]),
        np.array([row.product_id for row in rows], dtype=np.int64),
        np.array([row.shown_at for row in rows], dtype=np.float64),
        np.array([row.clicked_at for row in rows], dtype=np.float64),
    )
    position = np.array([row.position for row in rows], dtype=np.int64)
    return Seen(touches, [row.placement for row in rows], receipts, position, ignored)


class People:
    """One number per person: a customer's key, or a negative one for a browser nobody owns."""

    def __init__(self) -> None:
        self._strangers: dict[str, int] = {}

    def numbers(self, seen: list[tuple[str | int, float]]) -> np.ndarray:
        """int64 (n,) for (customer key or visitor, epoch seconds), by the rule of VisitorLink."""
        links = _links_of({who for who, _at in seen if isinstance(who, str)})
        return np.array([self._number(who, at, links) for who, at in seen], dtype=np.int64)

    def _number(self, who: str | int, at: float, links: Browsers) -> int:
        if isinstance(who, int):
            return who
        mine = links.get(who, [])
        owner = owner_at(mine, datetime.fromtimestamp(at, mine[0][0].tzinfo)) if mine else None
        return owner or self._strangers.setdefault(who, -1 - len(self._strangers))


def _links_of(visitors: set[str]) -> Browsers:
    found: Browsers = {}
    if not visitors:
        return found
    links = VisitorLink.objects.filter(visitor__in=among(visitors)).order_by("linked_at", "id")
    for visitor, at, customer_id in links.values_list("visitor", "linked_at", "customer_id"):
        found.setdefault(visitor, []).append((at, customer_id))
    return found


@dataclass(frozen=True)
class Bought:
    """Order lines in the shop's currency, one entry each, all arrays (n,).

    revenue_minor: float64, after discounts, without taxes, and without the share of the units that
    came back. margin_minor: the same less today's unit cost of those that did not, NaN where that is
    not known. variant_ids: int64.
    """

    sales: Sales
    revenue_minor: np.ndarray
    margin_minor: np.ndarray
    variant_ids: np.ndarray


def sales_between(
    since: datetime, until: datetime, product_ids: Iterable[int], people: People
) -> Bought:
    """Lines of these products in orders that were not cancelled, guests' orders by their browser."""
    rows = _lines(since, until, {int(pk) for pk in product_ids})
    browsers = _browsers_of_guests({row[0] for row in rows if row[1] is None})
    kept = [row for row in rows if row[1] or row[0] in browsers]
    at = [row[4].timestamp() for row in kept]
    who = [(row[1] or browsers[row[0]], when) for row, when in zip(kept, at, strict=True)]
    sales = Sales(
        people.numbers(who),
        np.array([row[3] for row in kept], dtype=np.int64),
        np.array(at, dtype=np.float64),
    )
    net = np.array([row[6] for row in kept], dtype=np.float64)
    variants = np.array([row[2] for row in kept], dtype=np.int64)
    units = np.array([row[5] for row in kept], dtype=np.float64)
    came_back = _returned({row[7] for row in kept})
    left = units - np.array([came_back.get(row[7], 0) for row in kept], dtype=np.float64)
    left = np.maximum(left, 0)
    net *= left / np.maximum(units, 1)
    return Bought(sales, net, net - left * _costs(variants), variants)


def _returned(lines: set[int]) -> dict[int, int]:
    """Order line → units of it that came back until now; absent where none did."""
    if not lines:
        return {}
    found = ReturnLine.objects.filter(kind=LineKind.ITEM, order_line__in=among(lines)).order_by()
    return dict(found.values("order_line").annotate(n=Sum("units")).values_list("order_line", "n"))


def _lines(since: datetime, until: datetime, product_ids: set[int]) -> list[tuple]:
    """(order, customer, SKU, product, placed at, units that stand, what they brought net, line)."""
    if not product_ids:
        return []
    lines = sold_lines(until).filter(
        order__placed_at__gte=since,
        order__currency=settings.SHOP_CURRENCY,
        variant__product__in=among(product_ids),
    )
    found = lines.order_by("pk").values_list(
        "order_id", "order__customer_id", "variant_id", "variant__product_id",
        "order__placed_at", SOLD_UNITS, sold_net_minor(), "pk",
    )  # fmt: skip
    return list(found.iterator(CHUNK))


def _browsers_of_guests(orders: set[int]) -> dict[int, str]:
    """Order of nobody → the browser it was placed in, where the shop said so."""
    if not orders:
        return {}
    events = Event.objects.filter(kind=EventKind.PURCHASE, order__in=among(orders))
    return dict(events.exclude(visitor="").order_by("-id").values_list("order_id", "visitor"))


def _costs(variants: np.ndarray) -> np.ndarray:
    known = unit_costs_minor({int(pk) for pk in variants})
    return np.array([known.get(int(pk), math.nan) for pk in variants], dtype=np.float64)


def novelty_of(product_ids: Iterable[int], until: datetime) -> dict[int, float]:
    """Product → −log2 of the share of the last 90 days' buyers who bought it; one more of each,
    so that what nobody bought has a figure too. Empty when nobody bought anything."""
    sold = sold_lines(until).filter(
        order__placed_at__gte=until - NOVELTY_WINDOW, order__customer__isnull=False
    )
    buyers = sold.aggregate(n=Count("order__customer_id", distinct=True))["n"]
    wanted = {int(pk) for pk in product_ids}
    if not buyers or not wanted:
        return {}
    mine = sold.filter(variant__product__in=among(wanted)).order_by().values("variant__product_id")
    counts = dict(
        mine.annotate(n=Count("order__customer_id", distinct=True)).values_list(
            "variant__product_id", "n"
        )
    )
    return {pk: -math.log2((counts.get(pk, 0) + 1) / (buyers + 1)) for pk in wanted}


def brands_of(product_ids: Iterable[int]) -> dict[int, int]:
    """Product → brand key; products without a brand are absent."""
    wanted = {int(pk) for pk in product_ids}
    if not wanted:
        return {}
    found = Product.objects.filter(pk__in=among(wanted))
    return dict(found.exclude(brand=None).order_by().values_list("pk", "brand_id"))


def products_on_sale() -> int:
    """How many products can be listed at all, whatever their stock."""
    return Variant.objects.on_sale().order_by().values("product_id").distinct().count()
