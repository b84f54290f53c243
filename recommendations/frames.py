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

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from django.db.models import Case, IntegerField, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce

from recommendations.columns import MICROSECONDS, Wanted, columns_of
from recommendations.ml.interactions import Rows
from recommendations.ml.people import (
    Links,
    codes_of,
    numbered_as_seen,
    numbered_by_key,
    owners,
)
from recommendations.purchases import all_purchases, joined_purchases
from shop.models import (
    Consent,
    Event,
    EventKind,
    Order,
    OrderLine,
    OrderState,
    OrderTransition,
    Price,
    PriceKind,
    Product,
    Purpose,
    VisitorLink,
)
from shop.models.events import EventQuerySet
from shop.services.events.event_rows import among

# How much of a purchase a lesser sign of interest counts; a choice, measured nowhere yet.
WEIGHTS = {EventKind.VIEW: 0.1, EventKind.CART_ADD: 0.4}
PURCHASE_WEIGHT = 1.0
LATECOMERS = timedelta(minutes=10)  # longer than a transaction takes that was open at the reading


@dataclass(frozen=True)
class ShopInteractions:
    """Rows of the whole shop under one numbering.

    product_ids: int64 (rows.n_items,), ascending: the database key of each item code.
    customer_ids: int64 (rows.n_users,): the database key of each user code, 0 for a visitor.
    """

    rows: Rows
    product_ids: np.ndarray
    customer_ids: np.ndarray

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


def shop_interactions(
    as_of: datetime, customers: Collection[int] | None = None
) -> ShopInteractions:
    """All usable interactions before `as_of`, by kind, then database key: stable for a hash.

    customers: only theirs, under a numbering of their own.
    Known people come first in the numbering of users, then visitors nobody has named.
    """
    words = _words(as_of)
    parts = [_purchases(as_of, words, customers), _behaviour(as_of, words, customers)]
    return _numbered(parts, customers)


def consent_words(as_of: datetime) -> dict[int, bool]:
    """Customer → her latest word on personalisation; absent where she never said one."""
    given = Consent.objects.filter(purpose=Purpose.PERSONALISATION, recorded_at__lt=as_of)
    return dict(given.order_by("recorded_at", "id").values_list("customer_id", "granted"))


def refused_customers(as_of: datetime) -> list[int]:
    """Whose latest word on personalisation is no, by key."""
    words = consent_words(as_of)
    return [customer for customer in sorted(words) if not words[customer]]


def changed_customers(since: datetime, read_at: datetime, as_of: datetime) -> set[int]:
    """Of whom something may read otherwise at `as_of` than it read at `read_at` up to `since`.

    Orders placed, brought in or cancelled, noticed events, words on personalisation and links of
    browsers since then, and LATECOMERS before: what was on its way at that moment is not missed.
    """
    since, read_at = since - LATECOMERS, read_at - LATECOMERS
    placed = Q(placed_at__gte=since, placed_at__lt=as_of) | Q(created_at__gte=read_at)
    orders = Order.objects.filter(placed, customer__isnull=False)
    cancelled = OrderTransition.objects.filter(
        at__gte=read_at, to_state=OrderState.CANCELLED, order__customer__isnull=False
    )
    events = noticed_events(as_of).filter(received_at__gte=since).order_by()
    words = Consent.objects.filter(recorded_at__gte=since, purpose=Purpose.PERSONALISATION)
    browsers = events.filter(customer__isnull=True).exclude(visitor="").values("visitor")
    links = VisitorLink.objects.known_by(as_of)
    linked = links.filter(Q(linked_at__gte=since) | Q(visitor__in=browsers))
    known = events.filter(customer__isnull=False)
    found = [one.values_list("customer_id", flat=True) for one in (orders, known, words, linked)]
    return {pk for one in found for pk in one.order_by().distinct()} | set(
        cancelled.order_by().values_list("order__customer_id", flat=True)
    )


