"""The plan as a worklist: by money, filtered, many approved at once, taken back, as a file."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from inventory.models import PurchaseOrder, PurchaseOrderLine, PurchaseOrderState
from inventory.services import worklist
from inventory.services.purchase_orders import PurchaseOrderError
from inventory.services.worklist import PlanFilter
from tests.factories import make_variant, make_warehouse
from tests.factories_access import make_staff
from tests.factories_inventory import make_supplier

pytestmark = pytest.mark.django_db
PAGE = "admin:inventory_plan_worklist"


def suggest(code: str, skus: dict[str, int | None], *, late_days: int = 0) -> PurchaseOrder:
    """An order of one supplier with a line per SKU that earns so much."""
    day = timezone.localdate() - timedelta(days=late_days)
    order = PurchaseOrder.objects.create(
        number=f"PO-{code}",
        key=code,
        supplier=make_supplier(code),
        warehouse=make_warehouse(),
        currency="GBP",
        cycle_on=day,
        order_by_on=day,
    )
    for sku, earns in skus.items():
        PurchaseOrderLine.objects.create(
            order=order,
            variant=make_variant(sku),
            suggested_units=10,
            units=10,
            unit_cost_minor=400,
            expected_minor=earns,
            order_by_on=day,
        )
    return order


@pytest.fixture
def plan():
    return suggest("LEAF", {"A": 500, "B": 9000, "C": None}), suggest(
        "POTS", {"D": 700}, late_days=3
    )


@pytest.fixture
def buyer(client):
    names = ("view_purchaseorder", "change_purchaseorder")
    permissions = [f"inventory.{name}" for name in names] + ["decisions.decide_decision"]
    client.force_login(make_staff(*permissions))
    return client


def skus(**wanted) -> list[str]:
    return [line.variant.sku for line in worklist.plan_lines(PlanFilter(**wanted))]


def test_most_money_first_and_unknown_money_last(plan):
    assert skus() == ["B", "D", "A", "C"]


def test_filters(plan):
    assert skus(supplier="POTS") == ["D"]
    assert skus(deadline="late") == ["D"]
    assert skus(deadline="today") == ["B", "D", "A", "C"]
    assert skus(warehouse="NONE") == []
    assert skus(supplier="-") == []
    assert skus(sku="b") == ["B"]


def test_preview_groups_by_order_and_names_what_is_left_out(plan):
    ids = PurchaseOrderLine.objects.filter(variant__sku__in="BD").values_list("pk", flat=True)
    first, second = worklist.preview(ids)
    assert (first.order.number, first.lines, first.left_out) == ("PO-LEAF", 1, 2)
    assert (first.units, first.value_minor, first.expected_minor) == (10, 4000, 9000)
    assert (second.order.number, second.left_out) == ("PO-POTS", 0)


def test_approving_orders_the_selected_lines_alone_and_can_be_taken_back(plan, buyer):
    line = PurchaseOrderLine.objects.get(variant__sku="B")
    shown = buyer.post(reverse(PAGE), {"line": [line.pk], "verb": "preview"})
    assert "One order would be approved" in shown.content.decode()
    assert PurchaseOrder.objects.get(number="PO-LEAF").state == PurchaseOrderState.SUGGESTED
    buyer.post(reverse(PAGE), {"line": [line.pk], "verb": "approve"})
    order = PurchaseOrder.objects.get(number="PO-LEAF")
    assert order.state == PurchaseOrderState.APPROVED
    units = order.lines.order_by("variant__sku").values_list("units", flat=True)
    assert list(units) == [0, 10, 0]
    assert PurchaseOrder.objects.get(number="PO-POTS").state == PurchaseOrderState.SUGGESTED
    page = buyer.get(reverse(PAGE) + "?approved=1").content.decode()
    assert "Approved just now" in page
    buyer.post(reverse(PAGE), {"verb": "take_back"})
    order.refresh_from_db()
    assert order.state == PurchaseOrderState.CANCELLED
    assert worklist.take_back([order.pk], by=None) == 0  # twice is once


def test_what_was_sent_is_not_taken_back(plan):
    order = plan[0]
    PurchaseOrder.objects.filter(pk=order.pk).update(state=PurchaseOrderState.SENT)
    assert worklist.take_back([order.pk], by=None) == 0


def test_too_many_lines_at_once_are_refused():
    with pytest.raises(PurchaseOrderError, match="At most 500"):
        worklist.preview(range(501))


def test_units_are_changed_in_place(plan, buyer):
    line = PurchaseOrderLine.objects.get(variant__sku="A")
    address = reverse("admin:inventory_plan_units", args=[line.pk])
    assert buyer.post(address, {"units": "25"}).json() == {"units": 25, "total": "£100.00"}
    for bad in ("-1", "x", "", "1.5", "10000000"):
        assert buyer.post(address, {"units": bad}).status_code == 400
    line.refresh_from_db()
    assert line.units == 25
    PurchaseOrder.objects.update(state=PurchaseOrderState.SENT)
    assert buyer.post(address, {"units": "3"}).status_code == 409
    assert buyer.get(address).status_code == 405


def test_the_file_holds_what_the_filter_finds(plan, buyer):
    answer = buyer.get(reverse("admin:inventory_plan_csv") + "?supplier=POTS")
    lines = b"".join(answer.streaming_content).decode().splitlines()
    assert len(lines) == 2
    assert lines[1].startswith("PO-POTS,POTS,MAIN,D,10,10,400,GBP,700")


def test_who_may_only_look_cannot_decide(plan, client):
    client.force_login(make_staff("inventory.view_purchaseorder"))
    assert client.get(reverse(PAGE)).status_code == 200
    assert client.post(reverse(PAGE), {"verb": "approve", "line": ["1"]}).status_code == 403
    line = PurchaseOrderLine.objects.first()
    address = reverse("admin:inventory_plan_units", args=[line.pk])
    assert client.post(address, {"units": "1"}).status_code == 403


def test_the_page_asks_as_often_for_two_lines_as_for_fifty(
    plan, buyer, django_assert_max_num_queries
):
    suggest("MANY", {f"M-{n}": n for n in range(50)})
    with django_assert_max_num_queries(14):
        assert buyer.get(reverse(PAGE)).status_code == 200


def test_the_api_lists_the_same(plan, client):
    client.force_login(make_staff(is_superuser=True))
    found = client.get("/api/merchant/v1/purchase-plan/?deadline=late").json()["results"]
    assert [row["sku"] for row in found] == ["D"]
    assert found[0]["expected_minor"] == 700
    assert client.get("/api/merchant/v1/purchase-plan/?deadline=never").status_code == 400
