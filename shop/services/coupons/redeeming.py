"""What a code takes off a cart, line by line or why not, and its use with an order.

A code that is not this customer's is answered like one that does not exist: nobody learns by
trying which codes there are.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from django.conf import settings
from django.db.models import TextChoices
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from shop.models import (
    Category,
    Coupon,
    CouponMove,
    CouponOffer,
    CouponState,
    Customer,
    Order,
    Variant,
)
from shop.services.coupons import worth
from shop.services.coupons.ledger import GROUP, GROUPS, Step, post
from shop.services.orders.order_states import OrderError
from shop.services.orders.taxes import STANDARD, rates_at
from shop.unit_costs import unit_costs_minor

DEEPEST_CATEGORY = 20


class Reason(TextChoices):
    """Why a code takes nothing off; meant for the customer."""

    UNKNOWN = "unknown", _("This code is not known for this customer.")
    USED = "used", _("This coupon was used already.")
    EXPIRED = "expired", _("This coupon is not valid any more.")
    REVOKED = "revoked", _("This coupon was taken back.")
    OTHER_CURRENCY = "other_currency", _("This coupon is for another currency.")
    LEAST_ORDER = "least_order", _("The goods cost less than this coupon asks for.")
    NOT_MEANT = "not_meant", _("Nothing in the cart is what this coupon is for.")
    AT_FLOOR = "at_floor", _("What is in the cart is at its lowest price already.")


class LineNote(TextChoices):
    """What is to be said of one line; never what the goods cost the shop."""

    FULL = "full", _("as the coupon says")
    CAPPED = "capped", _("no lower than its lowest price")
    NOT_MEANT = "not_meant", _("not what the coupon is for")


class CouponRefusedError(OrderError):
    """The order cannot use this code; `reason` is a Reason."""

    def __init__(self, reason: Reason):
        self.reason = reason
        super().__init__(reason.label)


class Goods(Protocol):
    """One line of a cart at the price in force."""

    @property
    def variant(self) -> Variant: ...
    @property
    def units(self) -> int: ...
    @property
    def total_minor(self) -> int: ...


@dataclass(frozen=True)
class Cart:
    customer: Customer | None
    goods: Sequence[Goods]
    currency: str
    country: str = ""


@dataclass(frozen=True)
class LineQuote:
    minor: int
    note: LineNote


@dataclass(frozen=True)
class Quote:
    """What a code does with a cart. Without a reason it can be used."""

    code: str
    lines: list[LineQuote]
    reason: Reason | None = None
    coupon: Coupon | None = None

    @property
    def discount_minor(self) -> int:
        return sum(line.minor for line in self.lines)


def normal(code: str) -> str:
    """As codes are kept: `k7qm 2zdx94rt` is K7QM-2ZDX-94RT."""
    signs = re.sub(r"[\s-]", "", code).upper()
    if len(signs) != GROUP * GROUPS:
        return signs
    return "-".join(signs[at : at + GROUP] for at in range(0, len(signs), GROUP))


def quote(code: str, cart: Cart, at: datetime) -> Quote:
    """Line by line, in minor units. Changes nothing, and promises nothing beyond this moment."""
    nothing = [LineQuote(0, LineNote.NOT_MEANT) for _one in cart.goods]
    coupon = _of_customer(code, cart.customer)
    if coupon is None:
        return Quote(normal(code), nothing, Reason.UNKNOWN)
    if reason := _unusable(coupon, at) or _unfitting(coupon.offer, cart):
        return Quote(coupon.code, nothing, reason, coupon)
    lines = _lines(coupon.offer, cart, at)
    return Quote(coupon.code, lines, _nothing_off(lines), coupon)


def valid_quote(code: str, cart: Cart, at: datetime) -> Quote:
    """Raises CouponRefusedError."""
    found = quote(code, cart, at)
    if found.reason:
        raise CouponRefusedError(found.reason)
    return found


def _of_customer(code: str, customer: Customer | None) -> Coupon | None:
    if customer is None:
        return None
    found = Coupon.objects.filter(code=normal(code), customer=customer)
    return found.select_related("offer").first()


def _unusable(coupon: Coupon, at: datetime) -> Reason | None:
    if coupon.state == CouponState.REDEEMED:
        return Reason.USED
    if coupon.state == CouponState.REVOKED:
        return Reason.REVOKED
    if coupon.state == CouponState.EXPIRED or coupon.valid_until <= at:
        return Reason.EXPIRED
    return None


def _unfitting(offer: CouponOffer, cart: Cart) -> Reason | None:
    if offer.currency != cart.currency:
        return Reason.OTHER_CURRENCY
    if sum(one.total_minor for one in cart.goods) < offer.least_order_minor:
        return Reason.LEAST_ORDER
    return None


def _nothing_off(lines: Sequence[LineQuote]) -> Reason | None:
    if any(line.minor for line in lines):
        return None
    is_meant = any(line.note != LineNote.NOT_MEANT for line in lines)
    return Reason.AT_FLOOR if is_meant else Reason.NOT_MEANT


def _lines(offer: CouponOffer, cart: Cart, at: datetime) -> list[LineQuote]:
    meant, least = meant_by(offer, [one.variant for one in cart.goods]), _least(cart, at)
    lines = [
        worth.Line(one.total_minor, one.variant.pk in meant, least[index])
        for index, one in enumerate(cart.goods)
    ]
    off = worth.taken_off(worth.Terms(offer.percent, offer.most_minor), lines)
    return [_line(line, one) for line, one in zip(lines, off, strict=True)]


def _line(line: worth.Line, off: worth.Off) -> LineQuote:
    if not line.is_meant:
        return LineQuote(0, LineNote.NOT_MEANT)
    return LineQuote(off.minor, LineNote.CAPPED if off.is_capped else LineNote.FULL)


def meant_by(offer: CouponOffer, variants: Sequence[Variant]) -> set[int]:
    """Which of these SKUs the offer is for: those it names by SKU, product or category, else all."""
    skus = set(offer.variants.values_list("pk", flat=True))
    products = set(offer.products.values_list("pk", flat=True))
    categories = set(offer.categories.values_list("pk", flat=True))
    if not (skus or products or categories):
        return {variant.pk for variant in variants}
    below = _below(categories)
    return {
        one.pk
        for one in variants
        if one.pk in skus or one.product_id in products or one.product.category_id in below
    }


def _below(categories: set[int]) -> set[int]:
    """These categories and all that lie below them."""
    found, level = set(categories), set(categories)
    for _depth in range(DEEPEST_CATEGORY):
        level = set(Category.objects.filter(parent__in=level).values_list("pk", flat=True)) - found
        if not level:
            break
        found |= level
    return found


def _least(cart: Cart, at: datetime) -> list[int | None]:
    """What must be left of each line; none where nobody entered what the goods cost."""
    costs = unit_costs_minor([one.variant.pk for one in cart.goods])
    classes = {one.variant.product.tax_class for one in cart.goods} | {STANDARD}
    rates = rates_at(cart.country, classes, timezone.localdate(at))
    is_comparable = cart.currency == settings.SHOP_CURRENCY  # costs are known in this one
    return [
        worth.least_of_line(
            one.units,
            costs[one.variant.pk],
            floor_rate=settings.MARKETING_MARGIN_FLOOR_RATE,
            tax_basis_points=rates.get(one.variant.product.tax_class, 0),
            tax_included=settings.SHOP_PRICES_INCLUDE_TAX,
        )
        if is_comparable and one.variant.pk in costs
        else None
        for one in cart.goods
    ]


def redeem(found: Quote, order: Order, *, at: datetime) -> None:
    """Use the coupon for this order, within the transaction that writes it.

    One conditional UPDATE: of two carts with one code the second changes nothing, and its order is
    undone. Raises CouponRefusedError.
    """
    if found.coupon is None:
        raise CouponRefusedError(Reason.UNKNOWN)
    mine = Coupon.objects.usable(at).filter(pk=found.coupon.pk)
    off_minor = found.discount_minor
    if not mine.update(state=CouponState.REDEEMED, order=order, discount_minor=off_minor):
        raise CouponRefusedError(Reason.USED)
    post(Step(CouponMove.REDEEM, at, order, off_minor), [found.coupon])
