"""The buyer's pages: what they show, what they may do, and that lists cost the same for any length."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from inventory.charts import Fan, fan_chart
from inventory.models import PurchaseOrder, Receipt
from inventory.services import purchase_orders as service
from inventory.services.replenishment import plan_replenishment
from shop.models import StockLevel
from tests.factories import make_variant, make_warehouse
from tests.factories_access import make_staff
from tests.factories_inventory import (
    AS_OF,
    LAST_DAY,
    Silent,
    make_forecast,
    make_item,
    make_supplier,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def buyer(client):
    user = User.objects.create_superuser("buyer", password="x")
    client.force_login(user)
    return user


@pytest.fixture
def order():
    supplier = make_supplier()
    for number in range(3):
        tea = make_variant(f"TEA-{number}")
        make_item(tea, supplier)
        make_forecast(tea)
    make_warehouse()
    plan_replenishment(AS_OF, seed=1, progress=Silent())
    return PurchaseOrder.objects.get()


def change_page(order):
    return reverse("admin:inventory_purchaseorder_change", args=[order.pk])


def form_of(order, **units):
    lines = list(order.lines.select_related("variant"))
    data = {
        "note": "",
        "lines-TOTAL_FORMS": len(lines),
        "lines-INITIAL_FORMS": len(lines),
        "transitions-TOTAL_FORMS": 0,
        "transitions-INITIAL_FORMS": 0,
    }
    for number, line in enumerate(lines):
        data[f"lines-{number}-id"] = line.pk
        data[f"lines-{number}-order"] = order.pk
        data[f"lines-{number}-units"] = units.get(line.variant.sku.replace("-", "_"), line.units)
    return data


@pytest.mark.parametrize(
    "name", ["supplier", "supplieritem", "demandforecast", "purchaseorder", "receipt"]
)
def test_every_list_opens(client, buyer, order, name):
    assert client.get(reverse(f"admin:inventory_{name}_changelist")).status_code == 200


@pytest.mark.parametrize("name", ["demandforecast", "purchaseorder", "supplier", "supplieritem"])
def test_a_list_costs_the_same_however_long_it_is(
    client, buyer, order, name, django_assert_num_queries
):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    url = reverse(f"admin:inventory_{name}_changelist")
    client.get(url)
    with CaptureQueriesContext(
        connection,
    ) as few:
        client.get(url)
    for number in range(8):
        other = make_supplier(f"MORE-{number}")
        more = make_variant(f"MORE-{number}")
        make_item(more, other)
        make_forecast(more)
        PurchaseOrder.objects.create(
            number=f"M{number}",
            key=f"m{number}",
            supplier=other,
            warehouse=make_warehouse(),
            currency="GBP",
            cycle_on=LAST_DAY,
        )
    with django_assert_num_queries(len(few)):
        client.get(url)


def test_the_buyer_edits_a_line_and_the_rest_stays_the_plans(client, buyer, order):
    answer = client.post(change_page(order), form_of(order, TEA_1=40))
    assert answer.status_code == 302
    lines = {line.variant.sku: line for line in order.lines.select_related("variant")}
    assert (lines["TEA-1"].units, lines["TEA-1"].edited_by) == (40, buyer)
    assert lines["TEA-0"].edited_by is None


def test_approve_send_and_receive_by_buttons(client, buyer, order):
    for name in ("approve_order", "send_order"):
        step = reverse(f"admin:inventory_purchaseorder_{name}", args=[order.pk])
        client.post(step, {"_form_submitted": "on"})
    order.refresh_from_db()
    assert order.state == "sent"
    assert order.decision.state == "approved"
    line = order.lines.first()
    url = reverse("admin:inventory_purchaseorder_receive", args=[order.pk])
    assert "arrived now" in client.get(url).content.decode()
    for _twice in range(2):
        client.post(url, {"key": "k", f"line-{line.pk}": "5"})
    assert Receipt.objects.get().units == 5
    assert StockLevel.objects.get(variant=line.variant).on_hand == 5


@pytest.mark.parametrize("name", ["approve_order", "send_order", "cancel_order"])
def test_a_step_asks_first_and_a_link_alone_does_nothing(client, buyer, order, name):
    if name == "send_order":
        service.approve_purchase_order(order)
    before = PurchaseOrder.objects.get().state
    step = reverse(f"admin:inventory_purchaseorder_{name}", args=[order.pk])
    assert "csrfmiddlewaretoken" in client.get(step).content.decode()
    guarded = Client(enforce_csrf_checks=True)
    guarded.force_login(buyer)
    assert guarded.post(step, {"_form_submitted": "on"}).status_code == 403
    assert PurchaseOrder.objects.get().state == before


def test_numbers_that_no_column_holds_are_left_out(client, buyer, order):
    service.approve_purchase_order(order)
    service.send_purchase_order(order)
    url = reverse("admin:inventory_purchaseorder_receive", args=[order.pk])
    line = order.lines.first().pk
    for name, units in ((line, "9" * 5000), ("9" * 30, "1"), (line, "1" * 19), (line, "²")):
        assert client.post(url, {"key": "k", f"line-{name}": units}).status_code == 200
    assert not Receipt.objects.exists()


def test_too_much_is_told_and_nothing_is_booked(client, buyer, order):
    service.approve_purchase_order(order)
    service.send_purchase_order(order)
    line = order.lines.first()
    url = reverse("admin:inventory_purchaseorder_receive", args=[order.pk])
    page = client.post(url, {"key": "k", f"line-{line.pk}": str(line.units + 1)})
    assert "outstanding" in page.content.decode()
    assert not Receipt.objects.exists()


def test_who_may_only_look_gets_no_buttons_and_no_step(client, order):
    client.force_login(make_staff("inventory.view_purchaseorder"))
    assert client.get(change_page(order)).status_code == 200
    step = reverse("admin:inventory_purchaseorder_approve_order", args=[order.pk])
    assert client.get(step).status_code == 403
    receive = reverse("admin:inventory_purchaseorder_receive", args=[order.pk])
    assert client.get(receive).status_code == 403
    order.refresh_from_db()
    assert order.state == "suggested"


def test_the_forecast_page_draws_the_fan_and_says_why_there_is_none(client, buyer):
    row = make_forecast(make_variant("TEA-1"))
    page = client.get(reverse("admin:inventory_demandforecast_change", args=[row.pk]))
    assert "<svg" in page.content.decode()
    new = make_forecast(make_variant("NEW"), horizon_days=0, mean_units=[], days_missing=9)
    page = client.get(reverse("admin:inventory_demandforecast_change", args=[new.pk]))
    assert "9 days of history are missing" in page.content.decode()


def test_days_without_stock_are_gaps_in_the_line():
    fan = Fan(
        starts_on=LAST_DAY,
        units=[3, 4, 0, 0, 5],
        out_of_stock=[False, False, True, True, False],
        mean=[4, 4],
        quantiles={level: [3, 5] for level in ("0.1", "0.3", "0.7", "0.9")},
    )
    svg = fan_chart(fan)
    assert svg.count("url(#out-of-stock)") == 2
    assert svg.count('stroke="var(--ink)"') == 2  # two stretches, no bridge over the gap
