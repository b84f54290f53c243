"""Purchase history from files: lead times and fill rates learn from it, stock does not move."""

from datetime import UTC, datetime

import polars as pl
import pytest

from inventory.models import PurchaseOrder, PurchaseOrderLine, Receipt
from inventory.services.lead_times import refresh_lead_times
from inventory.services.scorecards import scorecard_of
from shop.exporters.run import export_file
from shop.importers.run import Options, import_file, import_frames
from shop.models import StockMovement
from tests.factories import make_variant
from tests.factories_inventory import make_supplier

pytestmark = pytest.mark.django_db

FIRST = {
    "purchase_number": "P-1", "supplier_code": "S1", "sent_at": "2026-01-05T10:00:00+00:00",
    "expected_on": "2026-01-19", "sku": "TEA-1", "units": "10", "unit_cost": "2.50",
    "received_units": "6", "received_at": "2026-01-17T08:00:00+00:00",
}  # fmt: skip


def load(*rows):
    return import_frames("purchase_orders", pl.DataFrame([FIRST | row for row in rows]))


@pytest.fixture
def supplier():
    make_variant("TEA-1")
    make_variant("TEA-2")
    return make_supplier(code="S1", lead_time_days=14)


def test_a_line_with_two_receipts_is_one_line(supplier):
    second = {"received_units": "4", "received_at": "2026-01-20T08:00:00+00:00"}
    report = load({}, second)
    assert report.new == 2
    order = PurchaseOrder.objects.get(number="P-1")
    assert (order.state, order.supplier) == ("received", supplier)
    line = order.lines.get()
    assert (line.units, line.received_units, line.unit_cost_minor) == (10, 10, 250)
    assert sorted(line.receipts.values_list("units", flat=True)) == [4, 6]
    assert not StockMovement.objects.exists()


def test_the_same_file_again_changes_nothing_and_a_later_one_adds_the_rest(supplier):
    load({})
    assert PurchaseOrder.objects.get().state == "partly_received"
    assert load({}).unchanged == 1
    assert Receipt.objects.count() == 1
    rest = {"received_units": "4", "received_at": "2026-01-20T08:00:00+00:00"}
    report = load({}, rest)
    assert (report.new, report.changed) == (1, 1)
    assert PurchaseOrder.objects.get().state == "received"
    assert PurchaseOrderLine.objects.get().received_units == 10


def test_a_closed_short_order_counts_in_the_fill_rate_and_an_open_one_is_on_order(supplier):
    from inventory.frames import stock_positions

    load(
        {"state": "cancelled"},
        {"purchase_number": "P-2", "received_units": None, "received_at": None, "sku": "TEA-2"},
    )
    assert scorecard_of(supplier).open_count == 1
    variant = PurchaseOrder.objects.get(number="P-2").lines.get().variant_id
    assert [s.on_order for (pk, _place), s in stock_positions([variant]).items()] == [10]
    assert refresh_lead_times(datetime(2026, 2, 1, tzinfo=UTC)) > 0
    learned = supplier.lead_times.get(variant__isnull=True)
    assert (learned.deliveries, learned.open_orders) == (1, 1)
    assert learned.fill_rate == pytest.approx(0.6)


@pytest.mark.parametrize(
    ("row", "column", "reason"),
    [
        ({"supplier_code": "NOBODY"}, "supplier_code", "is no supplier of the shop"),
        ({"sku": "NOTHING"}, "sku", "is no SKU of the shop"),
        ({"warehouse": "NOWHERE"}, "warehouse", "is no warehouse of the shop"),
        ({"received_units": "11"}, "received_units", "is more than was ordered"),
        ({"received_at": None}, "received_at", "is missing"),
        ({"received_at": "2026-01-04T08:00:00Z"}, "received_at", "is before the order was sent"),
        ({"currency": "JPY"}, "currency", "has other minor units than the shop's"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_written(supplier, row, column, reason):
    report = load(row)
    assert report.rejected == 1
    assert any(column in text and reason in text for text in map(str, report.reasons))
    assert not PurchaseOrder.objects.exists()


def test_an_order_of_the_shops_own_is_left_alone(supplier):
    load({})
    PurchaseOrder.objects.update(key="1:1:2026-01-05")
    report = load({"expected_on": "2026-03-01"})
    assert report.rejected == 1
    assert f"{PurchaseOrder.objects.get().expected_on}" == "2026-01-19"


def test_export_and_import_come_to_the_same_file(supplier, tmp_path):
    load({}, {"received_units": "4", "received_at": "2026-01-20T08:00:00+00:00"})
    load({"purchase_number": "P-2", "received_units": None, "received_at": None})
    export_file("purchase_orders", tmp_path / "first.csv")
    first = (tmp_path / "first.csv").read_bytes()
    Receipt.objects.all().delete()
    PurchaseOrderLine.objects.all().delete()
    PurchaseOrder.objects.all().delete()
    report = import_file("purchase_orders", tmp_path / "first.csv", options=Options())
    assert not report.rejected
    export_file("purchase_orders", tmp_path / "second.csv")
    assert (tmp_path / "second.csv").read_bytes() == first
    assert first.count(b"\r\n") == 4
