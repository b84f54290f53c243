"""The address that the shop's site asks."""

import pytest
from django.core.cache import cache
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shop.models import Customer, SellingHold, StockLevel, Variant
from shop.services.orders.orders import NewOrder, WantedLine, place_order
from tests.factories_access import bearer, make_key
from tests.factories_recommendations import START, make_taste_shop, publish_model

ADDRESS = "/api/storefront/v1/recommendations/"
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh_files(settings, tmp_path):
    settings.ARTEFACT_DIR = tmp_path / "artefacts"
    cache.clear()


@pytest.fixture
def get(client):
    key = bearer(make_key().secret)

    def ask(**query):
        answer = client.get(ADDRESS, query, **key)
        return answer.status_code, answer.json()

    return ask


def skus(body):
    return [item["sku"] for item in body["items"]]


def test_an_answer_holds_price_reason_and_receipt(get):
    make_taste_shop()
    run = publish_model()
    status, body = get(customer="C-4", limit=2, language="zh")
    assert status == 200
    assert body["model_run"] == run.pk
    assert [item["position"] for item in body["items"]] == [1, 2]
    assert body["items"][0]["price"] == {"amount_minor": 1000, "currency": "GBP", "amount": "10.00"}
    assert body["items"][0]["name"].startswith("物品")
    assert "物品" in body["items"][0]["reason"]
    assert len(body["receipt"]) == 36


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"placement": "cellar"}, "placement"),
        ({"placement": "product"}, "sku"),
        ({"limit": 0}, "limit"),
        ({"limit": 51}, "limit"),
        ({"exclude": "A," * 201}, "exclude"),
    ],
)
def test_what_cannot_be_asked_names_the_field(get, query, field):
    if field == "exclude":
        query = {"exclude": ",".join(f"A{number}" for number in range(201))}
    status, body = get(**query)
    assert status == 400
    assert body["type"] == "/problems/invalid"
    assert field in str(body["errors"])


def test_without_a_key_nothing_is_said(client):
    assert client.get(ADDRESS).status_code == 401


def test_selling_the_last_unit_takes_it_out_of_the_very_next_answer(get):
    make_taste_shop()
    publish_model()
    for query in ({"customer": "C-4"}, {"placement": "product", "sku": "S-04"}, {}):
        first = skus(get(**query)[1])[0]
        wanted = NewOrder((WantedLine(first, 10),), customer=Customer.objects.get(code="C-7"))
        place_order(wanted, key=f"order-{first}")
        assert StockLevel.objects.get(variant__sku=first).available == 0
        assert first not in skus(get(**query, limit=50)[1])


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    stock=st.lists(st.integers(0, 2), min_size=15, max_size=15),
    held=st.sets(st.integers(0, 14), max_size=6),
    query=st.sampled_from(
        [
            {},
            {"customer": "C-4"},
            {"placement": "product", "sku": "S-04"},
            {"placement": "cart", "sku": "S-00,S-03"},
            {"visitor": "nobody", "limit": 50},
        ]
    ),
)
def test_no_answer_ever_holds_what_cannot_be_sold(get, stock, held, query):
    if not Variant.objects.exists():
        make_taste_shop()
        publish_model()
    SellingHold.objects.all().delete()
    for number, units in enumerate(stock):
        StockLevel.objects.filter(variant__sku=f"S-{number:02}").update(
            on_hand=units + 5, allocated=2, reserved=2, ring_fenced=1
        )
    SellingHold.objects.bulk_create(
        SellingHold(variant=variant, reason="t", began_at=START)
        for variant in Variant.objects.filter(sku__in=[f"S-{number:02}" for number in held])
    )
    _status, body = get(**query)
    sellable = {
        f"S-{number:02}" for number, units in enumerate(stock) if units and number not in held
    }
    assert set(skus(body)) <= sellable
    if not query:
        assert len(skus(body)) == min(10, len(sellable))
