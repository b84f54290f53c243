"""The plan on a small shop: grouped, receipted, keyed by cycle, and kind to the buyer's edits."""

from datetime import date, timedelta

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import timezone

from decisions.models import Decision, DecisionState
from decisions.services import receipts as decisions
from inventory.ml.metrics import LEVELS
from inventory.models import (
    LeadTimeEstimate,
    PlannedPurchase,
    PurchaseBudget,
    PurchaseOrder,
    PurchaseOrderLine,
    PurchaseOrderState,
    Receipt,
    ReplenishmentPlan,
    Supplier,
)
from inventory.services import purchase_orders
from inventory.services.replenishment import NoForecastError, plan_replenishment
from shop.services.stock import stock
from tests.factories import make_variant, make_warehouse
from tests.factories_inventory import (
    AS_OF,
    LAST_DAY,
    Silent,
    make_forecast,
    make_item,
    make_supplier,
)

pytestmark = pytest.mark.django_db


def plan(as_of=AS_OF):
    return plan_replenishment(as_of, seed=7, progress=Silent())


@pytest.fixture
def tea():
    """Ten a day give or take three, 150 on hand, 14 days lead time, weekly review, packs of 24."""
    tea = make_variant("TEA-1", price_minor=900)
    make_item(tea, make_supplier("LEAF"), pack_size=24)
    make_forecast(tea)
    stock.receive(tea, 150, warehouse=make_warehouse(), key="opening")
    return tea


def test_one_order_per_supplier_and_warehouse_with_the_worked_numbers(tea):
    assert plan()["orders"] == 1
    line = PurchaseOrderLine.objects.get()
    assert (line.suggested_units, line.units, line.inventory_position) == (96, 96, 150)
    assert line.unit_cost_minor == 400
    assert line.expected_low_minor <= line.expected_minor <= line.expected_high_minor
    assert line.assumption_texts == [
        "No delivery of this supplier was ever received; the plan trusts the promised 14 days."
    ]
    # Enough until the order after this one arrives: 210 units and more, in whole packs.
    assert 150 + line.units >= line.reorder_point > 210
    assert line.service_class == "AX"
    assert line.without_minor > line.expected_minor > 0
    assert line.next_unit_minor < 600
    order = line.order
    assert (order.state, order.supplier.code) == ("suggested", "LEAF")
    decision = order.decision
    assert decision.kind == "reorder"
    assert decision.expected_minor == line.expected_minor
    assert decision.deadline_at is not None
    assert "96" in str(decision)
    assert "TEA-1" in decision.why_text


def test_the_receipt_replays_to_the_same(tea):
    plan()
    _again, same = decisions.replay(Decision.objects.get())
    assert same


def test_twice_equals_once(tea):
    first = plan()
    before = list(PurchaseOrderLine.objects.values("variant", "units", "expected_minor"))
    assert plan() == first
    assert list(PurchaseOrderLine.objects.values("variant", "units", "expected_minor")) == before
    assert Decision.objects.count() == 1


def test_enough_stock_needs_no_order(tea):
    stock.receive(tea, 500, warehouse=make_warehouse(), key="more")
    assert plan()["orders"] == 0
    assert not Decision.objects.exists()


def test_a_buyers_number_survives_the_next_plan_with_his_name(tea):
    plan()
    buyer = User.objects.create(username="buyer")
    purchase_orders.set_line_units(PurchaseOrderLine.objects.get(), 48, by=buyer)
    stock.receive(tea, 24, warehouse=make_warehouse(), key="more")
    plan()
    line = PurchaseOrderLine.objects.get()
    assert (line.suggested_units, line.units, line.edited_by) == (72, 48, buyer)
    old, new = Decision.objects.order_by("created_at")
    assert (old.state, new.state) == (DecisionState.SUPERSEDED, DecisionState.PENDING)


