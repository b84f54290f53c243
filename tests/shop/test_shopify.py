"""Shopify's files: several rows to a product and an order, and what the merchant is told."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from shop.importers.encodings import UnusableFileError
from shop.importers.run import Options, import_file
from shop.models import (
    Channel,
    Customer,
    LineKind,
    Order,
    OrderState,
    Product,
    Return,
    StockLevel,
    Variant,
    Warehouse,
)

pytestmark = pytest.mark.django_db

PRODUCTS = '''\
Handle,Title,Body (HTML),Vendor,Product Category,Type,Tags,Published,Option1 Name,Option1 Value,Option2 Name,Option2 Value,Variant SKU,Variant Grams,Variant Inventory Tracker,Variant Inventory Qty,Variant Price,Variant Compare At Price,Variant Barcode,Image Src,Image Position,Gift Card,SEO Title,Cost per item,Status
tee,"Tee, ""organic""","<p>Soft
cotton</p>",Acme,Apparel > Shirts,Shirts,"new, sale",TRUE,Colour,Red,Size,S,TEE R/S,180.0,shopify,12,19.90,25.00,'0123,https://shop.example/1.jpg,1,FALSE,Tee,7.50,active
tee,,,,,,,,,Red,,M,TEE-RM,182.6,shopify,3,19.90,,,https://shop.example/2.jpg,2,,,7.50,
tee,,,,,,,,,,,,,,,,,,,https://shop.example/3.jpg,3,,,,
card,Gift card,,Acme,,Cards,,TRUE,Title,Default Title,,,,0,,,25.00,,,,,TRUE,,,active
mug,Mug,,Acme,,Home,,FALSE,Title,Default Title,,,,300,,,8.00,,,,,FALSE,,,
lost,,,,,,,,,Blue,,,LOST-1,,,,5.00,,,,,,,,
bad,Bad,,,,,,,Title,Default Title,,,BAD-1,,,,1e309,,,,,,,,active
'''
CUSTOMERS = """\
Customer ID,First Name,Last Name,Email,Accepts Email Marketing,Default Address Country Code,Default Address Phone,Phone,Accepts SMS Marketing,Total Spent,Total Orders,Note,Tax Exempt,Tags
'6940095564,Ann,Lee,ann@example.com,yes,GB,,'+441234,no,12.00,1,,no,vip
'6940095565,小明,,,no,CN,'+86123,,no,0.00,0,,no,
,Bob,,bob@example.com,no,US,,,yes,0.00,0,,no,
,Nobody,,,no,US,,,no,0.00,0,,no,
"""
ORDERS = """\
Name,Email,Financial Status,Paid at,Fulfillment Status,Fulfilled at,Accepts Marketing,Currency,Subtotal,Shipping,Taxes,Total,Discount Code,Discount Amount,Shipping Method,Created at,Lineitem quantity,Lineitem name,Lineitem price,Lineitem sku,Shipping Country,Cancelled at,Refunded Amount,Source,Tags
#1001,ann@example.com,partially_refunded,2026-03-02 09:01:00 +0000,fulfilled,2026-03-03 09:00:00 +0000,yes,GBP,42.80,4.95,7.96,47.75,SPRING,5.00,Standard,2026-03-02 09:00:00 +0100,2,"Tee, ""organic"" - Red / S",19.90,TEE R/S,GB,,10.00,web,gift
#1001,ann@example.com,,,,,,,,,,,,,,,1,Mug,8.00,,,,,,
#1002,stranger@example.com,pending,,unfulfilled,,no,GBP,19.90,0.00,3.98,25.88,,0.00,,2026-03-04 10:00:00 +0000,1,Tee - anything,19.90,TEE-RM,FR,,0.00,pos,
#1003,,voided,,,,no,GBP,8.00,0.00,0.00,8.00,,0.00,,2026-03-05 10:00:00 +0000,1,Mug,8.00,,GB,2026-03-06 10:00:00 +0000,0.00,web,
#1004,,paid,,,,no,GBP,27.90,0.00,0.00,27.90,,0.00,,2026-03-05 10:00:00 +0000,1,Mug,8.00,,GB,,,web,
#1004,,,,,,,,,,,,,,,,1,Unknown thing,19.90,NO-SUCH,,,,,
#1005,,paid,,,,no,USD,8.00,0.00,0.00,8.00,,0.00,,2026-03-05 10:00:00 +0000,1,Mug,8.00,,GB,,,web,
"""
STOCK = '''\
Handle,Title,Option1 Name,Option1 Value,Option2 Name,Option2 Value,Option3 Name,Option3 Value,SKU,HS Code,COO,Location,Incoming,Unavailable,Committed,Available,On hand
tee,"Tee, ""organic""",Colour,Red,Size,S,,,TEE R/S,,,Old Town,0,0,2,10,12
tee,"Tee, ""organic""",Colour,Red,Size,M,,,TEE-RM,,,Old Town,0,0,0,3,3
mug,Mug,Title,Default Title,,,,,,,,Old Town,0,0,0,7,7
mug,Mug,Title,Default Title,,,,,,,,Harbour,0,0,0,0,not stocked
tee,"Tee, ""organic""",Colour,Red,Size,S,,,TEE R/S,,,Harbour,0,0,0,-2,-2
'''


def load(kind: str, text: str, tmp_path: Path):
    path = tmp_path / f"{kind}.csv"
    path.write_text(text, encoding="utf-8", newline="")
    options = Options(rejects=tmp_path / f"{kind}.rejects.csv")
    report = import_file(kind, path, format="shopify", options=options)
    assert report.rows_read == report.new + report.changed + report.unchanged + report.rejected
    return report


def counted(report) -> tuple[int, int, int, int]:
    return report.new, report.changed, report.unchanged, report.rejected


def test_a_product_of_several_rows(tmp_path):
    report = load("products", PRODUCTS, tmp_path)
    assert counted(report) == (5, 0, 0, 2)
    assert set(report.reasons) == {
        "Title is missing on the first row of a new product",
        "Variant Price is no amount with at most 2 decimals",
    }
    tee = Product.objects.get(code="tee")
    assert (tee.name, tee.brand.name, str(tee.category)) == ('Tee, "organic"', "Acme", "Shirts")
    assert tee.description == "<p>Soft\ncotton</p>"
    assert [image.url[-5:] for image in tee.images.all()] == ["1.jpg", "2.jpg", "3.jpg"]
    small, medium = tee.variants.order_by("pk")
    assert (small.sku, small.name, small.weight_g, small.barcode) == (
        "TEE_R_S",
        "Red / S",
        180,
        "'0123",
    )
    assert (medium.attributes, medium.weight_g) == ({"Colour": "Red", "Size": "M"}, 183)
    assert (small.cost_minor, small.tracks_stock) == (750, True)
    assert small.prices.get().amount_minor == 1990


def test_gift_cards_drafts_and_goods_without_a_sku(tmp_path):
    load("products", PRODUCTS, tmp_path)
    card, mug = Variant.objects.get(sku="card"), Variant.objects.get(sku="mug")
    assert (card.tracks_stock, card.product.attributes) == (False, {"gift_card": True})
    assert (mug.product.state, card.product.state) == ("draft", "active")


def test_what_has_no_home_is_named_with_how_often(tmp_path):
    report = load("products", PRODUCTS, tmp_path)
    (told,) = report.notes
    for column in (
        "Tags (1)",
        "Variant Inventory Qty (2)",
        "Variant Compare At Price (1)",
        "SEO Title (1)",
    ):
        assert column in told
    assert "Vendor" not in told


@pytest.mark.parametrize("kind", ["products", "customers", "orders", "stock"])
def test_twice_equals_once(kind, tmp_path):
    load("products", PRODUCTS, tmp_path)
    texts = {"products": PRODUCTS, "customers": CUSTOMERS, "orders": ORDERS, "stock": STOCK}
    first = load(kind, texts[kind], tmp_path)
    second = load(kind, texts[kind], tmp_path)
    assert (second.new, second.changed, second.rejected) == (0, 0, first.rejected)
    assert Return.objects.count() == (kind == "orders")


def test_the_newer_header_of_the_product_file(tmp_path):
    newer = (
        "Title,URL handle,Description,Vendor,Status,SKU,Option1 name,Option1 value,Price,"
        "Product image URL,Published on online store\n"
        "Cup,cup,Small,Acme,Active,CUP-1,Size,S,4.50,https://shop.example/c.jpg,TRUE\n"
    )
    assert counted(load("products", newer, tmp_path)) == (1, 0, 0, 0)
    cup = Variant.objects.get(sku="CUP-1")
    assert (cup.product.code, cup.product.name, cup.name) == ("cup", "Cup", "S")


def test_customers_and_what_they_agreed_to(tmp_path):
    report = load("customers", CUSTOMERS, tmp_path)
    assert counted(report) == (3, 0, 0, 1)
    ann = Customer.objects.get(code="6940095564")
    assert (ann.name, ann.email, ann.phone, ann.country) == (
        "Ann Lee", "ann@example.com", "+441234", "GB",
    )  # fmt: skip
    assert ann.allows("marketing_email")
    assert [(c.purpose, c.granted) for c in ann.consents.all()] == [("marketing_email", True)]
    bob = Customer.objects.get(email="bob@example.com")
    assert bob.code.startswith("shopify-")
    assert "bob" not in bob.code

    withdrawn = CUSTOMERS.replace("ann@example.com,yes", "ann@example.com,no")
    assert load("customers", withdrawn, tmp_path).changed == 1
    assert not ann.allows("marketing_email")


def test_an_order_is_the_total_of_the_file_to_the_cent(tmp_path):
    load("products", PRODUCTS, tmp_path)
    load("customers", CUSTOMERS, tmp_path)
    report = load("orders", ORDERS, tmp_path)
    assert counted(report) == (4, 0, 0, 3)
    assert report.money.read == Decimal("117.53")
    assert report.money.accepted == report.sums["orders"] == Decimal("81.63")
    assert not any("add up" in note for note in report.notes)
    first = Order.objects.get(number="#1001")
    assert (first.total_minor, first.tax_minor, first.prices_include_tax) == (4775, 796, True)
    assert first.placed_at == datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
    assert (first.state, first.customer.name, first.country) == ("delivered", "Ann Lee", "GB")
    kinds = [(line.kind, line.total_minor) for line in first.lines.all()]
    assert kinds == [("item", 3980), ("shipping", 495), ("discount", -500), ("item", 800)]
    assert first.lines.get(kind=LineKind.DISCOUNT).text == "SPRING"
    assert first.returns.get().refund_minor == 1000


def test_tax_on_top_tips_guests_and_cancelled_orders(tmp_path):
    load("products", PRODUCTS, tmp_path)
    load("orders", ORDERS, tmp_path)
    second = Order.objects.get(number="#1002")
    assert (second.total_minor, second.tax_minor, second.prices_include_tax) == (2588, 398, False)
    assert second.lines.get(kind=LineKind.FEE).total_minor == 200
    assert second.customer.email == "stranger@example.com"
    third = Order.objects.get(number="#1003")
    assert (third.state, third.customer) == (OrderState.CANCELLED, None)
    assert set(Channel.objects.values_list("code", flat=True)) == {"web", "pos"}


def test_an_order_with_a_row_that_is_wrong_stays_out_as_a_whole(tmp_path):
    load("products", PRODUCTS, tmp_path)
    report = load("orders", ORDERS, tmp_path)
    assert not Order.objects.filter(number__in=["#1004", "#1005"]).exists()
    assert report.reasons == {
        "Lineitem sku names no SKU of the shop": 1,
        "Name belongs to an order with a row that is rejected": 1,
        "Currency is not GBP": 1,
    }
    rejects = (tmp_path / "orders.rejects.csv").read_text(encoding="utf-8-sig")
    repaired = tmp_path / "repaired.csv"
    repaired.write_text(rejects.replace("NO-SUCH", "TEE-RM"))
    again = import_file("orders", repaired, format="shopify", options=Options())
    assert (again.new, again.rejected) == (2, 1)
    assert Order.objects.get(number="#1004").total_minor == 2790


def test_a_missing_row_is_noticed_by_the_subtotal(tmp_path):
    load("products", PRODUCTS, tmp_path)
    lines = [line for line in ORDERS.splitlines(keepends=True) if ",1,Mug,8.00,,,,," not in line]
    report = load("orders", "".join(lines[:2]).replace("42.80", "47.80"), tmp_path)
    assert report.reasons == {"Total is more than its lines: a row of this order is missing": 1}


def test_a_later_file_adds_only_what_was_refunded_since(tmp_path):
    load("products", PRODUCTS, tmp_path)
    load("orders", ORDERS, tmp_path)
    load("orders", ORDERS.replace(",10.00,web", ",15.50,web"), tmp_path)
    assert sorted(Return.objects.values_list("refund_minor", flat=True)) == [550, 1000]


def test_stock_is_counted_per_location(tmp_path):
    load("products", PRODUCTS, tmp_path)
    report = load("stock", STOCK, tmp_path)
    assert counted(report) == (3, 0, 1, 1)
    assert report.reasons == {"On hand less than 0": 1}
    place = Warehouse.objects.get()
    assert (place.code, place.name) == ("old-town", "Old Town")
    counts = dict(StockLevel.objects.values_list("variant__sku", "on_hand"))
    assert counts == {"TEE_R_S": 12, "TEE-RM": 3, "mug": 7}


@pytest.mark.parametrize(
    ("kind", "header", "said"),
    [
        ("stock", "SKU,COO,Old Town\n", "lacks the column Location"),
        ("stock", "SKU,Location,Available\n", "no column On hand"),
        ("orders", "Name,Email,Lineitem quantity\n", "lacks the column Created at, Total"),
        ("customers", "First Name,Note\n", "neither a column Customer ID nor Email"),
        ("products", "Title,Vendor\n", "lacks the column Handle"),
    ],
)
def test_a_file_of_another_shape_gets_one_sentence(kind, header, said, tmp_path):
    with pytest.raises(UnusableFileError, match=said):
        load(kind, header, tmp_path)
