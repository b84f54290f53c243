"""After how many days what somebody has bought is offered to her again."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from django.db import transaction

from recommendations.frames import product_facts
from recommendations.kept import changes
from recommendations.ml.interactions import Histories
from recommendations.ml.repeats import LEAST_BUYERS, again_of_products, repeats_of
from recommendations.models import BuyAgain, RepeatPurchase
from recommendations.services.meaning.resolving import categories_below
from recommendations.services.readings import read_history
from shop.models import Product
from shop.services.events.event_rows import among

SECONDS_A_DAY = 86_400
SECONDS_KEPT = 60.0
# Those with most buyers, and of all categories that the merchant named.
MOST_LEARNT, MOST_NAMED = 50_000, 20_000
Again = Mapping[int, int | None]


@dataclass(frozen=True)
class _Kept:
    again: Again
    until: float
    at_change: int


_kept: _Kept | None = None


def again_days() -> Again:
    """Product → days after which it is offered again, None: never. Others go by the placement.

    The merchant's word on the product, else on its nearest category, else what was learnt. Read once
    a minute in a process, and again at once after a change made in it.
    """
    global _kept
    kept, now = _kept, time.monotonic()
    if kept and kept.until > now and kept.at_change == changes():
        return kept.again
    at_change = changes()
    again = _learnt() | _said()
    _kept = _Kept(again, now + SECONDS_KEPT, at_change)
    return again


def _learnt() -> dict[int, int | None]:
    rows = RepeatPurchase.objects.order_by("-buyers", "pk")
    return dict(rows.values_list("product_id", "again_days")[:MOST_LEARNT])


def _said() -> dict[int, int | None]:
    words = list(BuyAgain.objects.values_list("product_id", "category_id", "again_days"))
    by_category = {category: days for _product, category, days in words if category}
    found: dict[int, int | None] = {}
    if by_category:
        below = categories_below()
        # The widest first: what is said of a category within goes before what is said of the whole.
        widest = sorted(by_category, key=lambda category: -len(below.get(category, ())))
        days_of = {one: by_category[c] for c in widest for one in below.get(c, (c,))}
        inside = Product.objects.filter(category__in=among(days_of)).order_by("-pk")
        rows = inside.values_list("pk", "category_id")[:MOST_NAMED]
        found = {pk: days_of[category] for pk, category in rows}
    return found | {product: days for product, _category, days in words if product}


def learn_repeats(as_of: datetime) -> dict:
    """From all purchases before `as_of`; written as a whole, and the same again for the same data."""
    history = read_history(as_of).history
    rows, ids = history.rows, history.product_ids
    bought = np.flatnonzero(
        np.asarray(rows.bought, dtype=bool) & (history.customer_ids > 0)[rows.user]
    )
    day = (np.asarray(rows.at)[bought] // SECONDS_A_DAY).astype(np.int64)
    customer, product = rows.user[bought], rows.item[bought]
    keys, category = np.unique(product_facts(ids, as_of).categories, return_inverse=True)
    category = np.where(keys[category] > 0, category, -1)
    own = repeats_of(customer, product, day, np.arange(len(ids)), len(ids))
    theirs = repeats_of(customer, product, day, category, len(keys))
    again = again_of_products(own, theirs, category)
    found = [
        RepeatPurchase(
            product_id=int(ids[place]),
            buyers=int(own.buyers[place]),
            came_back=int(own.came_back[place]),
            again_days=int(again[place]),
            by_category=bool(own.buyers[place] < LEAST_BUYERS),
            learnt_at=as_of,
        )
        for place in np.flatnonzero(np.isfinite(again)).tolist()
    ]
    there = set(Product.objects.values_list("pk", flat=True))
    kept = [row for row in found if row.product_id in there]
    with transaction.atomic():  # also beside another run of the same: each row is written over
        gone = RepeatPurchase.objects.exclude(
            product__in=among([row.product_id for row in kept] or [0])
        )
        gone.delete()
        RepeatPurchase.objects.bulk_create(
            kept,
            batch_size=1_000,
            update_conflicts=True,
            unique_fields=["product"],
            update_fields=["buyers", "came_back", "again_days", "by_category", "learnt_at"],
        )
    return {"purchases": len(bought), "products": len(kept)}


def again_of_items(product_ids: np.ndarray, usual: int | None) -> np.ndarray:
    """float64 per item of a model: days, infinity for never. usual: where nothing is said."""
    found = np.full(len(product_ids), np.inf if usual is None else usual)
    again = again_days()
    if again:
        keys = np.array(sorted(again), dtype=np.int64)
        days = np.array(
            [np.inf if again[k] is None else again[k] for k in keys.tolist()], dtype=float
        )
        place = np.minimum(np.searchsorted(keys, product_ids), len(keys) - 1)
        found = np.where(keys[place] == product_ids, days[place], found)
    return found


def still_hidden(histories: Histories, again: np.ndarray, at: datetime) -> np.ndarray:
    """bool per row: bought, and not offered again yet. again: days per item, as `again_of_items`."""
    if histories.at is None:
        return histories.bought
    ago = (at.timestamp() - histories.at) / SECONDS_A_DAY
    return histories.bought & (ago <= again[histories.item_idx])