def test_the_next_cycle_replaces_an_open_suggestion_and_keeps_the_edit(tea):
    plan()
    buyer = User.objects.create(username="buyer")
    purchase_orders.set_line_units(PurchaseOrderLine.objects.get(), 48, by=buyer)
    make_forecast(tea, as_of=LAST_DAY + timedelta(days=7))
    plan(AS_OF + timedelta(days=7))
    assert PurchaseOrder.objects.filter(state="cancelled").count() == 1
    line = PurchaseOrderLine.objects.get(order__state="suggested")
    assert (line.units, line.edited_by) == (48, buyer)


def test_an_approved_order_counts_as_on_order_and_is_left_alone(tea):
    plan()
    order = PurchaseOrder.objects.get()
    purchase_orders.approve_purchase_order(order)
    plan()
    assert PurchaseOrder.objects.get().state == PurchaseOrderState.APPROVED
    make_forecast(tea, as_of=LAST_DAY + timedelta(days=7))
    assert plan(AS_OF + timedelta(days=7))["lines"] == 0


def test_approving_the_receipt_approves_the_order_and_refusing_cancels_it(tea):
    plan()
    decisions.approve(Decision.objects.get())
    assert PurchaseOrder.objects.get().state == PurchaseOrderState.APPROVED


def test_refusing_the_receipt_cancels_the_order(tea):
    plan()
    decisions.refuse(Decision.objects.get(), note="too much")
    order = PurchaseOrder.objects.get()
    assert order.state == PurchaseOrderState.CANCELLED
    assert order.transitions.get().note == "too much"
    plan()
    assert PurchaseOrder.objects.count() == 1


def test_a_sku_never_counted_is_planned_with_the_assumption_on_line_and_receipt():
    tea = make_variant("TEA-1", tracks_stock=False)
    make_item(tea, make_supplier())
    make_forecast(tea)
    plan()
    line = PurchaseOrderLine.objects.get()
    assert line.inventory_position == 0
    assert "No stock count was ever recorded" in line.assumption_texts[0]
    assert "No stock count" in str(Decision.objects.get().constraints_hit)


def test_skus_without_a_supplier_wait_together_for_one():
    make_forecast(make_variant("TEA-1"))
    make_forecast(make_variant("TEA-2"))
    assert plan()["orders"] == 1
    order = PurchaseOrder.objects.get()
    assert order.supplier is None
    assert order.lines.count() == 2
    assert "Choose a supplier" in str(order.decision)
    purchase_orders.approve_purchase_order(order)
    with pytest.raises(purchase_orders.NotSendableError):
        purchase_orders.send_purchase_order(order)
    purchase_orders.assign_supplier(order, make_supplier(), by=None)
    assert order.supplier.items.count() == 2
    purchase_orders.send_purchase_order(order)
    assert order.sent_at


def test_an_unknown_cost_gives_no_money_and_says_why():
    tea = make_variant("TEA-1", cost_minor=None)
    make_item(tea, make_supplier(), unit_cost_minor=None)
    make_forecast(tea)
    plan()
    line = PurchaseOrderLine.objects.get()
    assert line.expected_minor is None
    assert "cost or its price is unknown" in " ".join(line.assumption_texts)
    assert Decision.objects.get().expected_minor is None


def test_a_sku_with_too_little_history_or_delisted_is_not_planned(tea):
    make_forecast(make_variant("OLD", is_active=False))
    make_forecast(make_variant("NEW"), horizon_days=0, mean_units=[], days_missing=9)
    assert plan()["skus_planned"] == 1


def test_two_suppliers_get_an_order_each(tea):
    milk = make_variant("MILK-1")
    make_item(milk, make_supplier("DAIRY", lead_time_days=2, review_period_days=1))
    make_forecast(milk)
    assert plan()["orders"] == 2
    codes = PurchaseOrder.objects.values_list("supplier__code", "cycle_on")
    assert dict(codes)["DAIRY"] == date(2026, 3, 2)


def test_without_a_forecast_there_is_no_plan():
    with pytest.raises(NoForecastError):
        plan()


def test_the_number_of_queries_does_not_grow_with_the_skus(django_assert_max_num_queries):
    supplier = make_supplier()
    for number in range(30):
        variant = make_variant(f"T-{number}")
        make_item(variant, supplier)
        make_forecast(variant)
    with django_assert_max_num_queries(56):
        plan()


