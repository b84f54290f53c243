"""Reads for the report of placements: what was seen, clicked and then bought, and by whom.

An impression or a click counts when it names a receipt of ours and a product that this answer
held; what the receipt says of placement and position goes before what the browser says. The same
product of one answer counts once, however often it scrolled into view; a click without an
impression was seen all the same.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from django.conf import settings
from django.db.models import (
    Case,
    Count,
    IntegerField,
    QuerySet,
    Sum,
    TextField,
    Value,
    When,
)
from django.db.models.fields.json import KT
from django.db.models.functions import Coalesce

from inventory.services.costs import unit_costs_minor
from recommendations.answer_frames import Answers, answers_of
from recommendations.columns import MICROSECONDS, Wanted, columns_of
from recommendations.frames import sold_lines
from recommendations.ml.placement_report import Sales, Touches
from recommendations.person_sample import PersonSample
from shop.models import (
    SOLD_UNITS,
    Event,
    EventKind,
    LineKind,
    OrderLine,
    Product,
    ReturnLine,
    Variant,
    VisitorLink,
    sold_net_minor,
)
from shop.models.events import EventQuerySet
from shop.services.events.event_rows import among

Browsers = dict[str, list[tuple[datetime, int]]]
CHUNK = 5_000
MOST_EVENTS = 500_000  # in memory at once; of more a sample of people is read
EVERYBODY = PersonSample()
DAY = timedelta(days=1)
NOVELTY_WINDOW = timedelta(days=90)
# What a shop's integration gets wrong, by name; the page says what to do about each.
NO_RECEIPT, UNKNOWN_RECEIPT, OTHER_PRODUCT = "no_receipt", "unknown_receipt", "other_product"


@dataclass
class Seen:
    """Products that were shown, one entry each, in the order in which they were first seen.

    placement, receipts: code and answer per entry. position: int64, 1 for the first, as the
    receipt says. ignored: reason → events that count nowhere. sample: whose events these are.
    """

    touches: Touches
    placement: list[str]
    receipts: list[str]
    position: np.ndarray
    ignored: dict[str, int] = field(default_factory=dict)
    sample: PersonSample = EVERYBODY


RECEIPT = Coalesce(KT("properties__receipt"), Value(""), output_field=TextField())
_LOGGED = Wanted(
    {
        "customer": Coalesce("customer_id", 0),
        "product": Coalesce("variant__product_id", 0),
        "is_click": Case(
            When(kind=EventKind.CLICK, then=1), default=0, output_field=IntegerField()
        ),
    },
    {"at": "received_at"},
    {"visitor": "visitor", "receipt": RECEIPT},
)


def seen_between(since: datetime, until: datetime, people: People) -> Seen:
    """What was shown in all placements from `since` until before `until`.

    `people` numbers persons, and goes into `sales_between` as well. Where there are more than
    MOST_EVENTS, those of a sample of people.
    """
    logged = _logged(since, until)
    sample = PersonSample.for_rows(logged.order_by().count(), MOST_EVENTS)
    read = columns_of(sample.of_events(logged, RECEIPT), _LOGGED)
    order = np.argsort(read["at"], kind="stable")  # the key decides between equal times
    answers, answer = answers_of(read["receipt"])
    place = answers.place_of(answer, read["product"])[order]
    ignored = _ignored(answer[order], place)
    order = order[place >= 0]
    seen = _as_seen(read, order, answers, place[place >= 0], people, ignored)
    seen.sample = sample
    return seen


def at_most(most: int, since: datetime, until: datetime) -> bool:
    """Whether there are so many impressions and clicks at most; reads no more than that."""
    return _logged(since, until).order_by()[: most + 1].count() <= most


def _logged(since: datetime, until: datetime) -> EventQuerySet:
    return Event.objects.filter(
        kind__in=[EventKind.IMPRESSION, EventKind.CLICK],
        received_at__gte=since,
        received_at__lt=until,
    )


def _ignored(answer: np.ndarray, place: np.ndarray) -> dict[str, int]:
    """Reason → how many events count nowhere. answer: −2 without a receipt, −1 for an unknown one."""
    found = {
        NO_RECEIPT: int((answer == -2).sum()),
        UNKNOWN_RECEIPT: int((answer == -1).sum()),
        OTHER_PRODUCT: int(((answer >= 0) & (place < 0)).sum()),
    }
    return {reason: count for reason, count in found.items() if count}


def _as_seen(
    read: dict[str, Any],
    order: np.ndarray,
    answers: Answers,
    place: np.ndarray,
    people: People,
    ignored: dict[str, int],
) -> Seen:
    """order, place: the events that count, as they came, and the entry that each is of."""
    entry, first = np.unique(place, return_index=True)
    at = read["at"][order] / MICROSECONDS
    clicked_at = np.full(len(answers.product), np.nan)
    clicks = np.flatnonzero(read["is_click"][order])[::-1]
    clicked_at[place[clicks]] = at[clicks]  # the earliest is written last
    came = np.argsort(first)
    entry, first = entry[came], first[came]
    answer = answers.answer[entry].tolist()
    receipts = [answers.receipts[one] for one in answer]
    customers, shown_at = read["customer"][order[first]], at[first]
    strangers = {
        row: read["visitor"][order[first[row]]] or f"answer:{receipts[row]}"
        for row in np.flatnonzero(customers == 0).tolist()
    }
    numbers = people.of(customers, strangers, shown_at)
    touches = Touches(numbers, answers.product[entry], shown_at, clicked_at[entry])
    placements = [answers.placements[one] for one in answer]
    return Seen(touches, placements, receipts, answers.position[entry], ignored)


class People:
    """One number per person: a customer's key, or a negative one for a browser nobody owns."""

    def __init__(self) -> None:
        self._strangers: dict[str, int] = {}

    def numbers(self, seen: Sequence[tuple[str | int, float]]) -> np.ndarray:
        """int64 (n,) for (customer key or visitor, epoch seconds), by the rule of VisitorLink."""
        links = _links_of({who for who, _at in seen if isinstance(who, str)})
        return np.array([self._number(who, at, links) for who, at in seen], dtype=np.int64)

    def of(self, customers: np.ndarray, strangers: dict[int, str], at: np.ndarray) -> np.ndarray:
        """As `numbers`, where most are customers: int64 (n,) keys, 0 for the rows of `strangers`,
        whose browsers are named there. at: float64 (n,) epoch seconds."""
        found = customers.astype(np.int64)
        who = [(name, float(at[row])) for row, name in strangers.items()]
        found[list(strangers)] = self.numbers(who) if who else found[:0]
        return found

    def _number(self, who: str | int, at: float, links: Browsers) -> int:
        if isinstance(who, int):
            return who
        mine = links.get(who, [])
        owner = owner_at(mine, datetime.fromtimestamp(at, mine[0][0].tzinfo)) if mine else None
        return owner or self._strangers.setdefault(who, -1 - len(self._strangers))


