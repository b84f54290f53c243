"""Reads of what was wanted and not there: spans out of stock, looks, sessions, searches.

Every read is as of a time: nothing that arrived (events) or happened (ledger, orders) at or after
it is seen. ORM in, arrays out; nothing is written.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

import numpy as np
from django.db.models import Count, F, QuerySet, Sum
from django.utils import timezone

from inventory.ml.availability import Changes, Spans, out_of_stock
from inventory.ml.lost_looks import NOBODY, Looks
from inventory.ml.queries import is_personal, normal_query
from inventory.ml.substitutes import Shelf, Visits
from shop.chunks import read_in_chunks
from shop.models import (
    SOLD_UNITS,
    Event,
    EventKind,
    KitComponent,
    OrderLine,
    Product,
    StockMovement,
    Variant,
    WaitlistEntry,
)

CHUNK = 20_000
MOST_SPELLINGS = 20
AVAILABLE = F("on_hand_delta") - F("allocated_delta") - F("reserved_delta") - F("ring_fenced_delta")


@dataclass(frozen=True)
class Window:
    """Local days `first` … `last`, both included, and the moment at which the world is read."""

    first: date
    last: date
    as_of: datetime

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def begins_at(self) -> datetime:
        return midnight(self.first)

    @property
    def ends_at(self) -> datetime:
        return min(midnight(self.last + timedelta(days=1)), self.as_of)

    def edges(self) -> np.ndarray:
        """float64 (days + 1,) epoch seconds of the local midnights."""
        days = (self.first + timedelta(days=number) for number in range(self.days + 1))
        return np.array([midnight(day).timestamp() for day in days])


def midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time()))


@dataclass(frozen=True)
class Rows:
    """SKUs under one numbering: variant_ids int64 (n,), ascending."""

    variant_ids: np.ndarray

    def of(self, variant_ids: np.ndarray) -> np.ndarray:
        """int64: each SKU's row, −1 where it has none."""
        if not len(self.variant_ids):
            return np.full(len(variant_ids), -1)
        place = np.minimum(
            np.searchsorted(self.variant_ids, variant_ids), len(self.variant_ids) - 1
        )
        return np.where(self.variant_ids[place] == variant_ids, place, -1)


def all_rows() -> Rows:
    """Every SKU of the shop."""
    ids = Variant.objects.order_by("pk").values_list("pk", flat=True)
    return Rows(np.fromiter(ids.iterator(CHUNK), dtype=np.int64))


def out_spans(window: Window, rows: Rows) -> Spans:
    """When each SKU of `rows` could not be bought, by the stock ledger over all warehouses.

    A kit is out while one of its components has fewer units than it takes. Before the first
    movement nothing is known, and a SKU that is never counted is never out.
    """
    track_of, owner, need = _tracks(rows)
    opening = np.full(len(owner), np.nan)
    moved = StockMovement.objects.filter(variant__in=list(track_of)) if len(track_of) < 500 else (
        StockMovement.objects.all()
    )  # fmt: skip
    before = moved.filter(occurred_at__lt=window.begins_at).order_by().values_list("variant_id")
    for variant, units in before.annotate(units=Sum(AVAILABLE)).iterator(CHUNK):
        opening[track_of.get(variant, [])] = units
    inside = moved.filter(occurred_at__gte=window.begins_at, occurred_at__lt=window.ends_at)
    found = inside.order_by("variant_id", "occurred_at", "pk").annotate(change=AVAILABLE)
    track, at, delta = [], [], []
    for variant, moment, change in found.values_list(
        "variant_id", "occurred_at", "change"
    ).iterator(CHUNK):
        for number in track_of.get(variant, ()):
            track.append(number)
            at.append(moment.timestamp())
            delta.append(change)
    order = np.argsort(np.array(track, dtype=np.int64), kind="stable")
    changes = Changes(
        np.array(track, dtype=np.int64)[order],
        np.array(at, dtype=np.float64)[order],
        np.array(delta, dtype=np.int64)[order],
        opening,
    )
    begin, end = window.begins_at.timestamp(), window.ends_at.timestamp()
    return out_of_stock(changes, need, owner, begin, end)


