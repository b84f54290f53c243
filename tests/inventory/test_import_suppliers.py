"""The suppliers file: terms from the first row, items per SKU, twice equals once."""

import polars as pl
import pytest

from inventory.models import Supplier, SupplierItem
from shop.importers.run import import_frames
from tests.factories import make_variant

pytestmark = pytest.mark.django_db
HEADER = ["supplier_code", "name", "lead_time_days", "sku", "moq", "pack_size", "unit_cost"]


def load(*rows):
    frame = pl.DataFrame(
        [list(map(str, row)) for row in rows],
        schema=dict.fromkeys(HEADER, pl.String),
        orient="row",
    )
    return import_frames("suppliers", frame)


@pytest.fixture
def skus():
    return [make_variant("TEA-1"), make_variant("TEA-2")]


def test_a_file_makes_suppliers_and_items(skus):
    report = load(
        ("LEAF", "Leaf & Co", 14, "TEA-1", 10, 5, "4.50"), ("LEAF", "", 21, "TEA-2", "", "", "")
    )
    assert (report.new, report.rejected) == (2, 0)
    leaf = Supplier.objects.get()
    assert (leaf.name, leaf.lead_time_days, leaf.review_period_days) == ("Leaf & Co", 14, 7)
    one, two = SupplierItem.objects.order_by("variant__sku")
    assert (one.moq, one.pack_size, one.unit_cost_minor, one.lead_time_days) == (10, 5, 450, None)
    assert (two.moq, two.unit_cost_minor, two.effective_lead_time_days) == (1, None, 21)
    assert one.is_preferred


def test_twice_equals_once_and_a_change_is_a_change(skus):
    row = ("LEAF", "Leaf", 14, "TEA-1", 10, 5, "4.50")
    load(row)
    again = load(row)
    assert (again.new, again.changed, again.unchanged) == (0, 0, 1)
    dearer = load((*row[:-1], "5.00"))
    assert dearer.changed == 1
    assert SupplierItem.objects.get().unit_cost_minor == 500


def test_the_second_supplier_of_a_sku_is_not_preferred(skus):
    load(("LEAF", "", 14, "TEA-1", "", "", ""), ("OTHER", "", 3, "TEA-1", "", "", ""))
    found = SupplierItem.objects.values_list("supplier__code", "is_preferred")
    assert dict(found) == {"LEAF": True, "OTHER": False}


def test_what_cannot_be_is_rejected_with_its_reason(skus):
    report = load(
        ("LEAF", "", 14, "NOPE", "", "", ""),
        ("NEW", "", "", "TEA-1", "", "", ""),
        ("LEAF", "", 14, "TEA-1", 0, "", ""),
        ("LEAF", "", 14, "TEA-2", "", "", ""),
        ("LEAF", "", 14, "TEA-2", "", "", ""),
    )
    assert report.rejected == 4
    assert SupplierItem.objects.get().variant.sku == "TEA-2"


def test_a_row_without_a_sku_is_the_supplier_alone():
    assert load(("LEAF", "Leaf", 14, "", "", "", "")).new == 1
    assert load(("LEAF", "Leaf", 14, "", "", "", "")).unchanged == 1
    assert Supplier.objects.get().items.count() == 0


def test_price_breaks_are_replaced_by_those_of_the_row(skus):
    HEADER_WITH = [*HEADER, "price_breaks", "unit_volume_ml", "shelf_life_days", "is_alternative"]

    def with_breaks(text):
        row = ["LEAF", "Leaf", "14", "TEA-1", "", "", "4.50", text, "250", "90", "yes"]
        frame = pl.DataFrame([row], schema=dict.fromkeys(HEADER_WITH, pl.String), orient="row")
        return import_frames("suppliers", frame)

    assert with_breaks("100:4.20 500:3.90").new == 1
    item = SupplierItem.objects.get()
    found = item.price_breaks.values_list("from_units", "unit_cost_minor")
    assert list(found) == [(100, 420), (500, 390)]
    assert (item.unit_volume_ml, item.shelf_life_days, item.is_alternative) == (250, 90, True)
    assert with_breaks("100:4.20 500:3.90").unchanged == 1
    assert with_breaks("50:4.00").changed == 1
    assert item.price_breaks.get().unit_cost_minor == 400
    assert with_breaks("from 50 cheaper").rejected == 1
