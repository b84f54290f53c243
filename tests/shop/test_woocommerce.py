"""WooCommerce's files: variable products and orders with one row per item."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from shop.importers.encodings import UnusableFileError
from shop.importers.registry import importer_of
from shop.importers.run import Options, _import, import_file
from shop.importers.source import CsvSource
from shop.models import Customer, LineKind, Order, Product, Return, StockLevel, Variant, Warehouse

pytestmark = pytest.mark.django_db

PRODUCTS = """\
ID,Type,SKU,"GTIN, UPC, EAN, or ISBN",Name,Published,Is featured?,Visibility in catalog,Short description,Description,Tax class,In stock?,Stock,Weight (kg),Sale price,Regular price,Categories,Tags,Images,Parent,Position,Attribute 1 name,Attribute 1 value(s),Attribute 1 visible,Attribute 2 name,Attribute 2 value(s),Meta: _wpcom_is_markdown
44,variable,HOODIE,,"Hoodie, warm",1,0,visible,Short,"Soft
and warm",standard,1,,1.5,,,"Clothing > Hoodies, Sale",new,"https://shop.example/h1.jpg, https://shop.example/h2.jpg",,0,Colour,"Blue, Green",1,Logo,"Yes, No",1
60,variation,HOODIE-B,501,"Hoodie, warm - Blue, Yes",1,0,visible,,,parent,1,7,1.5,35,45,,,,HOODIE,1,Colour,Blue,,Logo,Yes,
61,variation,,,"Hoodie, warm - Green",0,0,visible,,,parent,0,0,,,42.50,,,,id:44,2,Colour,Green,,,,
70,"simple, virtual",ALBUM/1,,Album,-1,0,visible,,,,1,,,,15,"Music\\, loud",,,,3,,,,,,
71,variable,,,Cap,1,0,visible,,,,1,,,,,,,,,4,Size,"S, M",1,,,
72,variation,,,Cap - S,1,0,visible,,,,1,parent,0.1,,9,,,,id:71,5,Size,S,,,,
80,grouped,GROUP,,Set,1,0,visible,,,,1,,,,,,,,,6,,,,,,
81,variation,ORPHAN,,Lost,1,0,visible,,,,1,,,,9,,,,NO-SUCH,7,,,,,,
"""
CUSTOMERS = """\
customer_id,first_name,last_name,user_login,email,date_registered,billing_country,billing_phone,total_spent,order_count
7,Ann,Lee,ann,ann@example.com,2025-01-05 10:00:00,GB,+441234,10.00,1
0,Guest,Person,,guest@example.com,,FR,,0,1
,Nobody,,,,,,,0,0
"""
ORDERS = """\
order_id,order_number,date,status,shipping_total,shipping_tax_total,fee_total,tax_total,discount_total,order_total,refunded_total,order_currency,payment_method,customer_id,billing_first_name,billing_last_name,billing_email,billing_country,shipping_country,coupon_items,item_id,item_name,item_sku,item_quantity,item_subtotal,item_total,item_total_tax
900,900,2026-03-02 09:00:00,completed,4.95,0.99,1.00,9.20,5.00,100.15,20.00,GBP,cod,7,Ann,Lee,ann@example.com,GB,,code:SPRING,1,"Hoodie, warm",HOODIE-B,2,90.00,85.00,8.21
901,901,2026-03-03 09:00:00,wc-processing,0.00,0.00,0.00,0.00,0.00,10.00,0,GBP,cod,0,Bo,Ek,bo@example.com,SE,SE,,2,Album,ALBUM/1,3,10.00,10.00,0
902,902,2026-03-04 09:00:00,cancelled,0.00,0.00,0.00,0.00,0.00,60.00,0,GBP,cod,0,,,,GB,,,3,Album,ALBUM/1,1,15.00,15.00,0
902,902,2026-03-04 09:00:00,cancelled,0.00,0.00,0.00,0.00,0.00,60.00,0,GBP,cod,0,,,,GB,,,4,"Hoodie, warm",HOODIE-B,1,45.00,45.00,0
903,903,2026-03-04 09:00:00,on-hold,0.00,0.00,0.00,0.00,0.00,20.00,0,GBP,cod,0,,,,GB,,,5,Album,ALBUM/1,1,15.00,15.00,0
904,904,2026-03-04 09:00:00,pending,0.00,0.00,0.00,0.00,0.00,24.00,0,GBP,cod,0,,,,GB,,,6,Album,ALBUM/1,1,15.00,15.00,0
904,904,2026-03-04 09:00:00,pending,0.00,0.00,0.00,0.00,0.00,24.00,0,GBP,cod,0,,,,GB,,,7,Gone,GONE,1,9.00,9.00,0
"""


def load(kind: str, text: str, tmp_path: Path):
    path = tmp_path / f"{kind}.csv"
    path.write_text(text, encoding="utf-8", newline="")
    options = Options(rejects=tmp_path / f"{kind}.rejects.csv")
    report = import_file(kind, path, format="woocommerce", options=options)
    assert report.rows_read == report.new + report.changed + report.unchanged + report.rejected
    return report


def counted(report) -> tuple[int, int, int, int]:
    return report.new, report.changed, report.unchanged, report.rejected


def test_products_without_columns_of_attributes(tmp_path):
    text = "ID,Type,SKU,Name,Regular price\n1,simple,MUG,Mug,5\n2,simple,CUP,Cup,4\n"
    assert counted(load("products", text, tmp_path)) == (2, 0, 0, 0)
    assert Variant.objects.get(sku="CUP").prices.get().amount_minor == 400


def test_a_variable_product_and_its_variations(tmp_path):
    report = load("products", PRODUCTS, tmp_path)
    assert counted(report) == (6, 0, 0, 2)
    assert report.reasons == {
        "Type is none of simple, variable, variation": 1,
        "Parent names no variable product of the shop or of this file so far": 1,
    }
    hoodie = Product.objects.get(code="HOODIE")
    assert (hoodie.name, hoodie.description) == ("Hoodie, warm", "Soft\nand warm")
    assert (str(hoodie.category), hoodie.category.parent.name) == ("Hoodies", "Clothing")
    assert hoodie.images.count() == 2
    blue, green = hoodie.variants.order_by("pk")
    assert (blue.sku, blue.name, blue.barcode) == ("HOODIE-B", "Blue / Yes", "501")
    assert blue.attributes == {"Colour": "Blue", "Logo": "Yes"}
    assert (blue.weight_g, blue.tracks_stock, blue.is_active) == (1500, True, True)
    assert (green.sku, green.name, green.is_active) == ("woo-61", "Green", False)
    assert green.prices.get().amount_minor == 4250


def test_simple_products_states_and_a_parent_without_a_sku(tmp_path):
    report = load("products", PRODUCTS, tmp_path)
    album = Variant.objects.get(sku="ALBUM_1")
    assert (album.product.state, album.product.category.name) == ("draft", "Music, loud")
    assert not album.tracks_stock
    cap = Variant.objects.get(sku="woo-72")
    assert (cap.product.code, cap.product.name, cap.name) == ("woo-71", "Cap", "S")
    assert any("1 products are in more than one category" in note for note in report.notes)


def test_what_has_no_home_is_named(tmp_path):
    told = " ".join(load("products", PRODUCTS, tmp_path).notes)
    for column in (
        "Sale price (1)",
        "Short description (1)",
        "Meta: _wpcom_is_markdown (1)",
        "Tags (1)",
    ):
        assert column in told
    assert "Attribute 1 name" not in told


def test_a_variation_may_come_in_a_later_piece_than_its_parent(tmp_path):
    path = tmp_path / "products.csv"
    path.write_text(PRODUCTS, newline="")
    source = CsvSource(path, chunk_rows=1)
    report = _import(importer_of("products", "woocommerce"), source, Options())
    assert counted(report) == (6, 0, 0, 2)
    assert Variant.objects.get(sku="woo-61").product.code == "HOODIE"


@pytest.mark.parametrize("kind", ["products", "customers", "orders", "stock"])
def test_twice_equals_once(kind, tmp_path):
    load("products", PRODUCTS, tmp_path)
    texts = {"products": PRODUCTS, "customers": CUSTOMERS, "orders": ORDERS, "stock": PRODUCTS}
    first = load(kind, texts[kind], tmp_path)
    second = load(kind, texts[kind], tmp_path)
    assert (second.new, second.changed, second.rejected) == (0, 0, first.rejected)
    assert Return.objects.count() == (kind == "orders")


def test_customers_with_and_without_an_account(tmp_path):
    assert counted(load("customers", CUSTOMERS, tmp_path)) == (2, 0, 0, 1)
    ann = Customer.objects.get(code="7")
    assert (ann.name, ann.email, ann.country) == ("Ann Lee", "ann@example.com", "GB")
    assert ann.created_at.year == 2025
    assert Customer.objects.get(email="guest@example.com").code.startswith("woocommerce-")


def test_orders_are_the_totals_of_the_file_to_the_cent(tmp_path):
    load("products", PRODUCTS, tmp_path)
    load("customers", CUSTOMERS, tmp_path)
    report = load("orders", ORDERS, tmp_path)
    assert counted(report) == (4, 0, 0, 3)
    assert report.money.read == Decimal("214.15")
    assert report.money.accepted == report.sums["orders"] == Decimal("170.15")
    first = Order.objects.get(number="900")
    assert (first.total_minor, first.tax_minor, first.prices_include_tax) == (10015, 920, False)
    kinds = [(line.kind, line.total_minor, line.text) for line in first.lines.all()]
    assert kinds == [
        ("item", 9000, "Hoodie, warm"),
        ("shipping", 495, ""),
        ("discount", -500, "code:SPRING"),
        ("fee", 100, "Other charges"),
    ]
    assert (first.customer.code, first.state) == ("7", "delivered")
    assert first.returns.get().refund_minor == 2000


def test_a_price_with_fractions_and_an_order_that_lacks_a_row(tmp_path):
    load("products", PRODUCTS, tmp_path)
    report = load("orders", ORDERS, tmp_path)
    second = Order.objects.get(number="901")
    assert second.total_minor == 1000  # 3 × 3.34 − 0.02
    assert second.lines.get(kind=LineKind.DISCOUNT).total_minor == -2
    assert second.customer.name == "Bo Ek"
    assert report.reasons == {
        "order_total is more than its lines: a row of this order is missing": 1,
        "item_sku names no SKU of the shop": 1,
        "order_number belongs to an order with a row that is rejected": 1,
    }


def test_stock_comes_from_the_same_file(tmp_path):
    load("products", PRODUCTS, tmp_path)
    report = load("stock", PRODUCTS, tmp_path)
    assert counted(report) == (2, 0, 6, 0)
    assert Warehouse.objects.get().code == "MAIN"
    counts = dict(StockLevel.objects.values_list("variant__sku", "on_hand"))
    assert counts == {"HOODIE-B": 7, "woo-61": 0}


@pytest.mark.parametrize(
    ("kind", "header", "said"),
    [
        ("products", "Type,Name\n", "neither a column ID nor SKU"),
        ("stock", "SKU,Name\n", "lacks the column Stock"),
        ("orders", "order_number,date,order_total,line_items\n", "one row per item"),
        ("customers", "first_name\n", "neither a column customer_id nor email"),
    ],
)
def test_a_file_of_another_shape_gets_one_sentence(kind, header, said, tmp_path):
    with pytest.raises(UnusableFileError, match=said):
        load(kind, header, tmp_path)
