"""The UCI layout with every nasty case in it, against results worked out by hand."""

import csv
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from shop.importers.online_retail.service_codes import service_kind
from shop.importers.online_retail.survey import price_changes
from shop.importers.run import Options, import_file
from shop.models import (
    Customer,
    Event,
    LineKind,
    Order,
    OrderLine,
    Price,
    Product,
    Return,
    ReturnLine,
    Variant,
)

# line 2 …; what each row shows stands behind it
SAMPLE = [
    "536365,85123A,WHITE HOLDER,6,2010-12-01 08:26:00,2.55,17850,United Kingdom",  # 15.30
    "536365,85123A,WHITE HOLDER,6,2010-12-01 08:26:00,2.55,17850,United Kingdom",  # the same again
    '536365,71053,"LANTERN, ""WHITE""\nMETAL",2,2010-12-01 08:27:00,3.39,17850,United Kingdom',
    "536365,POST,POSTAGE,1,2010-12-01 08:26:00,18.00,17850,United Kingdom",  # shipping
    "536366,85123a,WHITE HOLDER,1,2010-12-01 09:00:00,2.95,,United Kingdom",  # guest, small letter
    "536367,71053,LANTERN,3,2011-07-01 09:00:00,3.39,17850.0,France",  # summer time, float id
    "C536379,D,Discount,-1,2010-12-01 09:41:00,27.50,14527,United Kingdom",  # discount back
    "C536391,71053,LANTERN,-2,2011-07-02 10:24:00,3.39,17850,United Kingdom",  # from either order
    "C536391,85123A,WHITE HOLDER,-1,2011-07-02 10:24:00,2.95,17850,United Kingdom",  # never bought
    "C536392,71053,LANTERN,-3,2011-07-02 10:24:00,3.39,17850,United Kingdom",  # only 536367 has 3
    "536414,22139,,56,2010-12-01 11:52:00,0.0,,United Kingdom",  # stock note
    "536589,21777,?,-10,2010-12-01 16:50:00,0.0,,United Kingdom",  # stock note
    "537197,22841,ROUND CAKE TIN,1,2010-12-05 14:02:00,0.0,12647,Germany",  # a gift
    "A563186,B,Adjust bad debt,1,2011-08-12 14:51:00,-11062.06,,United Kingdom",  # accounting
    "536400,PADS,PADS TO MATCH,1,2010-12-06 10:00:00,0.001,13952,United Kingdom",  # below a penny
    "536401,84029G,BOTTLE,3,2010-12-06 10:00:00,0.335,13952,United Kingdom",  # 1.005 → 1.01
    "536402,84029G,BOTTLE,0,2010-12-06 10:00:00,1,13952,United Kingdom",  # zero units
    "C536403,84029G,BOTTLE,2,2010-12-06 10:00:00,1,13952,United Kingdom",  # cancellation above 0
    "536404,84029G,BOTTLE,many,2010-12-06 10:00:00,1,13952,United Kingdom",
    "536405,84029G,BOTTLE,1,2010-13-45 10:00:00,1,13952,United Kingdom",
    "536406,84029G,BOTTLE,1,2010-12-06 10:00:00,1e309,13952,United Kingdom",
    "536407,84029G,BOTTLE,1,2010-12-06 10:00:00,1,13952",  # a field is missing
    ",84029G,BOTTLE,1,2010-12-06 10:00:00,1,13952,United Kingdom",
    "536365,22139,TEAPOT,1,2010-12-01 08:26:00,4.25,17850,United Kingdom",  # the order goes on
]
HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"
REJECTED = [
    (13, "UnitPrice", "is zero and nobody bought it: a stock note"),
    (14, "Quantity", "is below zero outside a cancellation: a stock note"),
    (16, "UnitPrice", "is below zero: an accounting entry, not a sale"),
    (19, "Quantity", "is zero"),
    (20, "Quantity", "is above zero on a cancellation"),
    (21, "Quantity", "is no whole number"),
    (22, "InvoiceDate", "is no date and time"),
    (23, "UnitPrice", "is no number"),
    (24, "", "has 7 fields where the header has 8"),
    (25, "InvoiceNo", "is missing"),
]


def imported(path: Path, text: str = "", *, encoding: str = "utf-8", **options):
    path.write_bytes((text or "\n".join([HEADER, *SAMPLE]) + "\n").encode(encoding))
    wanted = Options(rejects=path.with_suffix(".rejects.csv"), **options)
    return import_file("orders", path, format="online-retail", options=wanted)


def everything() -> list:
    tables = (Order, OrderLine, Return, ReturnLine, Event, Price, Product, Variant, Customer)
    return [list(table.objects.order_by("pk").values()) for table in tables]


