"""Every kind of the documented format: what lands, what is refused, twice equals once."""

from datetime import UTC, datetime

import polars as pl
import pytest

from shop.importers.run import import_frames
from shop.models import (
    Category,
    Event,
    Order,
    OrderLine,
    Price,
    Product,
    ProductImage,
    Review,
    StockLevel,
    StockMovement,
    Variant,
)

pytestmark = pytest.mark.django_db

PRODUCTS = pl.DataFrame(
    {
        "sku": ["TEA-S", "TEA-L", "MUG", "BAD", "TEA-S"],
        "product_code": ["TEA", "TEA", "", "", ""],
        "name": ["Green tea", "ignored", "Mug", "Bad", "again"],
        "name_zh": ["绿茶", "", "", "", ""],
        "variant_name": ["50 g", "250 g", "", "", ""],
        "brand": ["Leaf & Co", "", "", "", ""],
        "category": ["Food > Tea", "", "Home", "", ""],
        "category_zh": ["食品 > 茶", "", "", "", ""],
        "list_price": ["4.50", "18", "7.99", "1e309", "1"],
        "price_from": ["2026-01-01"] * 5,
        "cost": ["2", "8.25", "", "", ""],
        "attribute:origin": ["Hangzhou", "", "", "", ""],
        "image_urls": ["https://shop.example/a.jpg | https://shop.example/b.jpg", "", "", "", ""],
    }
)
ORDERS = pl.DataFrame(
    {
        "order_number": ["A1", "A1", "A1", "A2", "A2", "A3"],
        "placed_at": ["2026-07-01 09:00"] * 6,
        "customer_code": ["C1", "C1", "C1", "", "", "NOBODY"],
        "country": ["GB", "", "", "", "", ""],
        "line_kind": ["", "", "shipping", "", "discount", ""],
        "sku": ["TEA-S", "MUG", "", "MUG", "", "MUG"],
        "units": ["2", "1", "1", "3", "1", "1"],
        "unit_price": ["4.50", "7.99", "2.95", "7.99", "-1.00", "7.99"],
    }
)


def make_catalogue():
    import_frames("products", PRODUCTS)
    import_frames("customers", pl.DataFrame({"customer_code": ["C1"], "email": ["c@example.com"]}))


def counted(report) -> tuple[int, int, int, int]:
    assert report.rows_read == report.new + report.changed + report.unchanged + report.rejected
    return report.new, report.changed, report.unchanged, report.rejected


def test_products_bring_skus_brands_categories_prices_and_pictures():
    assert counted(import_frames("products", PRODUCTS)) == (3, 0, 0, 2)
    tea = Product.objects.get(code="TEA")
    assert (tea.name, tea.name_zh, tea.brand.name) == ("Green tea", "绿茶", "Leaf & Co")
    assert tea.attributes == {"origin": "Hangzhou"}
    assert (tea.category.name_zh, tea.category.parent.name) == ("茶", "Food")
    assert Category.objects.count() == 3
    assert list(ProductImage.objects.values_list("url", flat=True)) == [
        "https://shop.example/a.jpg",
        "https://shop.example/b.jpg",
    ]
    small = Variant.objects.get(sku="TEA-S")
    assert (small.product, small.cost_minor, small.name) == (tea, 200, "50 g")
    assert small.prices.get().amount_minor == 450


@pytest.mark.parametrize("urls", ["no address", "|", "https://shop.example/a.jpg ftp://b"])
def test_a_wrong_picture_address_rejects_the_row_before_it_is_written(urls):
    rows = PRODUCTS.head(1).with_columns(image_urls=pl.lit(urls))
    assert counted(import_frames("products", rows)) == (0, 0, 0, 1)
    assert not Product.objects.exists()
    assert not ProductImage.objects.exists()


def test_products_twice_equals_once_and_a_new_price_is_one_more_row():
    import_frames("products", PRODUCTS)
    assert counted(import_frames("products", PRODUCTS)) == (0, 0, 3, 2)
    assert Price.objects.count() == 3

    dearer = pl.DataFrame(
        {"sku": ["MUG"], "name": ["Mug"], "list_price": ["8.49"], "price_from": ["2026-02-01"]}
    )
    assert counted(import_frames("products", dearer)) == (0, 1, 0, 0)
    assert counted(import_frames("products", dearer)) == (0, 0, 1, 0)
    mug = Variant.objects.get(sku="MUG")
    amounts = mug.prices.order_by("valid_from").values_list("amount_minor", flat=True)
    assert list(amounts) == [799, 849]


