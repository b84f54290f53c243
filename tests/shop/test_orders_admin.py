"""The buttons on an order's page: by role, where they make sense, and once however often sent."""

import pytest
from django.urls import reverse

from shop.models import Allocation, Order, Refund, Return, Shipment
from shop.services.orders import orders
from shop.services.orders.orders import NewOrder, WantedLine, place_order
from shop.services.stock import stock
from shop.services.stock.balances import balance_of
from tests.factories import make_variant, make_warehouse
from tests.factories_access import make_staff

pytestmark = pytest.mark.django_db


@pytest.fixture
def order():
    for sku, price in (("TEA", 1000), ("CUP", 300)):
        variant = make_variant(sku, price_minor=price)
        stock.receive(variant, 9, warehouse=make_warehouse(), key=f"po:{sku}")
    return orders.pay(place_order(NewOrder((WantedLine("TEA", 3),)), key="k"))


@pytest.fixture
def press(client, order):
    client.force_login(make_staff(is_superuser=True))

    def call(name, **fields):
        address = reverse(f"admin:shop_order_{name}", args=[order.pk])
        answer = client.post(address, {"_form_submitted": "True", "number": name} | fields)
        assert answer.status_code == 200, answer
        order.refresh_from_db()
        return answer

    return call


def piece(order):
    return f"units_{Allocation.objects.get(order_line__order=order).pk}"


def line(order):
    return f"units_{order.lines.get().pk}"


def test_each_button_does_its_part_once(press, order):
    for _again in range(2):
        press("ship_part", **{piece(order): "1"}, carrier="DHL", tracking_code="7")
        assert (order.state, Shipment.objects.count()) == ("part_shipped", 1)
    for _again in range(2):
        press("take_back", **{line(order): "1"}, reason="too small", restock="on")
        assert Return.objects.get().refund_minor == 1000
    for _again in range(2):
        press("cancel_rest")
        assert (order.state, balance_of(order).shop_owes_minor) == ("shipped", 3000)
    for _again in range(2):
        press("pay_back")
        assert balance_of(order).shop_owes_minor == 0


def test_a_refund_is_typed_as_money_and_an_exchange_as_skus(press, order):
    orders.ship(order)
    press("refund_money", amount_minor="2.50", reason="late")
    assert Refund.objects.get().amount_minor == 250
    press("exchange", **{line(order): "1"}, wanted="CUP 2\n", restock="on")
    new = Order.objects.exclude(pk=order.pk).get()
    assert (new.state, new.total_minor) == ("paid", 600)
    press("exchange", **{line(order): "1"}, wanted="CUP two", number="other")
    assert Return.objects.count() == 1


def test_only_buttons_that_make_sense_and_are_allowed_are_there(client, order):
    staff = make_staff("shop.view_order", "shop.change_order")
    client.force_login(staff)
    address = reverse("admin:shop_order_change", args=[order.pk])
    page = client.get(address).content.decode()
    assert "Ship a parcel" in page
    for absent in ("Cancel the rest", "Take back", "Exchange", "Refund without"):
        assert absent not in page
    refund = reverse("admin:shop_order_refund_money", args=[order.pk])
    assert client.post(refund, {"amount_minor": "1"}).status_code == 403
    assert not Refund.objects.exists()
