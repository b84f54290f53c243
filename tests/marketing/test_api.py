"""The merchant's API of marketing: lists by role, approval through the decision."""

import pytest
from django.core.cache import cache

from decisions.models import Decision
from marketing.services.campaigns import campaigns
from marketing.services.sending.sends import send_campaign
from tests.factories_access import make_key, make_staff
from tests.factories_marketing import Quiet, make_campaign, make_reachable

pytestmark = pytest.mark.django_db
VIEW = ["marketing.view_campaign", "marketing.view_segment"]


@pytest.fixture
def api(client):
    cache.clear()

    def call(method, path, *, may=VIEW, key="k1"):
        secret = make_key(user=make_staff(*may)).secret
        headers = {"X-Api-Key": secret, "Idempotency-Key": key}
        return client.generic(method, "/api/merchant/v1/" + path, headers=headers)

    return call


def test_lists_and_details(api, django_assert_max_num_queries):
    make_reachable(3)
    campaign = make_campaign()
    [row] = api("GET", "segments/").json()["results"]
    assert row["code"] == "everybody"
    detail = api("GET", "segments/everybody/").json()
    assert (detail["customer_count"], detail["reachable_count"]) == (3, 3)
    assert detail["sample"] == ["R-2", "R-1", "R-0"]
    [row] = api("GET", "campaigns/?state=draft").json()["results"]
    assert (row["id"], row["segment"], row["state"]) == (campaign.pk, "everybody", "draft")
    assert api("GET", "campaigns/?state=sent").json()["results"] == []
    assert api("GET", "campaigns/?state=lost").status_code == 400
    with django_assert_max_num_queries(22):
        detail = api("GET", f"campaigns/{campaign.pk}/").json()
    assert detail["copies"][0]["refusals"] == []
    assert detail["verdict"] == ""
    assert api("GET", "campaigns/999/").status_code == 404


def test_lists_are_closed_without_the_permission(api):
    for path in ("segments/", "campaigns/", "campaigns/1/"):
        assert api("GET", path, may=["shop.view_product"]).status_code == 403


def test_approving_sends_once_and_needs_the_permission(api):
    make_reachable(2)
    campaign = make_campaign()
    path, may = f"campaigns/{campaign.pk}/approve/", [*VIEW, "marketing.change_campaign"]
    assert api("POST", path, may=may).json()["type"] == "/problems/campaign-state"
    campaigns.propose_campaign(campaign)
    assert api("POST", path, key="k2").status_code == 403
    answer = api("POST", path, may=may, key="k3")
    assert (answer.status_code, answer.json()["state"]) == (200, "approved")
    assert api("POST", path, may=may, key="k4").status_code == 409
    assert Decision.objects.get().decided_by is not None
    assert send_campaign(Quiet(), campaign.pk)["sent"] == 2