def _tracks(rows: Rows) -> tuple[dict[int, list[int]], np.ndarray, np.ndarray]:
    """Variant → its tracks; per track the row it belongs to and the units that a sale takes.

    A track is a counted SKU, or one counted component of a kit.
    """
    parts: list[tuple[int, int, int]] = [
        (component, kit, units)
        for kit, component, units in KitComponent.objects.filter(
            component__tracks_stock=True
        ).values_list("kit_id", "component_id", "units")
    ]
    kits = {kit for _component, kit, _units in parts}
    counted = Variant.objects.filter(tracks_stock=True).values_list("pk", flat=True)
    tracks = [(pk, pk, 1) for pk in counted.iterator(CHUNK) if pk not in kits] + parts
    place = rows.of(np.array([owner for _variant, owner, _units in tracks], dtype=np.int64))
    track_of: dict[int, list[int]] = defaultdict(list)
    owner: list[int] = []
    need: list[int] = []
    for (variant, _owner, units), row in zip(tracks, place.tolist(), strict=True):
        if row >= 0:
            track_of[variant].append(len(owner))
            owner.append(row)
            need.append(units)
    return track_of, np.array(owner, dtype=np.int64), np.array(need, dtype=np.int64)


def noticed(window: Window, kinds: Iterable[EventKind]) -> QuerySet[Event]:
    """Events of these kinds that may have happened in the window: an event arrives after it
    happened, so none that arrived before the window can belong to it."""
    return Event.objects.filter(
        kind__in=list(kinds), received_at__gte=window.begins_at, received_at__lt=window.as_of
    )


def happened_at(occurred_at: datetime, received_at: datetime, ahead: int | None) -> datetime:
    """When it happened by our clock: the client's, corrected where it told its skew, and never
    after it arrived."""
    told = occurred_at - timedelta(seconds=ahead) if ahead else occurred_at
    return min(told, received_at)


