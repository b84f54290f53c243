"""Whom a campaign writes to first, when it stops for a rule, and what others leave of the stock."""

from datetime import time, timedelta

import pytest
from django.core import mail
from django.utils import timezone

from marketing.models import (
    AudienceMember,
    Campaign,
    ClaimRecord,
    GlossaryTerm,
    PolicyRule,
    Send,
)
from marketing.services.campaigns import stock_claims, text_rules
from marketing.services.campaigns.campaigns import CampaignError, carry_out, propose_campaign
from marketing.services.campaigns.stock_cap import short_stock
from marketing.services.sending import sends
from marketing.services.sending.sends import continue_campaigns, send_campaign
from tests.factories import make_order, make_stock, make_variant
from tests.factories_marketing import Quiet, approve, make_campaign, make_reachable, make_segment
from tests.marketing.test_targeting import known_shop, new_campaign

pytestmark = pytest.mark.django_db


# The order


def ranked(**fields):
    """Eight, of whom R-7 is moved most."""
    people = make_reachable(8)
    campaign = approve(make_campaign(**fields))
    for number, one in enumerate(people):
        AudienceMember.objects.filter(audience=campaign.audience, customer=one).update(
            expected_minor=number // 2
        )
    return campaign


def written() -> list[str]:
    return [message.to[0][:2] for message in mail.outbox]


@pytest.fixture
def one_by_one(settings, monkeypatch):
    settings.MESSAGE_CONNECTIONS = 1
    monkeypatch.setattr(sends, "CLAIMED_AT_ONCE", 3)


def test_where_the_pace_is_limited_the_most_moved_go_first(one_by_one):
    campaign = ranked(per_minute=3)
    send_campaign(Quiet(), campaign.pk)
    assert written() == ["r6", "r7", "r4"]
    Send.objects.update(handed_over_at=timezone.now() - timedelta(hours=1))
    send_campaign(Quiet(), campaign.pk)
    assert written() == ["r6", "r7", "r4", "r5", "r2", "r3"]
    Send.objects.update(handed_over_at=timezone.now() - timedelta(hours=1))
    send_campaign(Quiet(), campaign.pk)
    assert sorted(written()) == sorted({f"r{n}" for n in range(8)})


def test_but_nobody_before_her_own_hour(one_by_one):
    """R-7 is moved most and her hour is later: the wave of now goes without her."""
    campaign = ranked(per_minute=2, send_from=time(0, 1))
    campaign.audience.members.model.objects.filter(customer__code="R-7").update(expected_minor=99)
    sends._claim(campaign, sends._place_of(campaign))
    Send.objects.filter(customer__code="R-7").update(due_at=timezone.now() + timedelta(hours=9))
    Send.objects.exclude(customer__code="R-7").update(due_at=None)
    send_campaign(Quiet(), campaign.pk)
    assert "r7" not in written()
    assert written()[0] == "r6"


def test_a_live_model_ranks_a_limited_campaign_and_leaves_nobody_out(settings, tmp_path):
    settings.ARTEFACT_DIR = tmp_path
    known_shop(settings)
    campaign = new_campaign(10, 20, only_where_it_pays=False, per_minute=5, holdout_rate=0.0)
    propose_campaign(campaign)
    audience = Campaign.objects.get(pk=campaign.pk).audience
    members = audience.members.order_by("-expected_minor", "pk")
    assert (audience.left_out_count, audience.targeting) == (0, {})
    assert not members.filter(expected_minor=None).exists()
    assert set(members.values_list("propensity", flat=True)) == {1.0}
    first = [row.customer for row in members.select_related("customer")[:10]]
    assert all(one.orders.exists() for one in first)


# Rules of today


def forbid_copper() -> None:
    GlossaryTerm.objects.create(kind="never", term="Copper Kettle", language="en")


def test_a_word_that_is_forbidden_by_now_stops_the_next_round():
    make_reachable(3)
    campaign = approve(make_campaign(body="{greeting}\n\nA Copper Kettle for {price}.\n\n{link}"))
    forbid_copper()
    send_campaign(Quiet(), campaign.pk)
    campaign.refresh_from_db()
    assert (campaign.state, campaign.paused_by) == ("paused", "rules")
    assert mail.outbox == []
    assert "may not be sent any more" in campaign.state_note["msgid"]
    states = set(ClaimRecord.objects.values_list("state", flat=True))
    assert states == {"pulled"}
    assert continue_campaigns() == 0


