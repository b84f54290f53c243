"""One SKU's forecast: the eight checks with their evidence, events, and what if."""

from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from inventory.models import PriceElasticity
from inventory.services.forecast_check import check_forecast
from inventory.services.forecast_events import sku_events
from inventory.services.what_if_order import Question, ask
from shop.models import Price
from tests.factories import make_order, make_price, make_stock, make_variant
from tests.factories_access import make_staff
from tests.factories_inventory import LAST_DAY, make_forecast, make_item, make_supplier

pytestmark = pytest.mark.django_db


@pytest.fixture
def row():
    """Ten a day give or take three, 14 days lead time, weekly review, 150 on hand."""
    tea = make_variant("TEA-1")
    make_item(tea, make_supplier())
    make_stock(tea, 150)
    PriceElasticity.objects.create(
        variant=tea,
        elasticity=2.0,
        low=1.5,
        high=2.5,
        own_share=1.0,
        priced_days=30,
        as_of=LAST_DAY,
    )
    return make_forecast(tea, price_minor=1000)


def at(days_ago: int) -> datetime:
    return datetime.combine(LAST_DAY - timedelta(days=days_ago), datetime.min.time(), UTC)


def test_the_checks_name_the_order_and_the_price_change(row):
    make_order([(row.variant, 30)], at=at(5) + timedelta(hours=9), number="BIG")
    make_order([(row.variant, 10)], at=at(7) + timedelta(hours=9))
    make_price(row.variant, 1200, at=at(3))
    found = {check.name: check for check in check_forecast(row)}
    assert len(found) == 8
    assert found["bulk_order"].state == "look"
    assert "BIG" in found["bulk_order"].evidence
    assert "30 of 40" in found["bulk_order"].evidence
    assert (found["price"].state, "+20 %" in found["price"].evidence) == ("look", True)
    assert found["short_history"].state == "look"
    assert found["model"].state == "look"  # the baseline made it
    assert all(check.evidence for check in found.values())


def test_events_stand_on_their_days(row):
    make_price(row.variant, 1200, at=at(3))
    Price.objects.create(
        variant=row.variant, kind="campaign", amount_minor=800, currency="GBP",
        valid_from=at(20), valid_until=at(15), source="t", key="c",
    )  # fmt: skip
    found = sku_events(row.variant_id, LAST_DAY - timedelta(days=60), LAST_DAY)
    assert [
        (one.kind, (LAST_DAY - one.first).days, (LAST_DAY - one.last).days) for one in found
    ] == [
        ("promotion", 20, 16),
        ("price", 3, 3),
    ]


def test_as_it_stands_it_orders_what_the_plan_would(row):
    answer = ask(row, Question())
    assert answer.mean_units == row.mean_units
    assert answer.terms["lead_time_days"] == 14
    assert answer.order["inventory_position"] == 150
    assert answer.order["units"] > 0


def test_a_lower_price_a_longer_lead_time_a_higher_level_order_more(row):
    base = ask(row, Question()).order["units"]
    cheaper = ask(row, Question(price_minor=800))
    assert cheaper.moved.change_units == pytest.approx(280 * (0.8**-2 - 1), rel=1e-6)
    assert cheaper.order["units"] > base
    assert ask(row, Question(lead_time_days=30)).order["units"] > base
    assert ask(row, Question(service_level=0.99)).order["units"] > base
    assert ask(row, Question(price_minor=2000)).order["units"] < base


def test_without_an_elasticity_the_price_is_not_answered_and_the_rest_is(row):
    PriceElasticity.objects.all().delete()
    row.variant.refresh_from_db()
    row = type(row).objects.select_related("variant").get(pk=row.pk)
    answer = ask(row, Question(price_minor=800, lead_time_days=30))
    assert answer.moved is None
    assert answer.no_price
    assert answer.order["units"] > 0


def test_the_page_and_its_fragment(row, client, django_assert_max_num_queries):
    client.force_login(make_staff("inventory.view_demandforecast"))
    with django_assert_max_num_queries(50):
        page = client.get(reverse("admin:inventory_forecast_page", args=["TEA-1"]))
    text = page.content.decode()
    assert "280 units in the next 28 days" in text
    assert "The forecast is wrong, why?" in text
    part = reverse("admin:inventory_forecast_what_if", args=["TEA-1"])
    assert "change 291" in client.get(part + "?price=7.00").content.decode()
    assert client.get(part + "?lead_time_days=-1").status_code == 400
    assert client.get(part + "?service_percent=12").status_code == 400
    missing = reverse("admin:inventory_forecast_page", args=["NO"])
    assert client.get(missing).status_code == 404


def test_a_refused_forecast_says_what_is_missing(client):
    make_forecast(
        make_variant("NEW"),
        horizon_days=0,
        days_missing=9,
        mean_units=[],
        quantile_units={},
        method="",
    )
    client.force_login(make_staff(is_superuser=True))
    page = client.get(reverse("admin:inventory_forecast_page", args=["NEW"])).content.decode()
    assert "9 days of history are missing" in page
    assert client.get("/api/merchant/v1/forecasts/NEW/").json()["days_missing"] == 9
    assert client.get("/api/merchant/v1/forecasts/NEW/what-if/").status_code == 400


def test_the_api_tells_the_same(row, client):
    client.force_login(make_staff(is_superuser=True))
    found = client.get("/api/merchant/v1/forecasts/TEA-1/").json()
    assert next(check["name"] for check in found["checks"]) == "stockouts"
    assert len(found["said_then"]) == 28
    answer = client.get("/api/merchant/v1/forecasts/TEA-1/what-if/?price_minor=800").json()
    assert answer["change_units"] == pytest.approx(157.5)
    assert answer["order_units"] == ask(row, Question(price_minor=800)).order["units"]
    assert client.get("/api/merchant/v1/forecasts/NO/").status_code == 404
    assert timezone.localdate().isoformat() <= answer["order_by_on"] or answer["order_units"] > 0