def looks(window: Window, rows: Rows, spans: Spans) -> Looks:
    """Views of product pages in the window, and whether the SKU was out at that moment.

    A person is a browser (or, without one, a customer) under consent; else NOBODY.
    """
    found = noticed(window, [EventKind.VIEW]).filter(variant__isnull=False).order_by()
    people: dict[str, int] = {}
    edges = window.edges()
    parts: list[tuple[np.ndarray, ...]] = []
    rows_found = found.values_list(
        "variant_id", "occurred_at", "received_at", "clock_ahead_seconds",
        "consent", "visitor", "customer_id",
    )  # fmt: skip
    for chunk in read_in_chunks(rows_found, CHUNK):
        row = rows.of(np.array([one[0] for one in chunk], dtype=np.int64))
        at = np.array([happened_at(*one[1:4]).timestamp() for one in chunk])
        person = np.array([_person(one, people) for one in chunk], dtype=np.int64)
        day = np.searchsorted(edges, at, side="right") - 1
        inside = (row >= 0) & (day >= 0) & (day < window.days)
        row, at = row[inside], at[inside]
        parts.append((row, day[inside], person[inside], spans.covers(row, at)))
    if not parts:
        none = np.zeros(0, dtype=np.int64)
        return Looks(none, none, none, none.astype(bool))
    return Looks(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _person(one: tuple, people: dict[str, int]) -> int:
    consent, visitor, customer = one[4:7]
    if not consent or not (visitor or customer):
        return NOBODY
    return people.setdefault(visitor or f"customer {customer}", len(people))


def sold_in(window: Window, rows: Rows) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(lines, units, squared units) float64 (n,) of orders placed in the window, not cancelled."""
    found = (
        OrderLine.objects.sold()
        .filter(
            variant__isnull=False,
            order__placed_at__gte=window.begins_at,
            order__placed_at__lt=window.ends_at,
        )
        .order_by()
        .values_list("variant_id")
        .annotate(lines=Count("pk"), total=Sum(SOLD_UNITS), squares=Sum(SOLD_UNITS * SOLD_UNITS))
    )
    columns = np.zeros((3, len(rows.variant_ids)))
    for variant, *sums in found.iterator(CHUNK):
        row = int(rows.of(np.array([variant]))[0])
        if row >= 0:
            columns[:, row] = [float(one) for one in sums]
    return columns[0], columns[1], columns[2]


def joined_waitlist(window: Window) -> dict[tuple[int, date], tuple[int, int]]:
    """(variant, day) → entries and units of those who began to wait for that SKU on that day.

    Who left again or has bought since wanted it all the same. Who waits for any SKU of a product
    is not shared out among its SKUs: that would be a guess.
    """
    found = WaitlistEntry.objects.filter(
        variant__isnull=False, created_at__gte=window.begins_at, created_at__lt=window.ends_at
    )
    counted: dict[tuple[int, date], tuple[int, int]] = {}
    for variant, at, units in found.values_list("variant_id", "created_at", "units").iterator():
        key = (variant, timezone.localtime(at).date())
        entries, total = counted.get(key, (0, 0))
        counted[key] = (entries + 1, total + units)
    return counted


@dataclass
class Searched:
    """One query that found nothing: its spellings, how often, by how many browsers a day."""

    spellings: set[str]
    searches: int
    people: int
    days: dict[date, int]


def lost_searches(window: Window) -> dict[str, Searched]:
    """Searches with `properties.results` 0, by their normal spelling.

    What looks like a person's address or number is left out: it is no demand, and it would
    stay longer than the event that it came with.
    """
    found = noticed(window, [EventKind.SEARCH]).filter(properties__results=0).exclude(query="")
    counted: dict[str, Searched] = {}
    seen: set[tuple] = set()
    for query, consent, visitor, customer, occurred, received, ahead in found.order_by().values_list(
        "query", "consent", "visitor", "customer_id",
        "occurred_at", "received_at", "clock_ahead_seconds",
    ).iterator(CHUNK):  # fmt: skip
        normal = normal_query(query)[:200]
        day = timezone.localtime(happened_at(occurred, received, ahead)).date()
        if not normal or is_personal(normal) or not window.first <= day <= window.last:
            continue
        one = counted.setdefault(normal, Searched(set(), 0, 0, {}))
        if len(one.spellings) < MOST_SPELLINGS:
            one.spellings.add(query)
        one.searches += 1
        one.days[day] = one.days.get(day, 0) + 1
        who = (normal, day, visitor or f"customer {customer}")
        if consent and (visitor or customer) and who not in seen:
            seen.add(who)
            one.people += 1
    return counted


def product_words() -> Iterator[tuple[int, int | None, str]]:
    """(product, category, all words that name it, in both languages) of what is on sale."""
    found = Product.objects.filter(state=Product.State.ACTIVE).order_by("pk")
    for pk, category, *words in found.values_list(
        "pk", "category_id", "name", "name_zh", "brand__name",
        "category__name", "category__name_zh",
    ).iterator(CHUNK):  # fmt: skip
        yield pk, category, " ".join(word for word in words if word)


def visits(window: Window, rows: Rows, spans: Spans) -> Visits:
    """Looks, cart additions and purchases of every visit under consent, and whether what was
    looked at was out at that moment. A visit is a session of the event log."""
    kinds = [EventKind.VIEW, EventKind.CART_ADD, EventKind.PURCHASE]
    found = noticed(window, kinds).filter(consent=True, variant__isnull=False).exclude(session="")
    numbers: dict[str, int] = {}
    parts: list[tuple[np.ndarray, ...]] = []
    rows_found = found.order_by().values_list(
        "variant_id", "occurred_at", "received_at", "clock_ahead_seconds", "session", "kind"
    )
    for chunk in read_in_chunks(rows_found, CHUNK):
        row = rows.of(np.array([one[0] for one in chunk], dtype=np.int64))
        at = np.array([happened_at(*one[1:4]).timestamp() for one in chunk])
        visit = np.array([numbers.setdefault(one[4], len(numbers)) for one in chunk])
        taken = np.array([one[5] != EventKind.VIEW for one in chunk])
        inside = row >= 0
        row, at, taken = row[inside], at[inside], taken[inside]
        parts.append((visit[inside], row, at, spans.covers(row, at) & ~taken, taken))
    if not parts:
        none = np.zeros(0, dtype=np.int64)
        return Visits(none, none, none.astype(float), none.astype(bool), none.astype(bool))
    return Visits(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def shelf_of_rows(rows: Rows) -> tuple[Shelf, np.ndarray]:
    """Product (numbered from 0) and category (−1 without one) of each SKU; and int64 (rows,) the
    product's database key."""
    found = Variant.objects.order_by("pk").values_list("pk", "product_id", "product__category_id")
    columns = np.array(
        [(pk, product, category or -1) for pk, product, category in found.iterator(CHUNK)],
        dtype=np.int64,
    ).reshape(-1, 3)
    columns = columns[np.isin(columns[:, 0], rows.variant_ids)]
    product_ids = columns[:, 1]
    product = np.unique(product_ids, return_inverse=True)[1].astype(np.int64)
    return Shelf(product, columns[:, 2]), product_ids