def sold_lines(as_of: datetime) -> QuerySet[OrderLine]:
    """Items of orders that were not cancelled, whole or in their own units."""
    return OrderLine.objects.sold().filter(order__placed_at__lt=as_of, variant__isnull=False)


def noticed_events(as_of: datetime) -> EventQuerySet:
    """Views and cart additions that happened under consent and had arrived here by then."""
    return Event.objects.filter(
        kind__in=list(WEIGHTS),
        consent=True,
        variant__product__isnull=False,  # a join: the log names SKUs that may be gone
        received_at__lt=as_of,
    )


def described_products() -> tuple[np.ndarray, np.ndarray, list[str]]:
    """All products but drafts, by key: key (int64), whether on sale (bool), description.

    The description is name, brand, category, attributes and text, in the shop's first language,
    as they are now: older ones are not kept.
    """
    products = Product.objects.exclude(state=Product.State.DRAFT)
    found = products.order_by("pk").values_list(
        "pk", "state", "name", "brand__name", "category__name", "attributes", "description"
    )
    ids, on_sale, texts = [], [], []
    for pk, state, name, brand, category, attributes, text in found.iterator(10_000):
        ids.append(pk)
        on_sale.append(state == Product.State.ACTIVE)
        values = " ".join(f"{key} {value}" for key, value in sorted(attributes.items()))
        texts.append(". ".join(part for part in (name, brand, category, values, text) if part))
    return np.array(ids, dtype=np.int64), np.array(on_sale, dtype=bool), texts


@dataclass(frozen=True)
class ProductFacts:
    """What is known of n products besides who bought them.

    categories, brands: int64, database keys, 0 for none, as they are now. price_minor: float64, the
    list price in force at a time, NaN without one; margin_rate: float64, (price − cost) / price, tax not taken
    off, NaN where either is unknown. Of several SKUs the mean.
    """

    categories: np.ndarray
    brands: np.ndarray
    price_minor: np.ndarray
    margin_rate: np.ndarray


def product_facts(product_ids: np.ndarray, at: datetime) -> ProductFacts:
    """In the order asked for, prices as of `at`."""
    rows = Product.objects.values_list("pk", "category_id", "brand_id")
    found = {pk: (category or 0, brand or 0) for pk, category, brand in rows}
    keys = [found.get(int(pk), (0, 0)) for pk in product_ids]
    priced: dict[int, list[tuple[int, int | None]]] = {}
    standing = Price.objects.filter(
        Q(valid_until__isnull=True) | Q(valid_until__gt=at),
        kind=PriceKind.LIST,
        channel__isnull=True,
        valid_from__lte=at,
        amount_minor__gt=0,
    )
    newest = standing.order_by("valid_from", "id").values_list(
        "variant_id", "variant__product_id", "amount_minor", "variant__cost_minor"
    )
    # One row a SKU: the newest, which comes last.
    of_variant = {row[0]: row[1:] for row in newest.iterator(10_000)}
    for product_id, amount, cost in of_variant.values():
        priced.setdefault(product_id, []).append((amount, cost))
    price, margin = np.full(len(keys), np.nan), np.full(len(keys), np.nan)
    for place, pk in enumerate(product_ids.tolist()):
        amounts = priced.get(pk, [])
        rates = [(amount - cost) / amount for amount, cost in amounts if cost is not None]
        if amounts:
            price[place] = np.mean([amount for amount, _cost in amounts])
        if rates:
            margin[place] = np.mean(rates)
    category, brand = np.array(keys, dtype=np.int64).reshape(-1, 2).T
    return ProductFacts(category, brand, price, margin)


Allowed = tuple[np.ndarray, np.ndarray]  # customers who said yes, and no: int64, ascending


def _words(as_of: datetime) -> Allowed:
    words = consent_words(as_of)
    said = np.array(sorted(words), dtype=np.int64)
    yes = np.array([words[int(customer)] for customer in said], dtype=bool)
    return said[yes], said[~yes]


