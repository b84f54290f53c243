"""The pages, the file and the API of lost demand show what was counted, to whom they may."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.core.cache import cache
from django.urls import reverse

from inventory.models import LostDemand, LostQuery
from inventory.services.lost_demand import refresh_lost_demand
from inventory.services.substitutes import refresh_substitutes
from shop.services import waitlist
from tests.factories import make_customer, make_variant
from tests.factories_access import bearer, make_key, make_staff
from tests.factories_inventory import Silent
from tests.inventory.test_lost_demand import AS_OF, NOON, happen, look, move, search

pytestmark = pytest.mark.django_db


@pytest.fixture
def counted():
    tea, cup = make_variant("TEA-1", name="Jasmine Pearls"), make_variant("CUP-1")
    for variant in (tea, cup):
        move(variant, 10, AS_OF - timedelta(days=20))
    move(tea, -10, NOON - timedelta(hours=2))
    for number in range(3):
        look(tea, NOON, f"v-{number}", session=f"s-{number}")
        happen("cart_add", NOON, variant=cup, visitor=f"v-{number}", session=f"s-{number}")
    search("jasmine pearls", NOON)
    wish = waitlist.Wish(4, "test", True, variant=tea, customer=make_customer("ANN"))
    waitlist.join(wish, at=NOON)
    refresh_lost_demand(AS_OF, progress=Silent())
    refresh_substitutes(AS_OF)
    return tea


@pytest.fixture
def buyer(client):
    user = make_staff()
    user.groups.set(Group.objects.filter(name="buyer"))
    client.force_login(user)
    return client


def test_the_list_the_sku_and_the_events_behind_a_day(buyer, counted):
    page = buyer.get(reverse("admin:inventory_lostdemand_changelist")).content.decode()
    assert "TEA-1" in page
    assert "not estimated" in page
    page = buyer.get(reverse("admin:inventory_lostdemand_change", args=[counted.pk]))
    behind = reverse("admin:inventory_lostdemand_evidence", args=[counted.pk, "2026-03-01"])
    assert behind in page.content.decode()
    assert "CUP-1" in page.content.decode()
    shown = buyer.get(behind).content.decode()
    for visitor in ("v-0", "v-1", "v-2"):
        assert visitor in shown
    assert "jasmine pearls" in shown


@pytest.mark.parametrize("on", ["2026-02-01", "today", "2026-13-40"])
def test_a_day_without_evidence_is_not_found(buyer, counted, on):
    base = reverse("admin:inventory_lostdemand_changelist")
    assert buyer.get(f"{base}{counted.pk}/days/{on}/").status_code == 404
    assert buyer.get(f"{base}99999999999999999999/days/2026-03-01/").status_code == 404


def test_a_query_shows_its_searches(buyer, counted):
    page = buyer.get(reverse("admin:inventory_lostquery_change", args=[LostQuery.objects.get().pk]))
    assert "Jasmine Pearls" in page.content.decode()
    assert "v-1" in page.content.decode()


def test_the_file_holds_every_day(buyer, counted):
    answer = buyer.get(reverse("admin:inventory_lostdemand_as_csv"))
    lines = b"".join(answer.streaming_content).decode().splitlines()
    assert lines[0].startswith("sku,day,out_of_stock_seconds,views")
    assert lines[1:] == ["TEA-1,2026-03-01,50400,3,3,0,1,4,1,0,,,"]


def test_who_may_not_look_does_not(client, counted):
    client.force_login(make_staff())
    for name in ("changelist", "as_csv"):
        assert client.get(reverse(f"admin:inventory_lostdemand_{name}")).status_code == 403


def test_the_list_costs_the_same_for_three_as_for_thirty(
    buyer, counted, django_assert_max_num_queries
):
    for number in range(30):
        variant = make_variant(f"SKU-{number}")
        LostDemand.objects.create(
            variant=variant, first_day=NOON.date(), last_day=NOON.date(), as_of=AS_OF, people=2
        )
    with django_assert_max_num_queries(12):
        buyer.get(reverse("admin:inventory_lostdemand_changelist"))


def test_programs_read_days_searches_and_substitutes(client, counted):
    cache.clear()
    user = make_staff()
    user.groups.set(Group.objects.filter(name="analyst"))
    headers = bearer(make_key(user=user).secret)

    def get(path):
        return client.get(f"/api/merchant/v1/{path}", **headers).json()

    [day] = get("lost-demand/?sku=TEA-1")["results"]
    assert (day["people"], day["waitlist_units"], day["estimated_units"]) == (3, 4, None)
    assert get("lost-demand/?since=2026-03-02")["results"] == []
    [query] = get("lost-demand/searches/")["results"]
    assert (query["query"], query["product"]) == ("jasmine pearls", "P-TEA-1")
    [pair] = get("variants/TEA-1/substitutes/")
    assert (pair["sku"], pair["taken_sessions"], pair["source"]) == ("CUP-1", 3, "seen")
    assert get("variants/NONE/substitutes/")["type"] == "/problems/not-found"
