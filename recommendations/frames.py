"""Reads for recommendations: who bought and looked at what, as of a time, with consent.

What may be used (docs/recommendations.md says it for the merchant):

- Purchases are contract data. They are used unless the customer's latest word on
  personalisation is no.
- Behaviour (views, carts) is used only where analytics was allowed when it happened AND, once the
  person is known, her latest word on personalisation is yes.
- A visitor who was linked to a customer counts as that customer, also for what came before the
  first link; on a shared browser each link begins anew (shop.models.VisitorLink).
- What was bought, viewed or linked at or after `as_of` is not seen.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from django.db.models import QuerySet

from recommendations.ml.interactions import Rows
from shop.models import (
    Consent,
    Event,
    EventKind,
    LineKind,
    OrderLine,
    OrderState,
    Product,
    Purpose,
    VisitorLink,
)
from shop.models.events import EventQuerySet

# How much of a purchase a lesser sign of interest counts; a choice, measured nowhere yet.
WEIGHTS = {EventKind.VIEW: 0.1, EventKind.CART_ADD: 0.4}
PURCHASE_WEIGHT = 1.0
CHUNK = 20_000
Browsers = dict[str, list[tuple[datetime, int]]]


@dataclass(frozen=True)
class ShopInteractions:
    """Rows of the whole shop under one numbering.

    product_ids: int64 (rows.n_items,), ascending: the database key of each item code.
    """

    rows: Rows
    product_ids: np.ndarray

    @property
    def customers(self) -> int:
        """How many people have at least one purchase."""
        return len(np.unique(self.rows.user[self.rows.bought]))

    @property
    def purchases(self) -> int:
        """How many rows are purchases."""
        return int(np.asarray(self.rows.bought, dtype=bool).sum())

    @property
    def first_at(self) -> float:
        """Epoch seconds of the oldest row."""
        return float(np.asarray(self.rows.at, dtype=np.float64).min())


def shop_interactions(as_of: datetime) -> ShopInteractions:
    """All usable interactions before `as_of`, by kind, then database key: stable for a hash.

    Known people come first in the numbering of users, then visitors nobody has named.
    """
    words = consent_words(as_of)
    links = browsers_of(as_of)
    return _numbered(itertools.chain(_purchases(as_of, words), _behaviour(as_of, words, links)))


def consent_words(as_of: datetime) -> dict[int, bool]:
    """Customer → her latest word on personalisation; absent where she never said one."""
    given = Consent.objects.filter(purpose=Purpose.PERSONALISATION, recorded_at__lt=as_of)
    return dict(given.order_by("recorded_at", "id").values_list("customer_id", "granted"))


def sold_lines(as_of: datetime) -> QuerySet[OrderLine]:
    """Items of orders that were not cancelled."""
    return OrderLine.objects.filter(
        kind=LineKind.ITEM, order__placed_at__lt=as_of, variant__isnull=False
    ).exclude(order__state=OrderState.CANCELLED)


def noticed_events(as_of: datetime) -> EventQuerySet:
    """Views and cart additions that happened under consent and had arrived here by then."""
    return Event.objects.filter(
        kind__in=list(WEIGHTS),
        consent=True,
        variant__product__isnull=False,  # a join: the log names SKUs that may be gone
        received_at__lt=as_of,
    )


def browsers_of(as_of: datetime) -> Browsers:
    """Visitor → when and to whom it was linked, oldest first: the rule of VisitorLink in Python."""
    found: Browsers = {}
    links = VisitorLink.objects.known_by(as_of).order_by("linked_at", "id")
    for visitor, at, customer_id in links.values_list("visitor", "linked_at", "customer_id"):
        found.setdefault(visitor, []).append((at, customer_id))
    return found


def owner_at(links: list[tuple[datetime, int]], at: datetime) -> int | None:
    """The last link until then; the first one for what came before any."""
    if not links:
        return None
    return next((customer for when, customer in reversed(links) if when <= at), links[0][1])


def product_categories(product_ids: np.ndarray) -> np.ndarray:
    """int64 (n,), in the order asked for: each product's category key, 0 for none."""
    found = dict(Product.objects.values_list("pk", "category_id"))
    return np.array([found.get(int(pk)) or 0 for pk in product_ids], dtype=np.int64)


@dataclass(frozen=True)
class PersonHistory:
    """What one person did, oldest first; empty where nothing may be used.

    customer_id: the customer behind the visitor, where known.
    product_ids int64, weight float32, at float64 epoch seconds, bought bool: one row per event.
    """

    customer_id: int | None
    refused: bool
    product_ids: np.ndarray
    weight: np.ndarray
    at: np.ndarray
    bought: np.ndarray


