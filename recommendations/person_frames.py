"""Reads of one person at the moment of a request, by the rules of frames.py."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter

import numpy as np
from django.db.models import Max

from recommendations.frames import PURCHASE_WEIGHT, WEIGHTS, noticed_events, sold_lines
from recommendations.ml.one_person import oldest_first
from shop.models import Consent, EventKind, Purpose, VisitorLink


@dataclass(frozen=True)
class PersonHistory:
    """What one person did, oldest first; empty where nothing may be used.

    customer_id: the customer behind the visitor, where known. purchases: how many rows are.
    product_ids int64, weight float32, at float64 epoch seconds, bought bool: one row per event.
    """

    customer_id: int | None
    refused: bool
    product_ids: np.ndarray
    weight: np.ndarray
    at: np.ndarray
    bought: np.ndarray
    purchases: int


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
    purchases: list[tuple] = []
    noticed: list[tuple] = []
    if customer_id and word is not False:
        purchases = _own_purchases(customer_id, at, most)
    if word or (customer_id is None and visitor):
        noticed = _own_behaviour(customer_id, visitor, session, at, most)
    found = oldest_first(purchases, noticed, itemgetter(2))
    columns = list(zip(*found, strict=True)) or [(), (), (), ()]
    return PersonHistory(
        customer_id,
        word is False,
        np.array(columns[0], dtype=np.int64),
        np.array(columns[1], dtype=np.float32),
        np.array(columns[2], dtype=np.float64),
        np.array(columns[3], dtype=bool),
        len(purchases),
    )


def last_purchases(customer_id: int, at: datetime) -> list[tuple[int, float]]:
    """(product, epoch seconds) of all that she ever bought, the last time of each."""
    lines = sold_lines(at).filter(order__customer_id=customer_id)
    found = lines.values_list("variant__product_id").annotate(last=Max("order__placed_at"))
    return [(product_id, last.timestamp()) for product_id, last in found.order_by()]


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
