"""A journey's market: whose rules its texts are held to, kept by the version, and who may enter."""

import pytest
from django.core.cache import cache
from django.urls import reverse

from marketing.definitions import journey_edits as edits
from marketing.definitions.journey_plan import MARKETS, PlanError, read_plan
from marketing.models import Enrolment, Journey, Market, PulledStep
from marketing.services.journeys import journey_drafts, journey_review, journeys, walking
from marketing.services.journeys.journeys import JourneyError
from marketing.texts.standards import lives_elsewhere
from tests.factories_access import make_key, make_staff
from tests.factories_marketing import make_reachable
from tests.marketing.test_journey_review import HOUR, rule
from tests.marketing.test_journeys import NOON, event, make_ware, send

pytestmark = pytest.mark.django_db
PLAIN = {"trigger": {"on": "cart_left"}, "exits": ["ordered"], "steps": [send()]}
HERE = PLAIN | {"steps": [send(body="{greeting} Here is {product}: {price} {link}")]}


@pytest.fixture(autouse=True)
def _shop(settings):
    settings.STOREFRONT_URL = "https://shop.example"
    settings.PUBLIC_URL, settings.SHOP_ADDRESS = "https://backroom.example", "1 Lane, London"
    settings.SHOP_COUNTRIES = ["GB", "FR"]


def journey(definition, *, live=True) -> Journey:
    made = Journey.objects.create(code="cart", name="Cart", holdout_rate=0.0)
    version = journeys.save_version(made, definition)
    return journeys.go_live(made, version, at=NOON) if live else made


def test_the_plan_knows_its_market_and_no_other_word():
    assert set(MARKETS) == set(Market.values)
    assert (read_plan(PLAIN).market, read_plan(PLAIN | {"market": "EU"}).market) == ("", "EU")
    for wrong in ("FR", "eu", None, ["EU"], {}):
        with pytest.raises(PlanError, match="market: One of: GB, EU, US, CN"):
            read_plan(PLAIN | {"market": wrong})


@pytest.mark.parametrize(
    ("market", "is_blocked"), [("", True), ("EU", True), ("GB", False), ("US", False)]
)
def test_texts_are_held_to_the_rules_of_the_market(market, is_blocked):
    rule("here", market="EU")
    definition = HERE | ({"market": market} if market else {})
    [found] = journey_review.reviews_of(read_plan(definition))
    assert found.review.is_blocked is is_blocked
    if is_blocked:
        with pytest.raises(JourneyError, match="No here"):
            journey(definition)
    else:
        assert journey(definition).state == "live"


def test_a_rule_of_another_market_pulls_nothing_and_one_of_its_own_does():
    journey(HERE | {"market": "GB"})
    rule("here", market="EU")
    assert journey_review.pull_forbidden() == 0
    rule("here is", market="GB")
    assert journey_review.pull_forbidden() == 1
    assert PulledStep.objects.get().step == "reminder"


def test_a_version_keeps_its_market():
    made = journey(PLAIN | {"market": "GB"})
    later = journeys.save_version(made, PLAIN | {"market": "EU"})
    assert later.number == 2
    assert journeys.save_version(made, PLAIN | {"market": "EU"}).pk == later.pk
    assert [v.definition.get("market") for v in made.versions.order_by("number")] == ["GB", "EU"]
    journeys.go_live(made, later)
    journey_drafts.bring_back(made, 1, revision=made.draft_revision)
    assert journey_drafts.draft_of(made)["market"] == "GB"


@pytest.mark.parametrize(
    ("country", "market", "elsewhere"),
    [
        ("GB", "GB", False), ("gb ", "GB", False), ("UK", "GB", False), ("FR", "EU", False),
        ("FR", "GB", True), ("US", "EU", True), ("CN", "GB", True), ("", "GB", False),
        ("France", "GB", False), ("FR", "", False), ("CH", "EU", True),
    ],
)  # fmt: skip
def test_who_lives_in_another_market(country, market, elsewhere):
    assert lives_elsewhere(country, market) is elsewhere


def test_whoever_is_known_to_live_in_another_market_does_not_enter():
    made, ware = journey(PLAIN | {"market": "GB"}), make_ware()
    crowd = make_reachable(4)
    for customer, country in zip(crowd, ("GB", "FR", "", "Somewhere"), strict=True):
        customer.country = country
        customer.save()
        event(customer, ware)
    assert walking.enter(made, NOON + 2 * HOUR) == 3
    assert walking.enter(made, NOON + 2 * HOUR) == 0
    assert not Enrolment.objects.filter(customer__country="FR").exists()
    other = Journey.objects.create(code="cart-fr", name="Cart, EU", holdout_rate=0.0)
    journeys.go_live(other, journeys.save_version(other, PLAIN | {"market": "EU"}), at=NOON)
    assert walking.enter(other, NOON + 2 * HOUR) == 3  # hers, and the two of unknown country


def test_the_editor_sets_keeps_and_clears_it(client):
    made = journey(PLAIN, live=False)
    client.force_login(make_staff("marketing.view_journey", "marketing.change_journey"))
    page, do = (
        reverse(f"admin:marketing_journey_{name}", args=[made.pk]) for name in ("edit", "edit_do")
    )

    def start(**fields):
        made.refresh_from_db()
        body = {
            "op": "start",
            "revision": made.draft_revision,
            "on": "cart_left",
            "exits": "ordered",
        }
        client.post(do, body | fields)
        made.refresh_from_db()
        return journey_drafts.draft_of(made).get("market")

    assert start(market="EU") == "EU"
    assert "European Union" in client.get(page).content.decode()
    assert start() == "EU"  # a form without the field says nothing about it
    assert start(market="XX") == "XX"
    shown = client.get(page + "?step=start").content.decode()
    assert "One of: GB, EU, US, CN" in shown
    assert 'id="step-start" data-wrong' in shown
    assert start(market="") is None
    assert edits.set_start(PLAIN, PLAIN["trigger"], ["ordered"], "") == PLAIN
    read = client.get(reverse("admin:marketing_journey_page", args=[made.pk])).content.decode()
    assert "every market in which the shop sells" in read


def test_the_api_tells_and_takes_it(client):
    cache.clear()
    made = journey(PLAIN | {"market": "GB"})
    may = make_staff("marketing.view_journey", "marketing.change_journey")
    headers = {"X-Api-Key": make_key(user=may).secret, "Idempotency-Key": "k1"}
    where = "/api/merchant/v1/journeys/"
    [row] = client.get(where, headers=headers).json()["results"]
    assert row["market"] == client.get(f"{where}cart/", headers=headers).json()["market"] == "GB"
    body = {"definition": PLAIN | {"market": "EU"}}
    sent = client.post(
        f"{where}cart/versions/", body, content_type="application/json", headers=headers
    )
    assert (sent.status_code, sent.json()["market"], sent.json()["number"]) == (201, "EU", 2)
    numbers = client.get(f"{where}cart/versions/", headers=headers).json()["results"]
    assert [(one["number"], one["market"]) for one in numbers] == [(2, "EU"), (1, "GB")]
    made.refresh_from_db()
    assert made.live_version.definition["market"] == "GB"
    body = {"definition": PLAIN | {"market": "XX"}}
    wrong = client.post(
        f"{where}cart/versions/", body, content_type="application/json",
        headers=headers | {"Idempotency-Key": "k2"},
    )  # fmt: skip
    assert (wrong.status_code, "GB, EU, US, CN" in wrong.json()["detail"]) == (409, True)
