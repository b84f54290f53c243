"""Files of batches, selling holds, visitor links and tax rates: twice equals once, mistakes named."""

from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

from shop.importers.run import Options, import_frames
from shop.models import Batch, SellingHold, StockLevel, StockMovement, TaxRate, VisitorLink
from shop.services.stock import stock
from shop.services.stock.verify import verify_stock
from tests.factories import make_customer, make_variant, make_warehouse

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 1, 9, tzinfo=UTC)


def bring_in(kind, *rows, **options):
    names = sorted({name for row in rows for name in row})
    frame = pl.DataFrame({name: [row.get(name, "") for row in rows] for name in names})
    return import_frames(kind, frame, options=Options(**options))


def outcome(report):
    return report.new, report.changed, report.unchanged, report.rejected


@pytest.fixture
def shelf():
    """Ten teas without a batch in MAIN."""
    tea, place = make_variant("TEA"), make_warehouse()
    stock.receive(tea, 10, warehouse=place, key="po")
    return tea, place


def lot(code, units, **fields):
    return {"sku": "TEA", "warehouse": "MAIN", "batch": code, "units": str(units)} | fields


def held():
    return dict(Batch.objects.values_list("code", "on_hand"))


def test_batches_name_units_that_are_there(shelf):
    first = bring_in("batches", lot("A", 4, expires_on="2027-01-31"), lot("B", 6))
    assert outcome(first) == (2, 0, 0, 0)
    assert held() == {"A": 4, "B": 6}
    assert Batch.objects.get(code="A").expires_on == date(2027, 1, 31)
    assert StockLevel.objects.get().on_hand == 10
    assert verify_stock() == []
    moved = StockMovement.objects.count()
    again = bring_in("batches", lot("A", 4, expires_on="2027-01-31"), lot("B", 6))
    assert outcome(again) == (0, 0, 2, 0)
    assert StockMovement.objects.count() == moved


def test_units_pass_back_to_the_goods_without_a_batch(shelf):
    bring_in("batches", lot("A", 10))
    report = bring_in("batches", lot("A", 3), lot("B", 7))
    assert outcome(report) == (1, 1, 0, 0)
    assert held() == {"A": 3, "B": 7}
    assert (StockLevel.objects.get().on_hand, verify_stock()) == (10, [])


def test_promised_goods_get_their_batch_too(shelf):
    tea, place = shelf
    stock.allocate(tea, 10, warehouse=place, key="o1")
    assert outcome(bring_in("batches", lot("A", 8))) == (1, 0, 0, 0)
    level = StockLevel.objects.get()
    assert (level.on_hand, level.allocated, verify_stock()) == (10, 10, [])


def test_more_than_lies_there_is_refused_and_nothing_opened(shelf):
    report = bring_in("batches", lot("A", 11), lot("B", 2), lot("B", 3), lot("C", 1, sku="X"))
    assert outcome(report) == (1, 0, 0, 3)
    assert held() == {"B": 2}
    assert any("count first" in reason for reason in report.reasons)
    elsewhere = bring_in("batches", lot("A", 1, warehouse="MOON"))
    assert list(elsewhere.reasons) == ["warehouse is no warehouse of the shop"]


def test_a_batch_keeps_its_date_and_its_arrival(shelf):
    came = "2026-01-05T08:00:00Z"
    bring_in("batches", lot("A", 4, expires_on="2027-01-31", received_at=came))
    report = bring_in("batches", lot("A", 4, expires_on="2027-02-01", received_at="2026-02-02"))
    assert outcome(report) == (0, 0, 0, 1)
    assert Batch.objects.get().received_at == datetime(2026, 1, 5, 8, tzinfo=UTC)


def test_batches_in_a_trial_run_leave_nothing(shelf):
    assert bring_in("batches", lot("A", 4), dry_run=True).new == 1
    assert (held(), StockMovement.objects.count()) == ({}, 1)