@pytest.mark.django_db
def test_every_row_has_a_home(tmp_path):
    report = imported(tmp_path / "retail.csv")

    assert (report.rows_read, report.new, report.rejected) == (24, 14, 10)
    with open(report.rejects_file, encoding="utf-8-sig", newline="") as file:
        rejects = [(int(r["line"]), r["column"], r["reason"]) for r in csv.DictReader(file)]
    assert rejects == REJECTED


@pytest.mark.django_db
def test_the_money_adds_up_to_the_cent(tmp_path):
    report = imported(tmp_path / "retail.csv")

    # orders: 15.30 + 15.30 + 6.78 + 18.00 + 4.25 | 2.95 | 10.17 | 0 | 0.00 | 1.01
    orders = {order.number: order.total_minor for order in Order.objects.all()}
    assert orders == {
        "536365": 5963,
        "536366": 295,
        "536367": 1017,
        "537197": 0,
        "536400": 0,
        "536401": 101,
    }
    returns = {back.number: back.refund_minor for back in Return.objects.all()}
    assert returns == {"C536379": 2750, "C536391": 973, "C536392": 1017}
    assert report.sums["orders"] == Decimal("73.76")
    assert report.sums["returns"] == Decimal("47.40")
    assert report.money.accepted == Decimal("26.356")  # 73.755 + 0.001 − 47.40
    assert report.money.rejected == Decimal("-11058.06")  # −11062.06 + 2 + 1 + 1
    assert report.money.read == report.money.accepted + report.money.rejected
    assert report.money.unreadable_rows == 3  # many, 1e309, and the row that lacks a field
    for order in Order.objects.all():
        assert order.items_minor == sum(line.total_minor for line in order.lines.all())


@pytest.mark.django_db
def test_lines_keep_what_the_row_said(tmp_path):
    imported(tmp_path / "retail.csv")

    first = Order.objects.get(number="536365")
    assert (first.state, first.is_history, first.customer.code) == ("delivered", True, "17850")
    lines = first.lines.values_list("position", "kind", "variant__sku", "units", "text")
    assert list(lines) == [
        (1, "item", "85123A", 6, "WHITE HOLDER"),
        (2, "item", "85123A", 6, "WHITE HOLDER"),
        (3, "item", "71053", 2, 'LANTERN, "WHITE"\nMETAL'),
        (4, "shipping", None, 1, "POSTAGE"),
        (5, "item", "22139", 1, "TEAPOT"),
    ]
    assert Order.objects.get(number="536366").lines.get().variant.sku == "85123A"
    summer = Order.objects.get(number="536367")
    assert summer.placed_at == datetime(2011, 7, 1, 8, 0, tzinfo=UTC)
    assert (summer.country, summer.customer.country) == ("France", "United Kingdom")
    rounded = Order.objects.get(number="536401").lines.values_list("kind", "total_minor")
    assert list(rounded) == [("item", 102), ("discount", -1)]


@pytest.mark.django_db
def test_products_customers_and_events_come_out_of_it(tmp_path):
    imported(tmp_path / "retail.csv")

    skus = {variant.sku: variant.tracks_stock for variant in Variant.objects.all()}
    assert skus == dict.fromkeys(["22139", "22841", "71053", "84029G", "85123A", "PADS"], False)
    assert Product.objects.get(code="71053").name == "LANTERN"
    assert set(Customer.objects.values_list("code", flat=True)) == {
        "12647",
        "13952",
        "14527",
        "17850",
    }
    assert Event.objects.count() == OrderLine.objects.filter(kind=LineKind.ITEM).count() == 9
    event = Event.objects.get(event_id="purchase:536365:3")
    assert (event.kind, event.units, event.variant.sku) == ("purchase", 2, "71053")
    assert (event.order.number, event.customer.code, event.consent) == ("536365", "17850", False)
    assert event.received_at == event.occurred_at == datetime(2010, 12, 1, 8, 27, tzinfo=UTC)


@pytest.mark.django_db
def test_a_return_is_matched_only_where_there_is_one_answer(tmp_path):
    imported(tmp_path / "retail.csv")

    three = ReturnLine.objects.get(parent__number="C536392")
    assert (three.order_line.order.number, three.parent.order.number) == ("536367", "536367")
    others = ReturnLine.objects.exclude(pk=three.pk)
    assert [line.order_line for line in others] == [None, None, None]


@pytest.mark.django_db
@pytest.mark.parametrize("rows", [1, 3, 1000])
def test_twice_equals_once_whatever_the_chunks(tmp_path, monkeypatch, rows):
    monkeypatch.setattr("shop.importers.source.CsvSource.chunk_rows", rows)
    imported(tmp_path / "retail.csv")
    before = everything()

    again = imported(tmp_path / "retail.csv")

    assert (again.new, again.changed, again.unchanged, again.rejected) == (0, 0, 14, 10)
    assert not again.written
    assert everything() == before
    assert Order.objects.get(number="536365").total_minor == 5963


