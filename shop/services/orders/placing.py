"""Placing an order: prices and taxes of one moment, units from the ledger, all or nothing."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, NamedTuple

from django.conf import settings
from django.db import IntegrityError
from django.utils import timezone
from django.utils.text import format_lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from shop.models import (
    Channel,
    Customer,
    EventKind,
    IdentifierKind,
    LineKind,
    Order,
    OrderLine,
    OrderState,
    Price,
    Purpose,
    Return,
    Variant,
)
from shop.services.coupons import redeeming
from shop.services.customers import ERASED
from shop.services.erased import is_erased, pass_by
from shop.services.events.event_log import append_events
from shop.services.events.event_rows import EventRow
from shop.services.orders.order_lines import Discount, Priced, bill, general_discount
from shop.services.orders.order_states import OrderError, announce, enter
from shop.services.prices import prices_at
from shop.services.stock import allocations
from shop.services.stock.kits import Components, components_of, items_of
from shop.services.stock.movements import until_it_fits


class OrderKeyReusedError(OrderError):
    """The key already stands for another order."""


class PriceChangedError(OrderError):
    """The customer was shown another total."""


class LineProblem(NamedTuple):
    line: int
    sku: str
    code: str
    message: Any


class OrderRefusedError(OrderError):
    """Lines that cannot be sold, each with its reason."""

    def __init__(self, problems: list[LineProblem]):
        self.problems = problems
        super().__init__(format_lazy("{}: {}", problems[0].sku, problems[0].message))


class WantedLine(NamedTuple):
    sku: str
    units: int


@dataclass(frozen=True)
class NewOrder:
    """What a customer wants. No prices: they come from the ledger."""

    lines: tuple[WantedLine, ...]
    customer: Customer | None = None
    channel: Channel | None = None
    cart: str = ""  # whose reservations are used up first
    country: str = ""  # where it goes: its taxes apply
    discount_minor: int = 0  # off the goods, never more than they cost
    discount_text: str = ""
    coupon: str = ""  # its code; not together with another discount
    shipping_minor: int = 0
    visitor: str = ""
    session: str = ""
    expected_total_minor: int | None = None  # what the customer was shown
    exchange_of: Return | None = None

    @property
    def units_by_sku(self) -> dict[str, int]:
        units: dict[str, int] = defaultdict(int)
        for line in self.lines:
            units[line.sku] += line.units
        return dict(units)

    @property
    def sha256(self) -> str:
        """The same for the same wish, whatever the order of its lines.

        Visitor and session are not part of it: a browser that was opened anew repeats the wish.
        """
        said: list[Any] = [
            sorted(self.units_by_sku.items()),
            self.customer.pk if self.customer else None,
            self.channel.pk if self.channel else None,
            self.exchange_of.pk if self.exchange_of else None,
            [self.cart, self.country, self.discount_text],
            [self.discount_minor, self.shipping_minor, self.expected_total_minor],
        ]
        if self.coupon:
            said.append(redeeming.normal(self.coupon))
        return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def place_order(wanted: NewOrder, *, key: str) -> Order:
    """Price, tax, allocate and write the order in one transaction. The same key: the same order.

    Raises OrderRefusedError, PriceChangedError or OutOfStockError; then nothing is changed.
    OrderKeyReusedError when the key stands for another wish.
    """
    _refuse_nonsense(wanted)
    if first := _placed_under(key, wanted):
        return first
    try:
        return until_it_fits(partial(_place_once, wanted, key))
    except IntegrityError:
        first = _placed_under(key, wanted)  # a rival with the same key was faster
        if first is None:
            raise
        return first


def _refuse_nonsense(wanted: NewOrder) -> None:
    if not wanted.lines or any(line.units <= 0 for line in wanted.lines):
        raise OrderError(_("An order has lines, and each line has units above zero."))
    if wanted.discount_minor < 0 or wanted.shipping_minor < 0:
        raise OrderError(_("A discount and a shipping charge are not negative."))
    if wanted.coupon and wanted.discount_minor:
        raise OrderError(_("A coupon does not go together with another discount."))


def _placed_under(key: str, wanted: NewOrder) -> Order | None:
    first = Order.objects.filter(idempotency_key=key).first()
    if first is None:
        return None
    # An order placed before wishes were hashed is compared by what it holds.
    same = first.request_sha256 == wanted.sha256 if first.request_sha256 else _alike(first, wanted)
    if not same:
        raise OrderKeyReusedError(_("This key already stands for another order."))
    return first


def _alike(first: Order, wanted: NewOrder) -> bool:
    before: dict[str, int] = defaultdict(int)
    for sku, units in first.lines.filter(kind=LineKind.ITEM).values_list("variant__sku", "units"):
        before[sku] += units
    return dict(before) == wanted.units_by_sku and first.customer == wanted.customer


def _refuse_erased(customer: Customer | None) -> None:
    """Asked under the lock that an erasure waits for: either it sees this order, or we see it."""
    if customer is None:
        return
    pass_by()
    if is_erased(IdentifierKind.CODE, customer.code):
        raise OrderError(ERASED)


def _place_once(wanted: NewOrder, key: str) -> Order:
    _refuse_erased(wanted.customer)
    now = timezone.now()
    goods, currency = _priced(wanted, now)
    parts = parts_of([one.variant for one in goods])
    taken = allocations.take(
        wanted.cart, items_of({one.variant.pk: one.units for one in goods}, parts)
    )
    coupon = _coupon(wanted, goods, currency, now)
    discount = _coupon_discount(coupon) if coupon else general_discount(wanted, goods)
    lines = bill(wanted, goods, timezone.localdate(now), discount)
    order = _write_order(wanted, key, currency, lines, now)
    allocations.give_to_lines(order, lines, parts, taken)
    if coupon:
        redeeming.redeem(coupon, order, at=now)  # after the stock: whoever cancels locks it so too
    _write_events(order, wanted, goods)
    announce(order, OrderState.PLACED)
    if not order.total_minor:
        enter(order, OrderState.PAID, note=str(_("Nothing to pay.")))
    return order


def _priced(wanted: NewOrder, now: datetime) -> tuple[list[Priced], str]:
    """The goods at the prices in force, and their currency. Raises OrderRefusedError."""
    variants, prices = _sellable(wanted, now)
    goods = [
        Priced(variants[sku], units, prices[variants[sku].pk].amount_minor)
        for sku, units in wanted.units_by_sku.items()
    ]
    return goods, next(iter(prices.values())).currency


class Quoted(NamedTuple):
    goods: list[Priced]
    currency: str
    quote: redeeming.Quote


def quote_coupon(wanted: NewOrder, *, at: datetime | None = None) -> Quoted:
    """What the order's coupon would take off now; nothing is changed, no stock is looked at.

    Raises OrderRefusedError for what cannot be sold.
    """
    _refuse_nonsense(wanted)
    at = at or timezone.now()
    goods, currency = _priced(wanted, at)
    cart = redeeming.Cart(wanted.customer, goods, currency, wanted.country)
    return Quoted(goods, currency, redeeming.quote(wanted.coupon, cart, at))


def _coupon(
    wanted: NewOrder, goods: list[Priced], currency: str, now: datetime
) -> redeeming.Quote | None:
    """What its code takes off these goods. Raises CouponRefusedError."""
    if not wanted.coupon:
        return None
    cart = redeeming.Cart(wanted.customer, goods, currency, wanted.country)
    return redeeming.valid_quote(wanted.coupon, cart, now)


def _coupon_discount(coupon: redeeming.Quote) -> Discount:
    text = gettext("Coupon {code}").format(code=coupon.code)
    return Discount([one.minor for one in coupon.lines], text)


def parts_of(variants: list[Variant]) -> Components:
    """What is counted for a unit of each variant; nothing for one that is not counted."""
    parts = components_of([variant.pk for variant in variants])
    for variant in variants:
        if variant.pk in parts[variant.pk] and not variant.tracks_stock:
            parts[variant.pk] = {}
    return parts


def _write_order(
    wanted: NewOrder, key: str, currency: str, lines: list[OrderLine], now: datetime
) -> Order:
    """The order adds up from its lines; they are saved with it."""
    goods = sum(line.total_minor for line in lines if line.kind == LineKind.ITEM)
    on_top = 0 if settings.SHOP_PRICES_INCLUDE_TAX else sum(line.tax_minor for line in lines)
    total = sum(line.total_minor for line in lines) + on_top
    if wanted.expected_total_minor not in (None, total):
        raise PriceChangedError(_("The prices have changed since the customer saw them."))
    minutes = settings.ORDER_PAY_WITHIN_MINUTES
    order = Order.objects.create(
        number=_new_number(),
        customer=wanted.customer,
        channel=wanted.channel,
        currency=currency,
        items_minor=goods,
        total_minor=total,
        prices_include_tax=settings.SHOP_PRICES_INCLUDE_TAX,
        tax_minor=sum(line.tax_minor for line in lines),
        exchange_of=wanted.exchange_of,
        country=wanted.country,
        pay_by=now + timedelta(minutes=minutes) if minutes else None,
        placed_at=now,
        idempotency_key=key,
        request_sha256=wanted.sha256,
    )
    for line in lines:
        line.order = order
    OrderLine.objects.bulk_create(lines)
    return order


def _sellable(wanted: NewOrder, now: datetime) -> tuple[dict[str, Variant], dict[int, Price]]:
    """Variants by SKU and prices by variant. Raises OrderRefusedError naming every line at fault."""
    skus = {line.sku for line in wanted.lines}
    found = {
        variant.sku: variant
        for variant in Variant.objects.on_sale().filter(sku__in=skus).select_related("product")
    }
    pks = [variant.pk for variant in found.values()]
    held = set(Variant.objects.held(now).filter(pk__in=pks).values_list("pk", flat=True))
    prices = prices_at(pks, now, wanted.channel)
    problems = [
        LineProblem(index, line.sku, *reason)
        for index, line in enumerate(wanted.lines)
        if (reason := _why_not(found.get(line.sku), held, prices))
    ]
    if problems:
        raise OrderRefusedError(problems)
    if len({price.currency for price in prices.values()}) > 1:
        raise OrderError(_("These goods are priced in different currencies."))
    return found, prices


def _why_not(
    variant: Variant | None, held: set[int], prices: dict[int, Price]
) -> tuple[str, Any] | None:
    if variant is None:
        return "not_on_sale", _("This SKU is not on sale.")
    if variant.pk in held:
        return "held", _("The sale of this SKU is stopped for now.")
    if variant.pk not in prices:
        return "no_price", _("This SKU has no price.")
    return None


def _write_events(order: Order, wanted: NewOrder, goods: list[Priced]) -> None:
    """A purchase is an event too, written in the transaction that made it true."""
    customer = wanted.customer
    consent = bool(customer and customer.allows(Purpose.ANALYTICS, order.placed_at))
    append_events(
        EventRow(
            event_id=f"order:{order.pk}:{one.variant.pk}",
            kind=EventKind.PURCHASE,
            occurred_at=order.placed_at,
            received_at=order.placed_at,
            session=wanted.session,
            visitor=wanted.visitor,
            customer_id=customer.pk if customer else None,
            variant_id=one.variant.pk,
            order_id=order.pk,
            units=one.units,
            consent=consent,
        )
        for one in goods
    )


def _new_number() -> str:
    """Ten digits that can be read out and not guessed from the number before."""
    while True:
        number = str(1_000_000_000 + secrets.randbelow(9_000_000_000))
        if not Order.objects.filter(number=number).exists():
            return number
