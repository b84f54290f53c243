"""Totals, discounts and taxes of an order are the figures of docs/ledgers.md."""

from datetime import date

import pytest

from shop.models import OrderState, TaxRate
from shop.models.orders import TRANSITIONS
from shop.services.orders import orders
from shop.services.orders.orders import DiscountTooLargeError, NewOrder, WantedLine, place_order
from shop.services.orders.returns import return_lines
from shop.services.stock.balances import balance_of
from tests.factories import make_variant
from tests.factories_payments import report
from tests.shop.docs_tables import minor, table

pytestmark = pytest.mark.django_db
LINES = (WantedLine("TEA-1", 3), WantedLine("BOOK", 2))


@pytest.fixture(autouse=True)
def _goods():
    make_variant("TEA-1", price_minor=1250, tracks_stock=False)
    book = make_variant("BOOK", price_minor=333, tracks_stock=False)
    book.product.tax_class = "books"
    book.product.save()


@pytest.fixture
def rates():
    for tax_class, points in (("standard", 2000), ("books", 500)):
        TaxRate.objects.create(
            country="GB", tax_class=tax_class, basis_points=points, valid_from=date(2020, 1, 1)
        )


def place(key="k", **fields):
    return place_order(NewOrder(LINES, **fields), key=key)


def test_the_state_table_of_the_docs_is_the_one_of_the_program():
    said = {
        row["from"]: {to for to in row["may become"].split(", ") if to != "–"}
        for row in table("from", "may become")
    }
    assert said == {str(state): {str(to) for to in ways} for state, ways in TRANSITIONS.items()}


@pytest.mark.parametrize("included", [True, False])
def test_an_order_with_discount_shipping_and_tax(rates, settings, included):
    settings.SHOP_PRICES_INCLUDE_TAX = included
    order = place(discount_minor=1000, discount_text="Spring", shipping_minor=395, country="GB")
    *taxed, together = table("paid for the line", "rate")
    column = "tax within" if included else "tax on top"
    assert [line.tax_minor for line in order.lines.exclude(kind="discount")] == [
        minor(row[column]) for row in taxed
    ]
    shares = [minor(row["share"]) for row in table("line", "costs", "exact share")[:-1]]
    assert [line.discount_minor for line in order.lines.filter(kind="item")] == shares
    assert order.tax_minor == minor(together[column])
    cost = "paid for the line" if included else "then costs"
    assert order.total_minor == minor(together[cost].removeprefix("together: "))
    assert [(one.kind, one.text, one.total_minor) for one in order.lines.all()] == [
        ("item", "Product TEA-1", 3750),
        ("item", "Product BOOK", 666),
        ("discount", "Spring", -1000),
        ("shipping", "Shipping", 395),
    ]


def test_without_a_rate_the_tax_is_0_and_the_line_says_so(rates):
    order = place(country="FR", shipping_minor=395)
    assert order.tax_minor == 0
    assert {line.tax_basis_points for line in order.lines.all()} == {None}


def test_a_rate_of_0_is_not_the_same_as_no_rate():
    TaxRate.objects.create(
        country="GB", tax_class="books", basis_points=0, valid_from=date(2020, 1, 1)
    )
    order = place()
    assert list(order.lines.values_list("tax_basis_points", flat=True)) == [None, 0]


def test_the_rate_of_the_day_and_shippings_own_rate_apply(rates):
    for tax_class, points in (("standard", 2500), ("shipping", 700)):
        TaxRate.objects.create(
            country="GB", tax_class=tax_class, basis_points=points, valid_from=date(2021, 1, 1)
        )
    TaxRate.objects.create(
        country="GB", tax_class="standard", basis_points=9900, valid_from=date(2999, 1, 1)
    )
    order = place(shipping_minor=100, country="gb")
    assert list(order.lines.values_list("tax_basis_points", flat=True)) == [2500, 500, 700]


def test_a_discount_is_not_more_than_the_goods_cost():
    with pytest.raises(DiscountTooLargeError):
        place(discount_minor=3750 + 666 + 1, shipping_minor=395)
    with pytest.raises(orders.OrderError, match="not negative"):
        place(discount_minor=-1)


def test_an_order_that_costs_nothing_is_paid():
    assert place(discount_minor=3750 + 666).state == OrderState.PAID


def test_another_total_than_was_shown_is_refused_after_discount_and_tax(rates, settings):
    settings.SHOP_PRICES_INCLUDE_TAX = False
    fields = {"discount_minor": 1000, "shipping_minor": 395}
    with pytest.raises(orders.PriceChangedError):
        place(expected_total_minor=3811, **fields)
    assert place(expected_total_minor=4496, **fields)


def test_who_owes_whom_is_what_the_docs_say():
    make_variant("LAMP", price_minor=10_000, tracks_stock=False)
    rows = iter(table("100.00 order", "costs"))

    def holds(order):
        row, balance = next(rows), balance_of(order)
        assert {name: minor(cell) for name, cell in row.items() if name != "100.00 order"} == {
            "costs": balance.claim_minor,
            "paid": balance.paid_minor,
            "paid back": balance.paid_back_minor,
            "customer owes": balance.customer_owes_minor,
            "shop owes": balance.shop_owes_minor,
        }, row

    make_variant("SEAT", price_minor=3000, tracks_stock=False)
    make_variant("DESK", price_minor=7000, tracks_stock=False)
    order = place_order(NewOrder((WantedLine("SEAT", 1), WantedLine("DESK", 1))), key="both")
    holds(order)
    capture(order, 6000)
    holds(order)
    capture(order, 4000)
    holds(order)
    order = orders.ship(order)
    return_lines(order, {order.lines.first().pk: 1}, number="R1")
    holds(order)
    orders.pay_back(order, number="P1")
    holds(order)
    other = orders.cancel(orders.pay(place_order(NewOrder((WantedLine("LAMP", 1),)), key="o")))
    holds(other)
    assert next(rows, None) is None


def capture(order, amount):
    orders.record_payment_event(report(order, "captured", amount))
    order.refresh_from_db()
