"""Everything that a request has to know before its candidates, read in one journey."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from operator import itemgetter
from typing import Any

from django.db import connection

from recommendations.frames import PURCHASE_WEIGHT, WEIGHTS
from recommendations.ml.chains import ABOUT_PRODUCTS
from recommendations.ml.one_person import oldest_first
from recommendations.ml.policy import Settings
from recommendations.models import ListPublication, PublishedList
from recommendations.person_frames import last_purchases, person_history
from recommendations.services.asking import Ask
from recommendations.services.gates import Offer, price_kind_of
from recommendations.services.live_model import Named, live_run, refused_run
from recommendations.services.statements import journey
from shop.models import Customer, EventKind, OrderLine, Product, Variant

MOST_ROWS = 1_000  # newest purchases, and as many signs of interest
MOST_LINES = 200
BOUGHT = "purchase"
LIST_RUN, HAS_NEWS, HIDDEN_DAYS = 4, 8, 9  # columns of the person's row
BECAUSE = 11  # column of a listed offer; the names of that product follow
NEWEST = 5  # of so many products that were touched last the categories count
SECONDS_BUSY, MOST_BUSY = 600.0, 10_000
Names = dict[int, tuple[str, str]]

# Customer, by code or key → until when on the monotonic clock her history is asked at once.
_busy: dict[str | int, float] = {}


@dataclass
class Read:
    """Who it is, what is known of her, what the request names, and which model is live.

    customer_code: of the customer behind the request; word: hers on personalisation. history: (product, weight, epoch seconds, bought)
    per event, oldest first. named: SKU → (product, category or 0). ordered: the same of an order.
    listed: the list that the night published by list_run, where nothing newer is known of her;
    offered: the first of it that can be sold, where the list alone may be the answer.
    because: what the night wrote down of each of these, as PublishedList has it. Then nothing has
    changed since, and her history was not read: `with_history` reads it after all.
    foreseen: rows of offers among the candidates that were guessed.
    bought_before: (product, epoch seconds of the last time) of what she bought further back than the
    history reaches; has_more: whether there is any such thing.
    """

    live: Named | None
    customer_id: int | None = None
    customer_code: str = ""
    word: bool | None = None
    refused: bool = False
    history: list[tuple[int, float, float, bool]] = field(default_factory=list)
    last_categories: list[int] = field(default_factory=list)
    named: dict[str, tuple[int, int]] = field(default_factory=dict)
    ordered: list[tuple[int, int]] = field(default_factory=list)
    names: Names = field(default_factory=dict)
    list_run: int | None = None
    listed: list[int] = field(default_factory=list)
    offered: dict[int, Offer] | None = None
    because: dict[int, int] | None = None
    foreseen: list[tuple] | None = None
    bought_before: list[tuple[int, float]] = field(default_factory=list)
    has_more: bool = False

    def page_products(self, skus: Sequence[str]) -> list[int]:
        """What the page, the cart or the order is about."""
        named = [self.named[sku][0] for sku in skus if sku in self.named]
        return named + [product_id for product_id, _category in self.ordered]


@dataclass(frozen=True)
class Foreseen:
    """Products whose gates are asked in the same journey, and how many offers of them to bring."""

    product_ids: list[int]
    most: int


def read_request(
    ask: Ask,
    settings: Settings,
    at: datetime,
    foreseen: Foreseen | None = None,
    *,
    may_be_brief: bool = False,
) -> Read:
    """may_be_brief: what the night wrote down may stand for her history."""
    if connection.vendor == "postgresql":
        return _by_journey(ask, settings, at, foreseen, may_be_brief)
    return _by_querysets(ask, settings, at)


def may_be_listed(ask: Ask, settings: Settings) -> bool:
    """Whether what the night computed may stand for the source `personal`, which comes first.

    Of a placement that hides what was bought for another time than the lists do, it does not.
    """
    return (
        settings.sources[0] == "personal"
        and ask.placement not in ABOUT_PRODUCTS
        and not price_kind_of(ask.placement)
        and bool(ask.customer or ask.code or ask.visitor)
    )


def _by_journey(
    ask: Ask,
    settings: Settings,
    at: datetime,
    foreseen: Foreseen | None = None,
    may_be_brief: bool = False,
) -> Read:
    skus = [*ask.skus, *ask.exclude]
    who = _who(ask)
    listed = may_be_listed(ask, settings)
    alone = listed and settings.keeps_order
    brief = may_be_brief and alone and _may_be_as_written(ask)
    asked = {"person": who} if who else {"live": "live"}
    asked |= {"history": f"{who}_history"} if who and not brief else {}
    asked |= {"named": "named"} if skus else {}
    asked |= {"ordered": "ordered"} if ask.order else {}
    asked |= {"listed": f"{who}_listed"} if alone else {}
    values = _values(ask, skus, at)
    if foreseen:
        asked["offers"] = "offers"
        values |= {"ids": foreseen.product_ids, "shown": foreseen.most}
    found = dict(zip(asked, journey(*asked.values(), **values), strict=True))
    live = found["person"][0][:2] if who else next(iter(found["live"]), (None, ""))
    read = Read((*live, "") if live[0] else refused_run(), foreseen=found.get("offers"))
    for sku, product_id, category_id, *names in found.get("named", ()):
        read.named[sku] = (product_id, category_id or 0)
        read.names[product_id] = (names[0], names[1])
    for product_id, category_id, *names in found.get("ordered", ()):
        read.ordered.append((product_id, category_id or 0))
        read.names[product_id] = (names[0], names[1])
    if who:
        _person(read, found["person"][0])
        if brief and _is_as_written(found, ask, settings):
            _why_listed(read, found["listed"])
        else:
            if brief:
                _note_news(ask)
                [found["history"]] = journey(f"{who}_history", **values)
            _history(read, found["history"], ask)
            _whole_purchases(read, who, values)
    if listed and read.customer_id and found["person"][0][HIDDEN_DAYS] == settings.hide_bought_days:
        _list(read, found["person"][0], found.get("listed"))
    return read


def with_history(ask: Ask, at: datetime, read: Read) -> Read:
    """The same, with what the night's reasons stood for."""
    who, values = _who(ask), _values(ask, (), at)
    _history(read, journey(f"{who}_history", **values)[0], ask)
    _whole_purchases(read, who, values)
    return replace(read, because=None)