def test_a_rule_of_the_market_pauses_what_is_scheduled_when_it_changes():
    make_reachable(3)
    campaign = approve(make_campaign(market="GB"))
    assert text_rules.pull_forbidden() == 0
    PolicyRule.objects.create(
        code="gb-yours", market="GB", severity="block", title="Not theirs yet", words="is yours",
        source="A law",
    )  # fmt: skip
    assert text_rules.pull_forbidden() == 1
    assert text_rules.pull_forbidden() == 0
    campaign.refresh_from_db()
    assert (campaign.state, campaign.paused_by) == ("paused", "rules")
    assert campaign.state_note["params"]["source"].startswith("A law")


def test_what_waits_for_approval_is_asked_when_it_is_approved():
    make_reachable(3)
    decision = propose_campaign(
        make_campaign(body="{greeting}\n\nA Copper Kettle for {price}.\n\n{link}")
    )
    forbid_copper()
    with pytest.raises(CampaignError, match="may not be sent any more"):
        carry_out(decision, None)


# One shelf for all


def running(segment, kettle, messages, **fields):
    """A campaign in the middle of its window that has written to so many."""
    start = timezone.now() - timedelta(days=1)
    campaign = make_campaign(
        segment=segment, variant=kettle, state="sent", started_at=start, **fields
    )
    Send.objects.bulk_create(
        Send(campaign=campaign, customer=one, state="sent", sent_at=start, handed_over_at=start)
        for one in make_reachable(messages, prefix=f"S{campaign.pk}")
    )
    return campaign


def test_campaigns_on_one_shelf_do_not_ask_for_more_than_it_holds():
    """At 0.02 units a message: 6 to come of each, and 10 are there."""
    kettle = make_variant("KET-1", name="Copper Kettle")
    make_stock(kettle, 10)
    first = running(make_segment(), kettle, 300)
    second = make_campaign(segment=first.segment, variant=kettle, name="Second")
    at = timezone.now()
    assert short_stock(first, 0, at) is None
    assert short_stock(second, 150, at) is None
    short = short_stock(second, 300, at)
    assert (
        short["params"] | {"expected": "6.0", "others": "6.0", "available": 10} == short["params"]
    )
    # Its orders are in: they are gone from the shelf already, and nothing more is to come.
    for send in first.sends.select_related("customer")[:6]:
        make_order([(kettle, 1)], customer=send.customer, at=at - timedelta(hours=1))
    assert short_stock(second, 300, at) is None
    Campaign.objects.filter(pk=first.pk).update(started_at=at - timedelta(days=30))
    assert stock_claims.of_campaigns(second, kettle.pk, at) == 0


def test_a_round_that_another_is_about_to_send_counts():
    kettle = make_variant("KET-1", name="Copper Kettle")
    make_stock(kettle, 9)
    make_reachable(300)
    first = approve(make_campaign(variant=kettle))
    Campaign.objects.filter(pk=first.pk).update(state="sending", started_at=timezone.now())
    second = make_campaign(segment=first.segment, variant=kettle, name="Second")
    assert stock_claims.of_campaigns(second, kettle.pk, timezone.now()) == pytest.approx(5)


def test_what_journeys_wrote_about_it_counts(settings):
    from marketing.models import Enrolment, Journey, JourneyVersion

    settings.STOREFRONT_URL = "https://shop.example/"
    kettle = make_variant("KET-1", name="Copper Kettle")
    make_stock(kettle, 5)
    campaign, at = make_campaign(variant=kettle), timezone.now()
    journey = Journey.objects.create(code="cart", name="Cart")
    version = JourneyVersion.objects.create(journey=journey, number=1, definition={})
    link = "https://shop.example/products/KET-1"
    for number, one in enumerate(make_reachable(200)):
        enrolment = Enrolment.objects.create(
            journey=journey, version=version, customer=one, key=f"k{number}", entered_at=at,
            due_at=at, state="under_way",
        )  # fmt: skip
        Send.objects.create(
            enrolment=enrolment, step="a", customer=one, state="sent", link_url=link,
            sent_at=at - timedelta(days=2), handed_over_at=at - timedelta(days=2),
        )  # fmt: skip
    assert stock_claims.of_journeys("KET-1", kettle.pk, 0.02, at) == pytest.approx(4)
    assert short_stock(campaign, 40, at) is None
    assert short_stock(campaign, 80, at)["params"]["others"] == "4.0"
    make_order([(kettle, 3)], customer=one, at=at - timedelta(days=1))
    assert stock_claims.of_journeys("KET-1", kettle.pk, 0.02, at) == pytest.approx(1)
