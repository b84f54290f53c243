"""Others hear when a SKU sells out and when it is back, once each; and of products that change."""

import pytest
from django.urls import reverse

from outbox.models import Message
from shop.models import Product
from shop.services.announcements import announce_availability
from shop.services.stock import stock
from tests.factories import make_variant, make_warehouse
from tests.factories_access import make_staff
from tests.factories_crowd import crowd

pytestmark = pytest.mark.django_db


def told() -> list[tuple[str, str, int]]:
    rows = Message.objects.filter(kind__startswith="stock.").order_by("created_at")
    return [(m.kind, m.payload["sku"], m.payload["available_units"]) for m in rows]


def test_sold_out_and_back_again_once_each():
    variant, place = make_variant("TEA-1"), make_warehouse()
    make_variant("GIFT-CARD", tracks_stock=False)
    stock.receive(variant, 2, warehouse=place, key="r1")
    assert announce_availability() == 0  # seen for the first time
    stock.reserve(variant, 1, cart="c", key="a")
    assert announce_availability() == 0
    stock.reserve(variant, 1, cart="c", key="b")
    assert [announce_availability(), announce_availability()] == [1, 0]
    stock.release_cart("c")
    assert [announce_availability(), announce_availability()] == [1, 0]
    assert told() == [("stock.sold_out", "TEA-1", 0), ("stock.available", "TEA-1", 2)]


def test_what_came_and_went_between_two_looks_is_no_news():
    variant, place = make_variant("TEA-1"), make_warehouse()
    stock.receive(variant, 1, warehouse=place, key="r1")
    announce_availability()
    stock.reserve(variant, 1, cart="c", key="a")
    stock.release_cart("c")
    announce_availability()
    assert told() == []


@pytest.mark.parametrize("skus", [2, 20])
def test_a_look_without_news_costs_two_queries(skus, django_assert_num_queries):
    place = make_warehouse()
    for number in range(skus):
        stock.receive(make_variant(f"TEA-{number}"), 1, warehouse=place, key=f"r{number}")
    announce_availability()
    with django_assert_num_queries(2):
        announce_availability()


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_crowd_tells_once():
    variant, place = make_variant("TEA-1"), make_warehouse()
    stock.receive(variant, 1, warehouse=place, key="r1")
    announce_availability()
    stock.reserve(variant, 1, cart="c", key="a")
    assert sum(crowd(lambda number: announce_availability())) == 1
    assert told() == [("stock.sold_out", "TEA-1", 0)]


def test_a_product_saved_in_the_back_office_is_told(client):
    variant = make_variant("TEA-1")
    client.force_login(make_staff(is_superuser=True))
    page = reverse("admin:shop_product_change", args=[variant.product_id])
    form = client.get(page).context["adminform"].form.initial
    body = {k: v for k, v in form.items() if v is not None and k not in ("brand", "category")}
    body |= {"name": "Jasmine Tea", "attributes": "{}"}
    for prefix in ("variants", "images"):
        body |= {f"{prefix}-TOTAL_FORMS": 0, f"{prefix}-INITIAL_FORMS": 0}
    answer = client.post(page, body)
    assert answer.status_code == 302, answer.context["errors"]
    product = Product.objects.get()
    [message] = Message.objects.filter(kind="product.changed")
    assert message.payload == {
        "code": "P-TEA-1",
        "name": "Jasmine Tea",
        "state": "active",
        "skus": ["TEA-1"],
        "updated_at": product.updated_at.isoformat(),
    }
