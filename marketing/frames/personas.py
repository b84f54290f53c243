"""Reads what personas may be made of, and nothing else: orders and their lines, as of any time.

MAY_READ is the whole list. A test runs this file and fails when a query names another column.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone

from language.embeddings import load_embedder
from marketing.frames.behaviour import known_orders
from marketing.texts.sensitive import sensitive_word
from shop.models import Category, Consent, LineKind, Order, OrderLine, Product, Purpose

if TYPE_CHECKING:
    import numpy as np

    from marketing.ml.persona_words import Bought

CHUNK = 2_000
MOST_TEXTS = 20_000
# Which columns a query here may name, by table; keys that join them included.
MAY_READ = {
    "shop_order": {
        "id", "customer_id", "placed_at", "total_minor", "tax_minor", "channel_id", "state", "currency",
    },
    "shop_ordertransition": {"order_id", "at", "to_state", "id"},
    "shop_orderline": {
        "id", "order_id", "kind", "variant_id", "units", "unit_price_minor", "discount_minor",
    },
    "shop_consent": {"id", "customer_id", "purpose", "granted", "recorded_at"},
    "shop_variant": {"id", "product_id"},
    "shop_product": {"id", "code", "name", "name_zh", "category_id"},
    "shop_category": {"id", "code", "name", "name_zh", "parent_id"},
}  # fmt: skip


def excluded_categories() -> set[int]:
    """Keys of categories that are not read: sensitive by their words, or by the shop's own list;
    and whatever lies below them."""
    rows = list(
        Category.objects.order_by("pk").values_list("pk", "parent", "code", "name", "name_zh")
    )
    codes = set(settings.MARKETING_PERSONA_EXCLUDED)
    found = {
        pk for pk, _parent, code, *names in rows if code in codes or is_sensitive(code, *names)
    }
    while below := {pk for pk, parent, *_rest in rows if parent in found and pk not in found}:
        found |= below
    return found


def is_sensitive(*texts: str) -> bool:
    """A code's words stand between hyphens."""
    extra = settings.MARKETING_PERSONA_WORDS
    return any(sensitive_word(text.replace("-", " ").replace("_", " "), extra) for text in texts)


def excluded_products() -> set[int]:
    """Keys of products in such a category, or with such a word in their name."""
    categories = excluded_categories()
    rows = Product.objects.order_by("pk").values_list("pk", "category", "name", "name_zh")
    return {
        pk
        for pk, category, *names in rows.iterator(CHUNK)
        if category in categories or is_sensitive(*names)
    }


@dataclass(frozen=True)
class Unread:
    """products: keys that are sensitive; customers: who refused that anything is told from what
    she does."""

    products: set[int]
    customers: set[int]


def unread(as_of: datetime) -> Unread:
    said = Consent.objects.filter(purpose=Purpose.PERSONALISATION, recorded_at__lt=as_of)
    words = said.order_by("recorded_at", "id").values_list("customer_id", "granted")
    latest = dict(words.iterator(CHUNK))
    return Unread(excluded_products(), {pk for pk, granted in latest.items() if not granted})


def bought(customers: Sequence[int], as_of: datetime, closed: Unread) -> Bought:
    """What these customers bought before `as_of`, by their keys, ascending.

    An order with nothing in it that may be read is not read either.
    """
    orders: list[tuple] = []
    lines: list[tuple] = []
    open_to = [pk for pk in customers if pk not in closed.customers]
    for start in range(0, len(open_to), CHUNK):
        found = known_orders(as_of).filter(customer__in=open_to[start : start + CHUNK])
        read = _lines(found, closed.products)
        kept = {line[0] for line in read}
        orders += [row for row in _orders(found) if row[0] in kept]
        lines += read
    return _arrays(customers, orders, lines)


def _orders(found: QuerySet[Order]) -> list[tuple]:
    return list(
        found.order_by("pk").values_list(
            "pk", "customer_id", "placed_at", "total_minor", "tax_minor", "channel_id"
        )
    )


def _lines(found: QuerySet[Order], excluded: set[int]) -> list[tuple]:
    rows = (
        OrderLine.objects.filter(
            order__in=found.order_by(), kind=LineKind.ITEM, variant__isnull=False
        )
        .order_by("pk")
        .values_list(
            "order_id", "variant__product_id", "variant__product__category__code", "units",
            "unit_price_minor", "discount_minor",
        )
    )  # fmt: skip
    return [row for row in rows if row[1] not in excluded]


def _arrays(customers: Sequence[int], orders: list[tuple], lines: list[tuple]) -> Bought:
    import numpy as np

    from marketing.ml.persona_words import Bought

    rows = {pk: row for row, pk in enumerate(customers)}
    orders.sort(key=lambda one: (rows[one[1]], one[2], one[0]))
    local = [timezone.localtime(one[2]) for one in orders]
    place = {one[0]: row for row, one in enumerate(orders)}

    def whole(values: Iterable) -> np.ndarray:
        return np.fromiter(values, np.int64)

    return Bought(
        len(customers),
        whole(rows[one[1]] for one in orders),
        np.array([one[2].timestamp() for one in orders], dtype=np.float64),
        whole(at.hour for at in local),
        whole(at.weekday() for at in local),
        whole(at.year * 12 + at.month for at in local),
        whole(-1 if one[5] is None else one[5] for one in orders),
        np.array([one[3] - one[4] for one in orders], dtype=np.float64),
        whole(place[one[0]] for one in lines),
        whole(one[1] for one in lines),
        np.array([one[2] or "" for one in lines], dtype=np.str_),
        np.array([one[3] for one in lines], dtype=np.float64),
        np.array([one[4] for one in lines], dtype=np.float64),
        np.array([one[5] > 0 for one in lines], dtype=bool),
    )


def meanings(products: Iterable[int]) -> dict[int, np.ndarray]:
    """Product → vector of its name; empty where no encoder that knows meanings is installed."""
    embedder = load_embedder()
    if not embedder.is_semantic:
        return {}
    found: dict[int, np.ndarray] = {}
    wanted = sorted({int(pk) for pk in products})[:MOST_TEXTS]
    for start in range(0, len(wanted), CHUNK):
        rows = list(
            Product.objects.filter(pk__in=wanted[start : start + CHUNK])
            .order_by("pk")
            .values_list("pk", "name", "name_zh")
        )
        vectors = embedder.encode([name or name_zh for _pk, name, name_zh in rows])
        found |= {row[0]: vector for row, vector in zip(rows, vectors, strict=True)}
    return found