def owner_at(links: list[tuple[datetime, int]], at: datetime) -> int | None:
    """The last link until then; the first one for what came before any. `links`: oldest first."""
    if not links:
        return None
    return next((customer for when, customer in reversed(links) if when <= at), links[0][1])


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
    since: datetime,
    until: datetime,
    product_ids: Iterable[int],
    people: People,
    sample: PersonSample = EVERYBODY,
) -> Bought:
    """Lines of these products in orders that were not cancelled, guests' orders by their browser.

    sample: of whom; everybody's where nothing is said.
    """
    browsers = {} if sample.is_all else _browsers_drawn(since, until, sample)
    lines = sample.of_lines(_lines(since, until, product_ids), among(browsers) if browsers else [])
    rows: list[Any] = list(lines.iterator(CHUNK))
    if sample.is_all:
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


def _lines(since: datetime, until: datetime, product_ids: Iterable[int]) -> QuerySet[Any, Any]:
    """(order, customer, SKU, product, placed at, units that stand, what they brought net, line)."""
    wanted = {int(pk) for pk in product_ids}
    if not wanted:
        return OrderLine.objects.sold().none()
    lines = sold_lines(until).filter(
        order__placed_at__gte=since,
        order__currency=settings.SHOP_CURRENCY,
        variant__product__in=among(wanted),
    )
    return lines.order_by("pk").values_list(
        "order_id", "order__customer_id", "variant_id", "variant__product_id",
        "order__placed_at", SOLD_UNITS, sold_net_minor(), "pk",
    )  # fmt: skip


def _browsers_drawn(since: datetime, until: datetime, sample: PersonSample) -> dict[int, str]:
    """As `_browsers_of_guests`, of the people drawn; an order is told of within a day."""
    told = Event.objects.filter(
        kind=EventKind.PURCHASE,
        received_at__gte=since - DAY,
        received_at__lt=until + DAY,
        customer__isnull=True,
        order__customer__isnull=True,
    ).exclude(visitor="")
    drawn = sample.of_events(told, Value("")).order_by("-id")
    return dict(drawn.values_list("order_id", "visitor"))


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
