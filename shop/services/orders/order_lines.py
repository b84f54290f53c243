"""An order's lines as amounts: goods, discount, shipping, tax. Rules in prose: docs/ledgers.md."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from django.conf import settings
from django.utils.translation import gettext as _

from shop.models import LineKind, Order, OrderLine, Variant
from shop.services.orders.order_states import OrderError
from shop.services.orders.taxes import SHIPPING, STANDARD, rates_at
from shop.shares import share_out, tax_of

if TYPE_CHECKING:
    from shop.services.orders.placing import NewOrder


class DiscountTooLargeError(OrderError):
    """More would be taken off than the goods cost."""


class Priced(NamedTuple):
    variant: Variant
    units: int
    unit_price_minor: int

    @property
    def total_minor(self) -> int:
        return self.units * self.unit_price_minor


class Amount(NamedTuple):
    """Minor units that a line was paid with, and the tax within them."""

    paid_minor: int
    tax_minor: int


class Discount(NamedTuple):
    """What goes off the goods, line by line, and how the order calls it."""

    shares_minor: list[int]
    text: str


def general_discount(wanted: NewOrder, goods: list[Priced]) -> Discount:
    """One amount over all goods in proportion. Raises DiscountTooLargeError."""
    worth = [one.total_minor for one in goods]
    if wanted.discount_minor > sum(worth):
        raise DiscountTooLargeError(_("A discount is not more than the goods cost."))
    shares = share_out(wanted.discount_minor, worth)
    return Discount(shares, wanted.discount_text or _("Discount"))


def bill(wanted: NewOrder, goods: list[Priced], on: date, discount: Discount) -> list[OrderLine]:
    """Unsaved lines: one per SKU in the order wanted, then the discount, then the shipping."""
    classes = {one.variant.product.tax_class for one in goods} | {SHIPPING, STANDARD}
    rates = rates_at(wanted.country, classes, on)
    lines = [
        _taxed(_goods_line(one, share), rates.get(one.variant.product.tax_class))
        for one, share in zip(goods, discount.shares_minor, strict=True)
    ]
    if off_minor := sum(discount.shares_minor):
        lines.append(_single(LineKind.DISCOUNT, discount.text, -off_minor))
    if wanted.shipping_minor:
        charge = _single(LineKind.SHIPPING, _("Shipping"), wanted.shipping_minor)
        lines.append(_taxed(charge, rates.get(SHIPPING, rates.get(STANDARD))))
    for position, line in enumerate(lines):
        line.position = position
    return lines


def _goods_line(one: Priced, discount_minor: int) -> OrderLine:
    return OrderLine(
        variant=one.variant,
        text=f"{one.variant.product.name} {one.variant.name}".strip()[:300],
        units=one.units,
        unit_price_minor=one.unit_price_minor,
        total_minor=one.total_minor,
        discount_minor=discount_minor,
    )


def _single(kind: str, text: str, amount_minor: int) -> OrderLine:
    return OrderLine(
        kind=kind,
        text=text[:300],
        units=1,
        unit_price_minor=amount_minor,
        total_minor=amount_minor,
    )


def _taxed(line: OrderLine, basis_points: int | None) -> OrderLine:
    line.tax_basis_points = basis_points
    line.tax_minor = tax_of(
        line.total_minor - line.discount_minor,
        basis_points or 0,
        included=settings.SHOP_PRICES_INCLUDE_TAX,
    )
    return line


def amounts_of(order: Order) -> dict[int, Amount]:
    """Line → what it was paid with, discount lines shared out; all together are the total.

    Imported orders keep their discount as a line only: it is shared out here in the same way.
    """
    lines = list(order.lines.all())
    goods = [line for line in lines if line.kind == LineKind.ITEM]
    shares = {line.pk: line.discount_minor for line in goods}
    off = -sum(line.total_minor for line in lines if line.kind == LineKind.DISCOUNT)
    if sum(shares.values()) != off and off > 0:
        worth = [max(line.total_minor, 0) for line in goods]
        shared = share_out(min(off, sum(worth)), worth)
        shares = {line.pk: share for line, share in zip(goods, shared, strict=True)}
    return {
        line.pk: _amount(order, line, shares.get(line.pk, 0))
        for line in lines
        if line.kind != LineKind.DISCOUNT
    }


def _amount(order: Order, line: OrderLine, share_minor: int) -> Amount:
    on_top = 0 if order.prices_include_tax else line.tax_minor
    return Amount(line.total_minor - share_minor + on_top, line.tax_minor)