def _who(ask: Ask) -> str:
    return "visitor" if ask.visitor else "customer" if ask.customer or ask.code else ""


def _values(ask: Ask, skus: Sequence[str], at: datetime) -> dict[str, Any]:
    return {
        "customer": ask.customer.pk if ask.customer else None,
        "code": ask.code or None,
        "visitor": ask.visitor or None,
        "at": at,
        "skus": list(skus),
        "number": ask.order,
        "channel": ask.channel.pk if ask.channel else None,
        "facts": False,
        "most": MOST_ROWS,
        # A few more than are shown: some of the list may be excluded.
        "shown": ask.limit + len(ask.exclude),
    }


def _person(read: Read, row: tuple) -> None:
    """Her word decides what may be used: docs/recommendations.md, first table."""
    read.customer_id, code, *_list, read.word = row[2:8]
    read.customer_code = code or ""
    read.refused = read.word is False


def _history(read: Read, rows: list[tuple], ask: Ask) -> None:
    bought = [row for row in rows if row[5] == BOUGHT]
    purchases, noticed = [], []
    if read.customer_id and not read.refused:
        purchases = [(*row[:5], PURCHASE_WEIGHT, True) for row in bought]
    if read.word or not read.customer_id:
        noticed = [
            (*row[:5], WEIGHTS[EventKind(row[5])], False)
            for row in _of_visit(rows[len(bought) :], read, ask)
        ]
    read.has_more = len(purchases) >= MOST_ROWS
    touched = oldest_first(purchases, noticed, itemgetter(1))
    for product_id, at, name, name_zh, _category, weight, was_bought in touched:
        read.history.append((product_id, weight, at, was_bought))
        read.names[product_id] = (name, name_zh)
    newest = {row[0]: row[4] for row in touched[::-1]}
    read.last_categories = [category for category in list(newest.values())[:NEWEST] if category]


def _whole_purchases(read: Read, who: str, values: dict[str, Any]) -> None:
    """Also what lies further back is not offered again: one journey more, for very few."""
    if read.has_more:
        read.bought_before = _further_back(read, journey(f"{who}_bought", **values)[0])


def _further_back(read: Read, rows: Iterable[tuple[int, float]]) -> list[tuple[int, float]]:
    near = {product_id for product_id, _weight, _at, bought in read.history if bought}
    return sorted((product_id, at) for product_id, at in rows if product_id not in near)


def _of_visit(rows: list[tuple], read: Read, ask: Ask) -> list[tuple]:
    """Of a visitor nobody has named only this visit counts, once something is known of it."""
    if read.customer_id or not ask.session:
        return rows
    return [row for row in rows if row[6] == ask.session] or rows


