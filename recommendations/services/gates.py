"""What can be sold at this moment, read from the ledgers themselves and never from a copy."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Case, F, IntegerField, OuterRef, Q, Subquery, Value, When
from django.utils.translation import gettext_noop

from shop.models import Price, Product, Variant
from shop.models.catalogue import in_reader_language
from shop.services.prices import RANK

NOT_LISTED = gettext_noop("not on sale")
HELD = gettext_noop("sale stopped")
SOLD_OUT = gettext_noop("nothing available")
NO_PRICE = gettext_noop("no price")


@dataclass(frozen=True)
class Offer:
    """The SKU of a product that can be sold now, with its price."""

    product_id: int
    sku: str
    name: str
    name_zh: str
    price_minor: int
    currency: str

    @property
    def name_for_reader(self) -> str:
        return in_reader_language(self.name, self.name_zh)


def offers(product_ids: Iterable[int], at: datetime) -> dict[int, Offer]:
    """The sellable products among these, gates and prices in one query.

    On sale, not held, available above zero (or not stock-keeping), with a price. Of several
    SKUs of a product the one with most available, then the first by SKU.
    """
    rows = (
        Variant.objects.filter(product_id__in=list(product_ids))
        .sellable(at)
        .annotate(price_minor=_price("amount_minor", at), currency=_price("currency", at))
        .filter(price_minor__isnull=False)
        .order_by(F("available_units").desc(), "sku")
        .values_list(
            "product_id", "sku", "product__name", "product__name_zh", "price_minor", "currency"
        )
    )
    found: dict[int, Offer] = {}
    for row in rows:
        found.setdefault(row[0], Offer(*row))
    return found


def why_not(product_ids: Iterable[int], at: datetime) -> dict[int, str]:
    """For products without an offer, the first gate that stopped every SKU of theirs."""
    ids = list(product_ids)
    stages = (
        (NOT_LISTED, Variant.objects.filter(product_id__in=ids).on_sale()),
        (HELD, _on_sale_not_held(ids, at)),
        (SOLD_OUT, Variant.objects.filter(product_id__in=ids).sellable(at)),
    )
    reasons: dict[int, str] = {}
    for reason, passing in stages:
        passed = set(passing.values_list("product_id", flat=True))
        for product_id in ids:
            if product_id not in passed:
                reasons.setdefault(product_id, reason)
    priced = offers(ids, at)
    for product_id in ids:
        if product_id not in priced:
            reasons.setdefault(product_id, NO_PRICE)
    return reasons


def names_of(product_ids: Iterable[int]) -> dict[int, tuple[str, str]]:
    """Product → (name, Chinese name), in one query."""
    found = Product.objects.filter(pk__in=list(product_ids))
    return {pk: (name, name_zh) for pk, name, name_zh in found.values_list("pk", "name", "name_zh")}


def _on_sale_not_held(ids: list[int], at: datetime) -> Any:
    held = Variant.objects.held(at).values("pk")
    return Variant.objects.filter(product_id__in=ids).on_sale().exclude(pk__in=held)


def _price(field: str, at: datetime) -> Subquery:
    """One field of the deciding price row, by the same preference as shop.services.prices."""
    rank = Case(
        *[When(kind=kind, then=Value(place)) for kind, place in RANK.items()],
        output_field=IntegerField(),
    )
    standing = Price.objects.filter(
        Q(valid_until__isnull=True) | Q(valid_until__gt=at),
        variant=OuterRef("pk"),
        channel__isnull=True,
        valid_from__lte=at,
    )
    return Subquery(
        standing.order_by(rank, F("valid_from").desc(), F("id").desc()).values(field)[:1]
    )