@dataclass(frozen=True)
class _Found:
    """Rows of one kind. person: the customer's key, or −1 − the browser's code."""

    person: np.ndarray
    product: np.ndarray
    weight: np.ndarray
    at: np.ndarray
    bought: bool

    def take(self, chosen: np.ndarray) -> _Found:
        return _Found(
            self.person[chosen],
            self.product[chosen],
            self.weight[chosen],
            self.at[chosen],
            self.bought,
        )


def _purchases(as_of: datetime, words: Allowed, customers: Collection[int] | None) -> _Found:
    if customers is None:
        read = all_purchases(as_of)
    else:
        theirs = sold_lines(as_of).filter(order__customer_id__in=among(customers or [0]))
        read = joined_purchases(theirs)
    weight = np.full(len(read.at), PURCHASE_WEIGHT, dtype=np.float32)
    found = _Found(read.customer, read.product, weight, read.at, True)
    return found.take(~np.isin(found.person, words[1])) if len(words[1]) else found


def _behaviour(as_of: datetime, words: Allowed, customers: Collection[int] | None) -> _Found:
    events = noticed_events(as_of)
    links = VisitorLink.objects.known_by(as_of)
    if customers is not None:
        theirs = links.filter(customer_id__in=among(customers or [0])).values("visitor")
        guest = Q(customer__isnull=True, visitor__in=theirs)
        events = events.filter(Q(customer_id__in=among(customers or [0])) | guest)
    read = columns_of(events, _EVENT_COLUMNS)
    codes: dict[str, int] = {"": 0}
    browser = codes_of(read["visitor"], codes)
    linked = _links(links, codes)
    owner = np.where(read["person"] > 0, read["person"], owners(browser, read["at"], linked))
    person = np.where(owner > 0, owner, -1 - browser)
    weight = np.array(list(WEIGHTS.values()), dtype=np.float32)[read["kind"]]
    found = _Found(person, read["product"], weight, read["at"], False)
    nobody_named = (person < -1) if customers is None else np.zeros(len(person), dtype=bool)
    return found.take(nobody_named | np.isin(person, words[0]))


_EVENT_COLUMNS = Wanted(
    {
        "person": Coalesce("customer_id", 0),
        "product": "variant__product_id",
        "kind": Case(
            *(When(kind=kind, then=place) for place, kind in enumerate(WEIGHTS)),
            output_field=IntegerField(),
        ),
    },
    {"at": "received_at"},
    # The browser of a known customer says nothing more of her.
    {"visitor": Case(When(customer__isnull=True, then="visitor"), default=Value(""))},
)


def _links(links: QuerySet[VisitorLink], codes: dict[str, int]) -> Links:
    """Of the browsers that have a code: the others did nothing. Oldest first; the key decides."""
    wanted = Wanted({"customer": "customer_id"}, {"at": "linked_at"}, {"visitor": "visitor"})
    read = columns_of(links, wanted)
    browser = np.array([codes.get(visitor, -1) for visitor in read["visitor"]], dtype=np.int64)
    order = np.argsort(read["at"], kind="stable")
    order = order[browser[order] > 0]
    return Links(browser[order], read["at"][order], read["customer"][order])


def _numbered(parts: list[_Found], customers: Collection[int] | None) -> ShopInteractions:
    """People are numbered as they appear, products by their key."""
    person = np.concatenate([part.person for part in parts])
    weight = np.concatenate([part.weight for part in parts])
    at = np.concatenate([part.at for part in parts]) / MICROSECONDS
    bought = np.concatenate([np.full(len(part.at), part.bought) for part in parts])
    if customers is not None:  # a browser that was theirs once may have become another's
        asked = np.isin(person, np.array(list(customers), dtype=np.int64))
        person, weight, at, bought = person[asked], weight[asked], at[asked], bought[asked]
    else:
        asked = np.ones(len(person), dtype=bool)
    product = np.concatenate([part.product for part in parts])[asked]
    user, people = numbered_as_seen(person)
    product_ids, item = numbered_by_key(product)
    rows = Rows(user, item, weight, at, len(people), len(product_ids), bought)
    return ShopInteractions(rows, product_ids, np.where(people > 0, people, 0))