def test_a_buyers_number_has_money_of_its_own_and_runs_out(tea):
    plan()
    buyer = User.objects.create(username="buyer")
    before = PurchaseOrderLine.objects.get()
    line = purchase_orders.set_line_units(PurchaseOrderLine.objects.get(), 24, by=buyer)
    line.refresh_from_db()
    assert 0 < line.expected_minor < before.expected_minor
    assert line.next_unit_minor > before.next_unit_minor
    assert line.expected_low_minor <= line.expected_minor <= line.expected_high_minor
    PurchaseOrderLine.objects.update(edit_until=timezone.localdate() - timedelta(days=1))
    plan()
    assert PurchaseOrderLine.objects.get().units == before.units


def test_the_interval_of_a_rare_seller_holds_its_expected_money():
    odd = make_variant("ODD-1", cost_minor=100)
    make_item(odd, make_supplier())
    quantiles = {f"{level:.1f}": [0.0] * 28 for level in LEVELS}
    make_forecast(odd, mean=0.02, quantile_units=quantiles)
    plan()
    for line in PurchaseOrderLine.objects.all():
        assert line.expected_low_minor <= line.expected_minor <= line.expected_high_minor


def test_a_budget_binds_with_a_price_and_an_edit_above_it_is_named(tea, admin_client):
    PurchaseBudget.objects.create(
        starts_on=LAST_DAY, ends_on=LAST_DAY + timedelta(days=7), amount_minor=40 * 400
    )
    plan()
    line = PurchaseOrderLine.objects.get()
    assert line.units * 400 <= 40 * 400
    found = ReplenishmentPlan.objects.get()
    assert found.bound_minor <= found.cost_minor <= found.greedy_minor
    assert found.constraints[0]["constraint"] == "budget"
    assert found.constraints[0]["one_more_minor"] > 0
    assert any(bound["constraint"] == "budget" for bound in line.bindings)
    purchase_orders.set_line_units(line, 96, by=User.objects.create(username="buyer"))
    plan()
    broken = ReplenishmentPlan.objects.get().violations
    assert [(one["constraint"], one["over"]) for one in broken] == [("budget", 56 * 400)]
    address = reverse(
        "admin:inventory_replenishmentplan_change", args=[ReplenishmentPlan.objects.get().pk]
    )
    page = admin_client.get(address).content.decode()
    assert "the purchase budget is used up" in page
    assert "used up (week 1, £224.00 too much)" in page


def test_later_orders_are_kept_to_read_and_two_runs_leave_the_same(tea):
    plan()
    before = list(PlannedPurchase.objects.values_list("variant", "order_on", "units"))
    assert before
    plan()
    assert list(PlannedPurchase.objects.values_list("variant", "order_on", "units")) == before


def test_receipts_teach_the_lead_time_and_the_plan_uses_it(tea):
    supplier = Supplier.objects.get()
    for number in range(12):
        sent = AS_OF - timedelta(days=200 - 10 * number)
        order = PurchaseOrder.objects.create(
            number=f"OLD-{number}", key=f"old:{number}", supplier=supplier, currency="GBP",
            warehouse=make_warehouse(), state="received", cycle_on=sent.date(), sent_at=sent,
        )  # fmt: skip
        line = PurchaseOrderLine.objects.create(
            order=order, variant=tea, suggested_units=10, units=10, received_units=9
        )
        arrived = sent + timedelta(days=26 + number % 5)
        Receipt.objects.create(line=line, units=9, received_at=arrived, key=f"old:{number}")
    plan()
    whole = LeadTimeEstimate.objects.get(variant__isnull=True)
    assert whole.deliveries == 12
    assert whole.mean_days == pytest.approx(28, abs=1)
    assert whole.delay_days == pytest.approx(14, abs=1)
    assert whole.p90_days > whole.p50_days
    assert whole.fill_rate == pytest.approx(0.9)
    assert LeadTimeEstimate.objects.filter(variant=tea).count() == 1
    line = PurchaseOrderLine.objects.get(order__state="suggested")
    assert line.assumptions == []
    assert line.reorder_point > 300  # four weeks and a review period, not two
