"""What can be sold at this moment, read from the ledgers themselves and never from a copy."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import (
    BigIntegerField,
    Case,
    F,
    IntegerField,
    OuterRef,
    Q,
    Subquery,
    Value,
    When,
)
from django.utils.translation import gettext_noop

from recommendations.ml.policy import Settings
from recommendations.ml.rules import Facts
from recommendations.services.statements import journey
from recommendations.services.stock_pulls import stock_pulls
from shop.models import Price, PriceKind, Product, Variant
from shop.models.catalogue import VariantQuerySet, in_reader_language
from shop.services.prices import RANK

NOT_LISTED = gettext_noop("not on sale")
HELD = gettext_noop("sale stopped")
SOLD_OUT = gettext_noop("nothing available")
NO_PRICE = gettext_noop("no price")
NOT_ON_OFFER = gettext_noop("not on offer for a short time")
MOST_ON_FLASH = 200
NO_ATTRIBUTES: Mapping[str, Any] = MappingProxyType({})


class Offer(NamedTuple):
    """The SKU of a product that can be sold now, with its price.

    A tuple: ten are made for every answer, a frozen dataclass takes eight times as long.
    """

    product_id: int
    sku: str
    name: str
    name_zh: str
    price_minor: int
    currency: str
    category_id: int = 0
    brand_id: int = 0
    cost_minor: int | None = None
    attributes: Mapping[str, Any] = NO_ATTRIBUTES
    ring_fence: int | None = None  # the quota that a flash sale may sell it from

    @classmethod
    def of_row(cls, row: Sequence[Any]) -> Offer:
        """From (product, SKU, name, Chinese name, price, currency, category, brand, cost,
        attributes, quota), the last five None where there is none."""
        attributes = json.loads(row[9]) if isinstance(row[9], str) else row[9]
        product_id, sku, name, name_zh, price_minor, currency = row[:6]
        facts = (row[6] or 0, row[7] or 0, row[8], attributes or NO_ATTRIBUTES)
        return cls(product_id, sku, name, name_zh, price_minor, currency, *facts, row[10])

    def as_row(self, moves: bool, stock_pull: float = 0.0) -> list[Any]:
        """As a receipt keeps it: SKU, and the facts where the settings move anything."""
        if not moves:
            return [self.sku]
        facts = self.facts
        money = (facts.price_minor, facts.margin_minor)
        pull = [stock_pull] if stock_pull else []
        return [self.sku, facts.category_id, facts.brand_id, *money, dict(facts.attributes), *pull]

    @property
    def facts(self) -> Facts:
        """What rules, margin and diversity ask."""
        margin = None if self.cost_minor is None else self.price_minor - self.cost_minor
        return Facts(self.category_id, self.brand_id, self.price_minor, margin, self.attributes)

    @property
    def name_for_reader(self) -> str:
        return in_reader_language(self.name, self.name_zh)


def rows_of(offered: Mapping[int, Offer], settings: Settings) -> dict[int, list[Any]]:
    """Offers as a receipt keeps them, with all that these settings ask of them."""
    moves, pulls = not settings.keeps_order, stock_pulls() if settings.stock_rate else {}
    return {pk: offer.as_row(moves, pulls.get(pk, 0.0)) for pk, offer in offered.items()}


def price_kind_of(placement: str) -> str:
    """What the price in force must be there: "" for any."""
    return PriceKind.FLASH if placement == "flash_sale" else ""


def offers(
    product_ids: Iterable[int],
    at: datetime,
    *,
    channel_id: int | None = None,
    most: int | None = None,
    price_kind: str = "",
    with_attributes: bool = False,
) -> dict[int, Offer]:
    """The sellable products among these, gates and prices in one query.

    On sale, not held, available above zero (or not stock-keeping), with a price for all channels or
    for this one. Of several SKUs of a product the one with most available, then the first by SKU.
    most: the first so many of the products, in the order given. price_kind: no SKU whose price in
    force is of another kind; of flash prices units that are set aside for a flash sale count too.
    with_attributes: else the offers know none.
    """
    ids = list(product_ids)
    if connection.vendor != "postgresql":
        return by_querysets(
            ids,
            at,
            channel_id=channel_id,
            most=most,
            price_kind=price_kind,
            with_attributes=with_attributes,
        )
    rows = journey(
        "flash_offers" if price_kind == PriceKind.FLASH else "offers",
        ids=ids,
        at=at,
        channel=channel_id,
        shown=most or len(ids),
        facts=with_attributes,
    )[0]
    return {row[0]: Offer.of_row(row) for row in rows}


def by_querysets(
    ids: Sequence[int],
    at: datetime,
    *,
    channel_id: int | None,
    most: int | None,
    price_kind: str,
    with_attributes: bool,
) -> dict[int, Offer]:
    """`offers` where the database is in this process."""
    among = Variant.objects.filter(product_id__in=ids)
    if price_kind:
        among = among.annotate(kind=_price("kind", at, channel_id)).filter(kind=price_kind)
    if price_kind == PriceKind.FLASH:
        among = among.sellable_in_flash_sale(at)
    else:
        among = among.sellable(at).annotate(sale_fence=Value(None, output_field=BigIntegerField()))
    found: dict[int, Offer] = {}
    for *row, of_product, own, fence in _rows(among, at, channel_id):
        if row[0] not in found:
            attributes = of_product | own if with_attributes else None
            found[row[0]] = Offer.of_row([*row, attributes, fence])
    return {pk: found[pk] for pk in [pk for pk in ids if pk in found][:most]}


def _rows(among: VariantQuerySet, at: datetime, channel_id: int | None) -> Iterable[Any]:
    return (
        among.annotate(
            price_minor=_price("amount_minor", at, channel_id),
            currency=_price("currency", at, channel_id),
        )
        .filter(price_minor__isnull=False)
        .order_by(F("available_units").desc(), "sku")
        .values_list(
            "product_id", "sku", "product__name", "product__name_zh", "price_minor", "currency",
            "product__category_id", "product__brand_id", "cost_minor", "product__attributes",
            "attributes", "sale_fence",
        )
    )  # fmt: skip


def facts_of_page(
    product_ids: Sequence[int], skus: Sequence[str], at: datetime, channel_id: int | None
) -> list[Facts]:
    """Of the products of a page, sold out or not: of several SKUs the one that was named, else the
    cheapest. price_minor: 0 where none is in force."""
    rows = Variant.objects.filter(product_id__in=product_ids).annotate(
        price_minor=_price("amount_minor", at, channel_id)
    )
    found: dict[int, tuple[tuple, Facts]] = {}
    for product_id, sku, price, category, brand, of_product, own in rows.values_list(
        "product_id", "sku", "price_minor", "product__category_id", "product__brand_id",
        "product__attributes", "attributes",
    ):  # fmt: skip
        facts = Facts(category or 0, brand or 0, price or 0, None, of_product | own)
        order = (sku not in skus, price is None, price or 0, sku)
        if product_id not in found or order < found[product_id][0]:
            found[product_id] = (order, facts)
    return [found[product_id][1] for product_id in product_ids if product_id in found]


def on_flash(at: datetime) -> list[int]:
    """Products of which a SKU has a flash price in force, the newest offer first; 200 at most."""
    standing = Price.objects.filter(
        kind=PriceKind.FLASH, channel__isnull=True, valid_from__lte=at, valid_until__gt=at
    )
    newest = standing.order_by("-valid_from", "-pk").values_list("variant__product_id", flat=True)
    return list(dict.fromkeys(newest[: 5 * MOST_ON_FLASH]))[:MOST_ON_FLASH]


def why_not(
    product_ids: Iterable[int],
    at: datetime,
    *,
    channel_id: int | None = None,
    price_kind: str = "",
) -> dict[int, str]:
    """For products without an offer, the first gate that stopped every SKU of theirs.

    price_kind: as in `offers`; in a flash sale what is set aside for one is available.
    """
    ids = list(product_ids)
    mine = Variant.objects.filter(product_id__in=ids)
    in_flash_sale = price_kind == PriceKind.FLASH
    stages = (
        (NOT_LISTED, mine.on_sale()),
        (HELD, _on_sale_not_held(ids, at)),
        (SOLD_OUT, mine.sellable_in_flash_sale(at) if in_flash_sale else mine.sellable(at)),
        (NO_PRICE, mine.filter(pk__in=_priced(mine, at, channel_id))),
    )
    reasons: dict[int, str] = {}
    for reason, passing in stages:
        passed = set(passing.values_list("product_id", flat=True))
        for product_id in ids:
            if product_id not in passed:
                reasons.setdefault(product_id, reason)
    offered = offers(ids, at, channel_id=channel_id, price_kind=price_kind)
    for product_id in ids:
        if product_id not in offered:
            reasons.setdefault(product_id, NOT_ON_OFFER if price_kind else NO_PRICE)
    return reasons


def _priced(among: VariantQuerySet, at: datetime, channel_id: int | None) -> Any:
    priced = among.annotate(amount=_price("amount_minor", at, channel_id))
    return priced.filter(amount__isnull=False).values("pk")


def names_of(product_ids: Iterable[int]) -> dict[int, tuple[str, str]]:
    """Product → (name, Chinese name), in one query."""
    found = Product.objects.filter(pk__in=list(product_ids))
    return {pk: (name, name_zh) for pk, name, name_zh in found.values_list("pk", "name", "name_zh")}


def _on_sale_not_held(ids: list[int], at: datetime) -> Any:
    held = Variant.objects.held(at).values("pk")
    return Variant.objects.filter(product_id__in=ids).on_sale().exclude(pk__in=held)


def _price(name: str, at: datetime, channel_id: int | None) -> Subquery:
    """One field of the deciding price row, by the same preference as shop.services.prices."""
    rank = Case(
        *[When(kind=kind, then=Value(place)) for kind, place in RANK.items()],
        output_field=IntegerField(),
    )
    standing = Price.objects.filter(
        Q(valid_until__isnull=True) | Q(valid_until__gt=at),
        Q(channel__isnull=True) | Q(channel=channel_id),
        variant=OuterRef("pk"),
        valid_from__lte=at,
    )
    own = F("channel_id").asc(nulls_last=True)  # its own price before that of all channels
    return Subquery(
        standing.order_by(rank, own, F("valid_from").desc(), F("id").desc()).values(name)[:1]
    )
