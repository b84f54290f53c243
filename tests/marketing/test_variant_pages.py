"""Variants by form, by program and in both languages; what past texts brought; power before the start."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone, translation

from marketing.models import Brief, Campaign, CampaignState
from marketing.pages.power import power_page
from marketing.services.campaigns.copy_arms import Wish, set_arms
from marketing.services.campaigns.power import look_ahead, whole_weeks
from marketing.services.content.experience import experience_of, in_words
from marketing.services.sending.sends import send_campaign
from tests.factories import make_order, make_variant
from tests.factories_access import bearer, make_key, make_staff
from tests.factories_marketing import Quiet, approve, make_campaign, make_reachable
from tests.marketing.test_variants import add_text, make_two, people, start

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
MAY = ("marketing.view_campaign", "marketing.change_campaign")


@pytest.fixture
def desk(client):
    client.force_login(make_staff(*MAY, username="mia"))
    return client


def do(client, campaign, **data):
    return client.post(
        reverse("admin:marketing_campaign_do", args=[campaign.pk]), data, follow=True
    ).content.decode()


def page(client, campaign):
    return client.get(reverse("admin:marketing_campaign_path", args=[campaign.pk])).content.decode()


def test_variants_are_set_up_by_form(desk):
    make_reachable(4)
    campaign = make_campaign()
    assert "Add a variant" in page(desk, campaign)
    do(desk, campaign, verb="add_variant")
    said = do(desk, campaign, verb="add_variant")
    assert "3 variants, with equal shares" in said
    assert "No text is chosen for it yet" in said
    do(desk, campaign, verb="drop_variant")
    form = {"allocation": "thompson", "wave_metric": "clicked", "wave_count": 3, "wave_hours": 12}
    do(desk, campaign, verb="variants", share_A="30", share_B="70", **form)
    campaign.refresh_from_db()
    assert list(campaign.arms.values_list("name", "share")) == [("A", 0.3), ("B", 0.7)]
    assert (campaign.copy_allocation, campaign.wave_count) == ("thompson", 3)
    assert "Enter numbers only" in do(desk, campaign, verb="variants", share_A="x", share_B="1")
    text = campaign.copies.create(
        language="en", subject="Come and see", body="{link}", provider="t"
    )
    do(desk, campaign, verb="choose", copy=text.pk, arm="B")
    text.refresh_from_db()
    assert (text.state, text.arm) == ("chosen", "B")
    assert "Waiting for approval" in do(desk, campaign, verb="propose")


def test_the_page_says_which_one_is_better_in_both_languages(desk):
    make_reachable(300)
    campaign = approve(make_two())
    send_campaign(Quiet(), campaign.pk)
    start(campaign)
    tea = make_variant("TEA-1")
    for customer in people(campaign, "B")[:60]:
        make_order([(tea, 1)], customer=customer, at=campaign.started_at + DAY)
    shown = page(desk, campaign)
    assert shown.index("brings more than") < shown.index("Ordered")
    with translation.override("zh-hans"):
        from django.conf import settings

        desk.cookies[settings.LANGUAGE_COOKIE_NAME] = "zh-hans"
        assert "版本" in page(desk, campaign)


def test_one_is_stopped_by_its_button(desk):
    make_reachable(20)
    campaign = approve(make_two())
    address = reverse("admin:marketing_campaign_do", args=[campaign.pk]) + "?verb=stop_variant"
    assert "Variant B is stopped" in desk.post(address, {"arm": "B"}, follow=True).content.decode()
    assert campaign.arms.get(name="B").stopped_by == "mia"


def test_programs_set_read_and_stop_variants(client):
    make_reachable(20)
    campaign = make_campaign()
    text = campaign.copies.create(
        language="en", subject="Come and see", body="{link}", provider="t"
    )
    head = bearer(make_key(user=make_staff(*MAY, username="bot")).secret)
    address = f"/api/merchant/v1/campaigns/{campaign.pk}/variants/"
    body = {"variants": [{"name": "A", "share": 0.4}, {"name": "B", "share": 0.6}]}

    def post(where, said, key):
        given = head | {"HTTP_IDEMPOTENCY_KEY": key}
        return client.post(where, said, content_type="application/json", **given)

    body["variants"][1]["copies"] = [text.pk]
    made = post(address, body, "1").json()
    assert made["variants"][1] == {
        "name": "B",
        "share": 0.6,
        "copies": [text.pk],
        "stopped_at": None,
    }
    assert post(address, body, "2").json() == made  # the same wish again changes nothing
    body["variants"][1]["copies"] = [text.pk + 999]
    assert post(address, body, "3").status_code == 409
    campaign.refresh_from_db()
    approve(campaign)
    assert post(address, body, "4").status_code == 409
    stopped = post(f"{address}steps/", {"variant": "A", "to": "stopped"}, "5").json()
    assert stopped["variants"][0]["stopped_at"]
    assert stopped["waves"][0]["shares"] == {"A": 0.4, "B": 0.6}
    Campaign.objects.filter(pk=campaign.pk).update(state=CampaignState.APPROVED)
    send_campaign(Quiet(), campaign.pk)
    effects = client.get(f"/api/merchant/v1/campaigns/{campaign.pk}/effects/", **head).json()
    assert [part["key"] for part in effects["variants"]] == ["A", "B"]
    assert effects["against"][0]["verdict"] == "cannot tell"


def test_a_preview_shows_each_variant(desk):
    make_reachable(3)
    campaign = make_campaign()
    set_arms(campaign, Wish({"A": 0.5, "B": 0.5}))
    add_text(campaign, "B", subject="Come and see")
    address = reverse("admin:marketing_campaign_preview", args=[campaign.pk])
    assert "Come and see" in desk.get(address, {"variant": "B"}).content.decode()
    assert "Come and see" not in desk.get(address, {"variant": "A"}).content.decode()


@pytest.fixture
def measured():
    """A finished campaign with two variants: B's readers ordered, A's and the holdout did not."""
    make_reachable(300)
    campaign = make_campaign(holdout_rate=0.3)
    set_arms(campaign, Wish({"A": 0.5, "B": 0.5}))
    add_text(campaign, "B", subject="Come and see {product}")
    approve(campaign)
    send_campaign(Quiet(), campaign.pk)
    start(campaign)
    tea = make_variant("TEA-1")
    for customer in people(campaign, "B")[:60]:
        make_order([(tea, 1)], customer=customer, at=campaign.started_at + DAY)
    return campaign


def test_the_next_brief_learns_what_each_text_brought(measured, django_assert_max_num_queries):
    brief = Brief.objects.create(goal="announce", channel="email", segment=measured.segment)
    now = timezone.now()
    found = {one.copy.arm: one for one in experience_of(brief, now)}
    assert (found["B"].verdict, found["B"].beside) == ("win", "win")
    assert (found["A"].verdict, found["A"].beside) == ("cannot tell", "lose")
    assert found["B"].money.value == pytest.approx(60 * 600)
    said = in_words(list(found.values()))
    assert any("“Come and see {product}”" in one and "more profit" in one for one in said)
    assert not any(char.isdigit() for one in said for char in one)
    # figures of a closed window are counted once, so that many campaigns can be asked
    with django_assert_max_num_queries(12):
        experience_of(brief, now)


def test_before_the_start_the_page_says_what_would_show(desk):
    customers = make_reachable(200)
    tea, at = make_variant("TEA-1"), timezone.now() - 3 * DAY
    for number, customer in enumerate(customers[:60]):
        make_order([(tea, 1 + number % 3)], customer=customer, at=at)
    campaign = make_campaign(holdout_rate=0.2, attribution_window_days=10)
    ahead = look_ahead(campaign, timezone.now())
    assert (ahead.source, ahead.customers) == ("audience", 200)
    assert ahead.share == pytest.approx(0.3)
    # by hand: p (1 − p) = 0.21, 160 against 40: 2.80 × √(0.21 / (200 × 0.2 × 0.8))
    assert ahead.own.conversion == pytest.approx(2.8016 * (0.21 / 32) ** 0.5, rel=1e-3)
    by_rate = [one.profit for one in ahead.rows]
    assert by_rate == sorted(by_rate, reverse=True)  # the larger the holdout, the more it shows
    assert ahead.own.profit_always > ahead.own.profit
    assert ahead.proposed is None  # a tenth more does not show on 200 people
    assert whole_weeks(campaign) == 7
    shown = page(desk, campaign)
    assert "What this campaign could show" in shown
    assert "take whole weeks, 7 days" in shown


def test_too_little_past_says_so():
    make_reachable(20)
    found = power_page(make_campaign(attribution_window_days=14), timezone.now())
    assert not found["is_known"]
    assert found["whole_weeks"] is None


def test_who_was_silent_is_planned_by_the_whole_shop():
    """A list of silent customers brought nothing lately by its own rule."""
    buyers, silent = make_reachable(60, prefix="B"), make_reachable(150, prefix="S", country="DE")
    tea, at = make_variant("TEA-1"), timezone.now() - 3 * DAY
    for customer in buyers:
        make_order([(tea, 1)], customer=customer, at=at)
    from tests.factories_marketing import make_segment

    rule = {"all": [{"field": "country", "op": "is", "value": "DE"}]}
    campaign = make_campaign(segment=make_segment(rule, code="silent"))
    ahead = look_ahead(campaign, timezone.now())
    assert (ahead.source, ahead.customers) == ("shop", len(silent))
    assert ahead.share == pytest.approx(60 / 210)
