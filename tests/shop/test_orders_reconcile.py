"""Whatever happens to an order, its money reconciles to the minor unit."""

from datetime import date
from itertools import count

import pytest
from django.db.models import Sum
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shop.models import (
    Allocation,
    LineKind,
    Order,
    OrderState,
    Price,
    Refund,
    Return,
    ReturnLine,
    TaxRate,
)
from shop.services.orders import orders
from shop.services.orders.exchanges import exchange
from shop.services.orders.line_progress import progress_of
from shop.services.orders.orders import NewOrder, Parcel, WantedLine, place_order
from shop.services.orders.returns import return_lines
from shop.services.stock import stock
from shop.services.stock.balances import balance_of, refund_due
from shop.services.stock.verify import verify_stock
from tests.factories import make_variant, make_warehouse

CURRENCIES = ("JPY", "GBP", "BHD")
_numbers = count(1)
EXAMPLES = settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)


def goods(data, currency):
    """A few SKUs with prices, classes of tax and stock in one or two places."""
    number = next(_numbers)
    skus = []
    for index in range(data.draw(st.integers(1, 4), "SKUs")):
        variant = make_variant(f"S{number}-{index}", price_minor=None)
        variant.product.tax_class = f"class {number}-{index}"
        variant.product.save()
        Price.objects.create(
            variant=variant,
            kind="list",
            amount_minor=data.draw(st.integers(0, 99_999), "price"),
            currency=currency,
            valid_from="2020-01-01T00:00:00Z",
            source="test",
            key=f"price:{variant.sku}",
        )
        if data.draw(st.booleans(), "taxed"):
            TaxRate.objects.create(
                country="GB",
                tax_class=variant.product.tax_class,
                basis_points=data.draw(st.integers(0, 10_000), "rate"),
                valid_from=date(2020, 1, 1),
            )
        for place in ("A", "B"):
            stock.receive(variant, 3, warehouse=make_warehouse(place), key=f"{variant.sku}{place}")
        skus.append(variant.sku)
    return skus


def placed(data):
    skus = goods(data, data.draw(st.sampled_from(CURRENCIES), "currency"))
    lines = tuple(WantedLine(sku, data.draw(st.integers(1, 6), "units")) for sku in skus)
    worth = sum(
        line.units * Price.objects.get(variant__sku=line.sku).amount_minor for line in lines
    )
    wanted = NewOrder(
        lines,
        discount_minor=data.draw(st.integers(0, worth), "discount"),
        shipping_minor=data.draw(st.integers(0, 2000), "shipping"),
    )
    return place_order(wanted, key=f"order {next(_numbers)}")


def adds_up(order):
    is_due = refund_due(Order.objects.filter(pk=order.pk)).exists()
    assert is_due == (balance_of(order).shop_owes_minor > 0)
    lines = list(order.lines.all())
    items = [line for line in lines if line.kind == LineKind.ITEM]
    off = -sum(line.total_minor for line in lines if line.kind == LineKind.DISCOUNT)
    assert sum(line.discount_minor for line in items) == off
    assert all(0 <= line.discount_minor <= line.total_minor for line in items)
    on_top = 0 if order.prices_include_tax else order.tax_minor
    assert order.total_minor == sum(line.total_minor for line in lines) + on_top
    assert order.tax_minor == sum(line.tax_minor for line in lines)
    assert order.items_minor == sum(line.total_minor for line in items)
    assert sum(one.amount.paid_minor for one in progress_of(order).values()) == order.total_minor


def books_hold(order):
    order.refresh_from_db()
    balance = balance_of(order)
    assert 0 <= balance.refunded_minor <= balance.paid_minor
    assert 0 <= balance.refunded_tax_minor <= order.tax_minor
    assert balance.customer_owes_minor == 0 or balance.shop_owes_minor == 0
    cash = balance.paid_minor - balance.paid_back_minor
    assert cash == balance.claim_minor - balance.customer_owes_minor + balance.shop_owes_minor


def ship_some(data, order):
    for place in ("A", "B"):
        still = [
            one
            for one in Allocation.objects.filter(order_line__order=order, warehouse__code=place)
            if one.open_units
        ]
        units = {one.pk: data.draw(st.integers(0, one.open_units), "shipped") for one in still}
        units = {pk: n for pk, n in units.items() if n}
        if units:
            orders.ship_part(order, Parcel(f"P{next(_numbers)}", units))