def person_history(
    *,
    customer_id: int | None,
    visitor: str,
    at: datetime,
    session: str = "",
    most: int = 1_000,
) -> PersonHistory:
    """The newest `most` purchases and as many signs of interest of one person, at this moment.

    session: of a visitor nobody has named, only this visit counts, once something is known of it.
    At most four queries: the visitor's link, the customer's word, purchases, behaviour.
    """
    if customer_id is None and visitor:
        customer_id = VisitorLink.objects.known_by(at).owner_of(visitor)
    word = _word_of(customer_id, at) if customer_id else None
    found: list[tuple] = []
    if customer_id and word is not False:
        found += _own_purchases(customer_id, at, most)
    if word or (customer_id is None and visitor):
        found += _own_behaviour(customer_id, visitor, session, at, most)
    found.sort(key=lambda row: (row[2], row[0]))
    columns = list(zip(*found, strict=True)) or [(), (), (), ()]
    return PersonHistory(
        customer_id,
        word is False,
        np.array(columns[0], dtype=np.int64),
        np.array(columns[1], dtype=np.float32),
        np.array(columns[2], dtype=np.float64),
        np.array(columns[3], dtype=bool),
    )


def _word_of(customer_id: int, at: datetime) -> bool | None:
    given = Consent.objects.filter(
        customer_id=customer_id, purpose=Purpose.PERSONALISATION, recorded_at__lte=at
    )
    return given.order_by("-recorded_at", "-id").values_list("granted", flat=True).first()


def _own_purchases(customer_id: int, at: datetime, most: int) -> list[tuple]:
    lines = sold_lines(at).filter(order__customer_id=customer_id)
    newest = lines.order_by("-order__placed_at", "-pk")
    found = newest.values_list("variant__product_id", "order__placed_at")[:most]
    return [(product_id, PURCHASE_WEIGHT, at.timestamp(), True) for product_id, at in found]


def _own_behaviour(
    customer_id: int | None, visitor: str, session: str, at: datetime, most: int
) -> list[tuple]:
    events = noticed_events(at)
    if customer_id is None:
        mine = events.filter(visitor=visitor, customer__isnull=True)
    else:
        mine = events.of_customer(customer_id, known_by=at)
    newest = mine.order_by("-received_at", "-id")
    found = list(newest.values_list("variant__product_id", "kind", "received_at", "session")[:most])
    if customer_id is None and session:
        found = [row for row in found if row[3] == session] or found
    return [
        (product_id, WEIGHTS[EventKind(kind)], at.timestamp(), False)
        for product_id, kind, at, _session in found
    ]


def _purchases(as_of: datetime, words: dict[int, bool]) -> Iterator[tuple]:
    lines = sold_lines(as_of).filter(order__customer__isnull=False).order_by("pk")
    found = lines.values_list("order__customer_id", "variant__product_id", "order__placed_at")
    for customer_id, product_id, at in found.iterator(CHUNK):
        if words.get(customer_id, True):
            yield customer_id, product_id, PURCHASE_WEIGHT, at.timestamp(), True


def _behaviour(as_of: datetime, words: dict[int, bool], links: Browsers) -> Iterator[tuple]:
    events = noticed_events(as_of).order_by("pk")
    found = events.values_list(
        "customer_id", "visitor", "variant__product_id", "kind", "received_at"
    )
    for customer_id, visitor, product_id, kind, at in found.iterator(CHUNK):
        owner = customer_id or owner_at(links.get(visitor, []), at)
        person = owner or (f"visitor:{visitor}" if visitor else None)
        allowed = words.get(person, False) if isinstance(person, int) else person is not None
        if allowed:
            yield person, product_id, WEIGHTS[EventKind(kind)], at.timestamp(), False


def _numbered(found: Iterable[tuple]) -> ShopInteractions:
    """Columns from tuples; people are numbered as they appear, products by their key."""
    people: dict[int | str, int] = {}
    user, product, weight, at, bought = [], [], [], [], []
    for person, product_id, row_weight, seconds, was_bought in found:
        user.append(people.setdefault(person, len(people)))
        product.append(product_id)
        weight.append(row_weight)
        at.append(seconds)
        bought.append(was_bought)
    product_ids, item = np.unique(np.array(product, dtype=np.int64), return_inverse=True)
    rows = Rows(
        np.array(user, dtype=np.int64),
        item.astype(np.int64),
        np.array(weight, dtype=np.float32),
        np.array(at, dtype=np.float64),
        len(people),
        len(product_ids),
        np.array(bought, dtype=bool),
    )
    return ShopInteractions(rows, product_ids)