@pytest.mark.django_db
def test_other_order_of_columns_and_other_ways_to_write(tmp_path):
    """Columns moved, one more, d/m/Y, decimal comma, semicolons, GB18030."""
    rows = [
        "Country;Price;Customer ID;Invoice;Extra;StockCode;InvoiceDate;Quantity;Description",
        "中国;1.234,50;C9;N1;x;900123;13/02/2012 08:05;2;茶壶",
        "中国;0,99;C9;N1;x;900124;03/04/2012 8:05;1;茶杯",
        "中国;2.50;C9;N2;x;900124;03/04/2012 8:05;1;茶杯",
    ]
    report = imported(tmp_path / "other.csv", "\n".join(rows), encoding="gb18030")

    assert (report.new, report.rejected) == (2, 1)
    order = Order.objects.get()
    assert (order.total_minor, order.country) == (2 * 123450 + 99, "中国")
    assert order.placed_at == datetime(2012, 2, 13, 8, 5, tzinfo=UTC)
    assert Product.objects.get(code="900123").name == "茶壶"


@pytest.mark.django_db
def test_month_first_where_the_file_proves_it(tmp_path):
    rows = [HEADER, "1,100001,A,1,12/1/2010 8:26,1,C1,UK", "2,100001,A,1,12/13/2010 8:26,1,C1,UK"]
    imported(tmp_path / "us.csv", "\n".join(rows))
    placed = Order.objects.order_by("number").values_list("placed_at", flat=True)
    assert [(at.month, at.day) for at in placed] == [(12, 1), (12, 13)]


@pytest.mark.django_db
def test_dates_that_do_not_tell_are_said_to_be_assumed(tmp_path):
    rows = [HEADER, "1,100001,A,1,12/1/2010 8:26,1,C1,UK"]
    assumed = imported(tmp_path / "a.csv", "\n".join(rows), dry_run=True)
    told = imported(tmp_path / "a.csv", "\n".join(rows), day_first=False)
    assert "read as day/month" in assumed.notes[0]
    assert (told.notes, Order.objects.get().placed_at.month) == ([], 12)


@pytest.mark.django_db
def test_a_header_alone_is_a_file_of_no_rows(tmp_path):
    assert imported(tmp_path / "none.csv", HEADER + "\n").rows_read == 0


@pytest.mark.django_db
def test_amounts_beyond_the_database_are_refused(tmp_path):
    rows = [HEADER, "1,100001,A,999999999,2011-01-01,999999999,C1,UK"]
    report = imported(tmp_path / "huge.csv", "\n".join(rows))
    assert list(report.reasons) == ["UnitPrice times the quantity is more than a million million"]


@pytest.mark.parametrize(
    ("code", "name", "kind"),
    [
        ("85123A", "WHITE HOLDER", None),
        ("22423", "POSTAGE STAMP MUG", None),
        ("DCGS0003", "BOXED GLASS ASHTRAY", None),
        ("PADS", "PADS TO MATCH ALL CUSHIONS", None),
        ("POST", "POSTAGE", "shipping"),
        ("DOT", "DOTCOM POSTAGE", "shipping"),
        ("C2", "CARRIAGE", "shipping"),
        ("D", "Discount", "discount"),
        ("M", "Manual", "fee"),
        ("S", "SAMPLES", "fee"),
        ("BANK_CHARGES", "Bank Charges", "fee"),
        ("AMAZONFEE", "", "fee"),
        ("CRUK", "CRUK Commission", "fee"),
        ("GIFT_0001_40", "Dotcomgiftshop Gift Voucher £40.00", "fee"),
    ],
)
def test_codes_that_are_no_goods(code, name, kind):
    assert service_kind(code, name) == kind


def test_list_price_changes_when_the_next_day_agrees():
    import polars as pl

    days = [datetime(2011, 1, day).date() for day in (1, 1, 2, 3, 4, 5, 5)]  # noqa: DTZ001
    counts = pl.DataFrame(
        {
            "sku": ["A"] * 7,
            "day": days,
            #  day 1: 295 twice, 255 once; one odd day at 255; then 325 for good (a tie on day 5)
            "unit_minor": [295, 255, 255, 295, 325, 325, 295],
            "lines": [2, 1, 4, 1, 3, 2, 2],
        }
    )
    changes = [(day.day, price) for _sku, day, price in price_changes(counts).iter_rows()]
    assert changes == [(1, 295), (4, 325)]