def stop(began, ended="", reason="glass", sku="TEA"):
    return {"sku": sku, "reason": reason, "began_at": began, "ended_at": ended}


def test_holds_end_and_nothing_else_of_them_changes():
    make_variant("TEA")
    assert outcome(bring_in("selling_holds", stop("2026-03-01T09:00Z"))) == (1, 0, 0, 0)
    assert outcome(bring_in("selling_holds", stop("2026-03-01T09:00Z"))) == (0, 0, 1, 0)
    over = stop("2026-03-01T09:00Z", "2026-03-04T09:00Z")
    assert outcome(bring_in("selling_holds", over)) == (0, 1, 0, 0)
    assert outcome(bring_in("selling_holds", over)) == (0, 0, 1, 0)
    # An open hold of a file does not stop again what has ended here.
    assert outcome(bring_in("selling_holds", stop("2026-03-01T09:00Z"))) == (0, 0, 0, 1)
    later = stop("2026-03-01T09:00Z", "2026-03-05T09:00Z")
    assert outcome(bring_in("selling_holds", later)) == (0, 0, 0, 1)
    renamed = stop("2026-03-01T09:00Z", "2026-03-04T09:00Z", "cork")
    assert outcome(bring_in("selling_holds", renamed)) == (0, 0, 0, 1)
    assert SellingHold.objects.get().ended_at == AT + timedelta(days=3)


def test_a_sku_is_stopped_once_at_a_time():
    make_variant("TEA"), make_variant("POT")
    two = [stop("2026-03-01T09:00Z"), stop("2026-03-02T09:00Z"), stop("2026-03-02", sku="POT")]
    assert outcome(bring_in("selling_holds", *two)) == (2, 0, 0, 1)
    assert outcome(bring_in("selling_holds", stop("2026-03-03T09:00Z"))) == (0, 0, 0, 1)
    handed_over = [stop("2026-03-01T09:00Z", "2026-03-03T09:00Z"), stop("2026-03-03T09:00Z")]
    assert outcome(bring_in("selling_holds", *handed_over)) == (1, 1, 0, 0)
    backwards = stop("2026-04-02T09:00Z", "2026-04-01T09:00Z")
    assert outcome(bring_in("selling_holds", backwards)) == (0, 0, 0, 1)


def test_links_are_added_and_never_changed():
    ann, bea = make_customer("ann"), make_customer("bea")
    link = {"visitor": "v", "customer_code": "ann", "linked_at": "2026-03-01T09:00Z"}
    other = link | {"customer_code": "bea", "linked_at": "2026-03-02T09:00Z"}
    assert outcome(bring_in("visitor_links", link, link, other)) == (2, 0, 1, 0)
    assert outcome(bring_in("visitor_links", other, link)) == (0, 0, 2, 0)
    assert [one.customer for one in VisitorLink.objects.order_by("pk")] == [ann, bea]
    assert VisitorLink.objects.owner_of("v") == bea.pk
    assert outcome(bring_in("visitor_links", link | {"customer_code": "zoe"})) == (0, 0, 0, 1)


def test_tax_rates_are_one_a_day_and_corrected():
    rate = {"country": "GB", "basis_points": "2000", "valid_from": "2026-01-01"}
    assert outcome(bring_in("tax_rates", rate, rate | {"tax_class": "reduced"})) == (2, 0, 0, 0)
    assert outcome(bring_in("tax_rates", rate, rate)) == (0, 0, 1, 1)
    assert outcome(bring_in("tax_rates", rate | {"basis_points": "1750"})) == (0, 1, 0, 0)
    assert TaxRate.objects.get(tax_class="standard").basis_points == 1750
    wrong = [rate | {"country": "gb"}, rate | {"basis_points": "10001"}, rate | {"valid_from": ""}]
    assert outcome(bring_in("tax_rates", *wrong)) == (0, 0, 0, 3)