def some_back(data, order):
    found = progress_of(order).values()
    units = {
        one.line.pk: data.draw(st.integers(0, one.returnable_units), "returned") for one in found
    }
    return {pk: n for pk, n in units.items() if n}


def return_some(data, order):
    if units := some_back(data, order):
        return_lines(order, units, number=f"R{next(_numbers)}", restock=data.draw(st.booleans()))


def refund_some(data, order):
    left = balance_of(order).refundable_minor
    if amount := data.draw(st.integers(0, left), "refund"):
        orders.refund(order, amount, number=f"F{next(_numbers)}")


def cancel_the_rest(data, order):
    if order.state == OrderState.PART_SHIPPED:
        orders.cancel_rest(order)


def pay_back(data, order):
    if balance_of(order).shop_owes_minor:
        orders.pay_back(order, number=f"B{next(_numbers)}")


def exchange_some(data, order):
    units = some_back(data, order)
    if not units:
        return
    sku = data.draw(st.sampled_from([line.variant.sku for line in order.lines.filter(kind="item")]))
    number = f"X{next(_numbers)}"
    try:
        made = exchange(
            order, units, (WantedLine(sku, data.draw(st.integers(1, 2))),), number=number
        )
    except stock.OutOfStockError:
        assert not Return.objects.filter(number=number).exists()
        return
    books_hold(made.order)
    credit = sum(one.captured_minor for one in made.order.payments.all())
    assert credit == min(made.goods_return.refund_minor, made.order.total_minor)
    assert balance_of(made.order).customer_owes_minor == made.order.total_minor - credit


STEPS = [ship_some, return_some, refund_some, cancel_the_rest, pay_back, exchange_some]


def may(step, order):
    """Parcels leave until the order has; goods come back once some have left."""
    if step is ship_some:
        return order.state in (OrderState.PAID, OrderState.PART_SHIPPED)
    return step in (refund_some, pay_back) or order.state != OrderState.PAID


@pytest.mark.django_db
@pytest.mark.parametrize("included", [True, False], ids=["tax within", "tax on top"])
def test_any_way_through_the_shop_reconciles(settings, included):
    settings.SHOP_PRICES_INCLUDE_TAX = included

    @EXAMPLES
    @given(st.data())
    def holds(data):
        order = placed(data)
        adds_up(order)
        if order.state == OrderState.PLACED:
            orders.pay(order)
        for step in data.draw(st.lists(st.sampled_from(STEPS), max_size=7), "steps"):
            if may(step, order):
                step(data, order)
                books_hold(order)
        everything_goes_back(order)

    holds()
    assert verify_stock() == []


def everything_goes_back(order):
    """Goods and charges that can still come back do: then not a minor unit is left."""
    if order.state in (OrderState.PAID, OrderState.PART_SHIPPED):
        orders.ship(order)
    units = {one.line.pk: one.returnable_units for one in progress_of(order).values()}
    units = {pk: n for pk, n in units.items() if n}
    if units:
        return_lines(order, units, number=f"R{next(_numbers)}")
    books_hold(order)
    balance = balance_of(order)
    assert balance.refunded_minor == balance.paid_minor == order.total_minor
    assert balance.refunded_tax_minor == order.tax_minor
    if balance.shop_owes_minor:
        orders.pay_back(order, number=f"B{next(_numbers)}")
    assert balance_of(order).paid_back_minor == order.total_minor


@pytest.mark.django_db
def test_returns_alone_refund_exactly_what_the_lines_were_paid_with():
    """Without goodwill in between, each return's lines are its refund, and tax goes back with it."""

    @EXAMPLES
    @given(st.data())
    def holds(data):
        order = placed(data)
        if order.state == OrderState.PLACED:
            orders.pay(order)
        orders.ship(order)
        worth = {pk: one.amount for pk, one in progress_of(order).items()}
        for _round in range(data.draw(st.integers(1, 4))):
            return_some(data, order)
        everything_goes_back(order)
        made = Return.objects.filter(order=order)
        assert sum(one.refund_minor for one in made) == order.total_minor
        for pk, amount in worth.items():
            lines = ReturnLine.objects.filter(order_line=pk)
            assert lines.aggregate(sum=Sum("total_minor", default=0))["sum"] == amount.paid_minor
        refunds = Refund.objects.filter(order=order)
        assert sum(one.tax_minor for one in refunds) == order.tax_minor

    holds()