def test_a_price_that_contradicts_the_history_is_refused():
    import_frames("products", PRODUCTS)
    other = pl.DataFrame(
        {
            "sku": ["MUG", "JUG"],
            "product_code": ["MUG", "JUG"],
            "name": ["Another mug", "Jug"],
            "list_price": ["1.00", "3.00"],
            "price_from": ["2026-01-01", None],
        }
    )
    assert counted(import_frames("products", other)) == (1, 0, 0, 1)
    # A refused row leaves nothing behind, neither its name nor its price.
    assert Variant.objects.get(sku="MUG").product.name == "Mug"
    assert Variant.objects.get(sku="JUG").prices.get().amount_minor == 300


def test_orders_add_up_and_never_touch_stock():
    make_catalogue()
    report = import_frames("orders", ORDERS)

    assert counted(report) == (5, 0, 0, 1)
    first, second = Order.objects.order_by("number")
    assert (first.total_minor, second.total_minor) == (2 * 450 + 799 + 295, 3 * 799 - 100)
    assert first.placed_at == datetime(2026, 7, 1, 8, 0, tzinfo=UTC)  # British summer time
    assert first.is_history
    assert (first.country, first.customer.code, second.customer) == ("GB", "C1", None)
    assert [line.position for line in first.lines.all()] == [1, 2, 3]
    assert not StockMovement.objects.exists()
    assert str(report.money.read) == "50.9" or report.money.read == report.money.accepted + (
        report.money.rejected
    )


def test_orders_twice_equals_once_also_in_small_pieces():
    make_catalogue()
    import_frames("orders", [ORDERS.slice(start, 1) for start in range(ORDERS.height)])
    before = list(Order.objects.values()), list(OrderLine.objects.values())

    assert counted(import_frames("orders", ORDERS)) == (0, 0, 5, 1)
    assert before == (list(Order.objects.values()), list(OrderLine.objects.values()))
    assert Order.objects.get(number="A1").total_minor == 2 * 450 + 799 + 295


def test_another_line_at_the_same_place_is_refused():
    make_catalogue()
    import_frames("orders", ORDERS)
    other = ORDERS.with_columns(units=pl.lit("9"))
    assert counted(import_frames("orders", other)) == (0, 0, 0, 6)


def test_events_are_known_by_their_id():
    make_catalogue()
    events = pl.DataFrame(
        {
            "event_id": ["e1", "e2", "e3", "e1"],
            "kind": ["view", "SEARCH", "dance", "view"],
            "occurred_at": ["2026-01-05T10:00:00Z"] * 4,
            "visitor": ["v1"] * 4,
            "sku": ["MUG", "", "", ""],
            "query": ["", "茶", "", ""],
            "properties": ['{"page": 2}', "", "", ""],
            "consent": ["yes", "", "", ""],
        }
    )
    assert counted(import_frames("events", events)) == (2, 0, 0, 2)
    assert counted(import_frames("events", events)) == (0, 0, 2, 2)
    view, search = Event.objects.order_by("event_id")
    assert (view.properties, view.consent, view.variant.sku) == ({"page": 2}, True, "MUG")
    assert (search.query, search.consent) == ("茶", False)
    assert view.received_at == view.occurred_at


def test_a_count_is_a_movement_and_the_same_count_is_none():
    make_catalogue()
    Variant.objects.filter(sku="MUG").update(tracks_stock=False)
    counts = pl.DataFrame(
        {"sku": ["MUG", "TEA-S", "NO"], "warehouse": ["MAIN"] * 3, "on_hand": ["12", "0", "1"]}
    )
    assert counted(import_frames("stock", counts)) == (2, 0, 0, 1)
    assert counted(import_frames("stock", counts)) == (0, 0, 2, 1)
    assert StockLevel.objects.get(variant__sku="MUG").on_hand == 12
    assert StockMovement.objects.filter(variant__sku="MUG").count() == 1
    assert Variant.objects.get(sku="MUG").tracks_stock


def test_reviews_belong_to_products():
    make_catalogue()
    reviews = pl.DataFrame(
        {
            "review_id": ["r1", "r2"],
            "sku": ["TEA-L", "TEA-S"],
            "customer_code": ["C1", ""],
            "rating": ["5", "6"],
            "body": ["很好", "?"],
            "written_at": ["05/03/2026 10:00"] * 2,
        }
    )
    assert counted(import_frames("reviews", reviews)) == (1, 0, 0, 1)
    assert counted(import_frames("reviews", reviews)) == (0, 0, 1, 1)
    assert Review.objects.get().product.code == "TEA"