def _may_be_as_written(ask: Ask) -> bool:
    """Whether to leave the history out at first. A guess: what is read decides.

    Of a browser alone most are nobody's and have no list. Who did something lately does more.
    """
    named = _named(ask)
    return bool(named) and _busy.get(named, 0.0) < time.monotonic()


def _note_news(ask: Ask) -> None:
    if len(_busy) >= MOST_BUSY:
        _busy.clear()
    _busy[_named(ask)] = time.monotonic() + SECONDS_BUSY


def _named(ask: Ask) -> str | int:
    """The customer asked for, 0 for none."""
    return ask.code or (ask.customer.pk if ask.customer else 0)


def _is_as_written(found: dict[str, list[tuple]], ask: Ask, settings: Settings) -> bool:
    """Whether nothing has changed since her list was written by the live run, and enough of it can
    be sold, each with a product that is still there to be named."""
    [row] = found["person"]
    return (
        row[LIST_RUN] == row[0]
        and row[HAS_NEWS] is False
        and row[HIDDEN_DAYS] == settings.hide_bought_days
        and len(found["listed"]) >= ask.limit
        and all(one[BECAUSE] == 0 or one[BECAUSE + 1] is not None for one in found["listed"])
    )


def _why_listed(read: Read, rows: list[tuple]) -> None:
    read.because = {row[0]: row[BECAUSE] for row in rows}
    for *_offer, because, name, name_zh in rows:
        if because:
            read.names[abs(because)] = (name, name_zh)


def _list(read: Read, person: Sequence[Any], offered: list[tuple] | None) -> None:
    """Kept only where nothing that happened since is known."""
    run_id, since, products = person[LIST_RUN : LIST_RUN + 3]
    newest = read.history[-1][2] if read.history else 0.0
    if run_id is None or read.refused or newest >= since.timestamp():
        return
    read.list_run = run_id
    read.listed = json.loads(products) if isinstance(products, str) else products
    if offered is not None:
        read.offered = {row[0]: Offer.of_row(row) for row in offered}


def _by_querysets(ask: Ask, settings: Settings, at: datetime) -> Read:
    """SQLite: the same through the queryset API; there it is no journey."""
    read = Read(live_run() or refused_run())
    customer = ask.customer
    if customer is None and ask.code:
        customer = Customer.objects.filter(code=ask.code).first()
    person = person_history(
        customer_id=customer.pk if customer else None,
        visitor=ask.visitor,
        session=ask.session,
        at=at,
        most=MOST_ROWS,
    )
    read.customer_id, read.refused = person.customer_id, person.refused
    # Weights are kept in float32, where 0.1 is 0.10000000149.
    weights = [round(weight, 4) for weight in person.weight.tolist()]
    columns = (person.product_ids.tolist(), weights, person.at.tolist(), person.bought.tolist())
    read.history = list(zip(*columns, strict=True))
    if person.purchases >= MOST_ROWS and person.customer_id:
        read.bought_before = _further_back(read, last_purchases(person.customer_id, at))
    read.last_categories = _categories_of([row[0] for row in read.history[::-1]])
    skus = [*ask.skus, *ask.exclude]
    if skus:
        found = Variant.objects.filter(sku__in=skus)
        rows = found.values_list("sku", "product_id", "product__category_id")
        read.named = {sku: (pk, category or 0) for sku, pk, category in rows}
    if ask.order:
        read.ordered = _ordered(ask.order)
    if customer is None and read.customer_id:
        customer = Customer.objects.filter(pk=read.customer_id).first()
    read.customer_code = customer.code if customer else ""
    if read.customer_id and may_be_listed(ask, settings):
        _list_of(read, settings)
    return read


def _list_of(read: Read, settings: Settings) -> None:
    row = PublishedList.objects.filter(customer=read.customer_id).first()
    written = row and ListPublication.objects.filter(run=row.run_id).first()
    if row and written and written.hide_bought_days == settings.hide_bought_days:
        since = min(row.published_at, written.data_until)
        _list(read, (None,) * LIST_RUN + (row.run_id, since, row.products), None)


def _categories_of(newest_first: Sequence[int]) -> list[int]:
    newest = list(dict.fromkeys(newest_first))[:NEWEST]
    if not newest:
        return []
    rows = Product.objects.filter(pk__in=newest, category__isnull=False)
    return list(rows.values_list("category_id", flat=True))


def _ordered(number: str) -> list[tuple[int, int]]:
    lines = OrderLine.objects.filter(order__number=number, variant__isnull=False)
    found = lines.order_by("position").values_list(
        "variant__product_id", "variant__product__category_id"
    )
    return [(product_id, category or 0) for product_id, category in found[:MOST_LINES]]
