"""What a campaign promises besides its words: when, how fast, how often, to whom, and until what is left."""

from datetime import UTC, datetime, time, timedelta

import pytest
from django.core import mail
from django.utils import timezone

from decisions.models import Job, JobState
from decisions.services.experiments import in_global_holdout
from marketing.models import (
    AudienceMember,
    Campaign,
    CampaignState,
    Channel,
    Send,
    SendState,
    Suppression,
)
from marketing.models.campaigns import PausedBy
from marketing.services.audiences import exclusion
from marketing.services.campaigns import campaigns
from marketing.services.campaigns.campaigns import CampaignError, propose_campaign
from marketing.services.campaigns.units_per_message import units_per_message
from marketing.services.sending import sends
from marketing.services.sending.sends import continue_campaigns, send_campaign
from shop.models import Payment, Purpose, Refund
from shop.services.customers import record_consent
from shop.services.stock.stock import adjust
from support.models import Ticket
from tests.factories import make_customer, make_order, make_stock, make_variant
from tests.factories_marketing import Quiet, approve, make_campaign, make_reachable, make_segment

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


class Clock:
    def __init__(self, monkeypatch, at):
        self.at = at
        monkeypatch.setattr(timezone, "now", lambda: self.at)


@pytest.fixture
def clock(monkeypatch):
    return Clock(monkeypatch, NOON)


def states(campaign) -> dict[str, str]:
    rows = campaign.sends.order_by("customer__code")
    return {code: reason or state for code, state, reason in
            rows.values_list("customer__code", "state", "reason")}  # fmt: skip


def test_each_recipient_is_due_at_the_hour_of_her_own_clock(clock):
    zones = {"L": "Europe/London", "S": "Asia/Shanghai", "Y": "America/New_York"}
    for code, zone in zones.items():
        [customer] = make_reachable(1, prefix=code)
        customer.time_zone = zone
        customer.save()
    campaign = approve(make_campaign(send_on=NOON.date(), send_from=time(9, 30)))
    send_campaign(Quiet(), campaign.pk)
    # 13:00 in London, 20:00 in Shanghai, 8:00 in New York
    assert states(campaign) == {"L-0": "sent", "S-0": "sent", "Y-0": "claimed"}
    assert campaign.sends.get(customer__code="Y-0").due_at == datetime(
        2026, 6, 1, 13, 30, tzinfo=UTC
    )
    campaign.refresh_from_db()
    assert campaign.state == CampaignState.SENDING
    Job.objects.update(state=JobState.SUCCEEDED)  # the one that approving asked for
    clock.at = NOON + timedelta(hours=1, minutes=29)
    assert continue_campaigns(clock.at) == 0
    clock.at += timedelta(minutes=2)
    assert continue_campaigns(clock.at) == 1
    send_campaign(Quiet(), campaign.pk)
    campaign.refresh_from_db()
    assert (states(campaign)["Y-0"], campaign.state) == ("sent", CampaignState.SENT)


def test_nobody_is_written_to_in_the_quiet_hours_of_her_own_clock(clock, settings):
    settings.MARKETING_QUIET_CHANNELS, settings.MARKETING_QUIET_HOURS = ["email"], "21-8"
    [awake], [asleep] = make_reachable(1, prefix="L"), make_reachable(1, prefix="T")
    asleep.time_zone = "Pacific/Auckland"  # midnight
    asleep.save()
    campaign = approve(make_campaign())
    send_campaign(Quiet(), campaign.pk)
    assert [message.to for message in mail.outbox] == [[awake.email]]
    assert campaign.sends.get(customer=asleep).due_at == datetime(2026, 6, 1, 20, tzinfo=UTC)
    clock.at = datetime(2026, 6, 1, 20, 0, 1, tzinfo=UTC)
    send_campaign(Quiet(), campaign.pk)
    assert len(mail.outbox) == 2


def test_a_pace_lets_so_many_a_minute_leave_and_no_more(clock):
    make_reachable(7)
    campaign = approve(make_campaign(per_minute=3))
    for minutes, gone in ((0, 3), (0.5, 3), (1.1, 6), (2.2, 7)):
        clock.at = NOON + timedelta(minutes=minutes)
        send_campaign(Quiet(), campaign.pk)
        assert len(mail.outbox) == gone
    campaign.refresh_from_db()
    assert campaign.state == CampaignState.SENT


def test_each_channel_has_a_cap_of_its_own(clock, settings, tmp_path):
    settings.MESSAGE_FOLDER, settings.MARKETING_QUIET_CHANNELS = str(tmp_path), []
    settings.MARKETING_CAP_MESSAGES, settings.MARKETING_CAP_SMS = 1, 1
    [ana] = make_reachable(1, phone="+441")
    record_consent(ana, Purpose.MARKETING_SMS, granted=True, source="test")
    everybody, kettle = make_segment(), make_variant("KET-1", name="Copper Kettle")

    def sent_by(channel: str) -> str:
        campaign = approve(make_campaign(channel=channel, segment=everybody, variant=kettle))
        send_campaign(Quiet(), campaign.pk)
        return states(campaign)[ana.code]

    assert sent_by(Channel.EMAIL) == "sent"
    assert sent_by(Channel.SMS) == "sent"  # a letter does not count against it
    assert sent_by(Channel.EMAIL) == "frequency_cap"
    assert sent_by(Channel.SMS) == "frequency_cap"
    clock.at = NOON + timedelta(days=settings.MARKETING_CAP_DAYS, minutes=1)
    assert sent_by(Channel.SMS) == "sent"


def test_an_open_complaint_a_refund_due_a_bounce_and_a_withdrawn_word_stop_a_message():
    people = make_reachable(6)
    campaign = approve(make_campaign())
    Ticket.objects.create(number="T1", customer=people[0], intent="complaint", state="open")
    tea = make_variant("TEA-1")
    owed, paid_back = (make_order([(tea, 1)], customer=one) for one in people[1:3])
    for number, (order, back) in enumerate(((owed, 0), (paid_back, 500))):
        Payment.objects.create(
            order=order, provider="test", reference=f"p{number}", currency="GBP",
            captured_minor=1000, refunded_minor=back,
        )  # fmt: skip
        Refund.objects.create(order=order, number=f"r{number}", currency="GBP", amount_minor=500)
    Suppression.objects.create(customer=people[3], reason="bounced")
    record_consent(people[4], Purpose.MARKETING_EMAIL, granted=False, source="left")
    send_campaign(Quiet(), campaign.pk)
    assert list(states(campaign).values()) == [
        "complaint", "refund_due", "sent", "suppressed", "no_consent", "sent",
    ]  # fmt: skip


def test_it_stops_before_more_is_asked_for_than_there_is_and_goes_on_after_a_receipt(monkeypatch):
    """At the guessed 0.02 units a message, 300 messages ask for 6 units; 5 are there."""
    make_reachable(300)
    kettle = make_variant("KET-1", name="Copper Kettle")
    make_stock(kettle, 5)
    campaign = approve(make_campaign(variant=kettle))
    assert units_per_message(campaign.goal, timezone.now()) == pytest.approx(0.02)
    send_campaign(Quiet(), campaign.pk)
    campaign.refresh_from_db()
    assert (campaign.state, campaign.paused_by) == (CampaignState.PAUSED, PausedBy.STOCK)
    assert campaign.state_note["params"]["sku"] == "KET-1"
    gone = len(mail.outbox)
    assert gone == sends.ROUND
    assert gone * 0.02 <= 5
    assert continue_campaigns() == 0
    level = kettle.stock_levels.get()
    adjust(kettle, 20, key="in", reason="found", warehouse=level.warehouse)
    continue_campaigns()
    campaign.refresh_from_db()
    assert campaign.state == CampaignState.APPROVED
    send_campaign(Quiet(), campaign.pk)
    campaign.refresh_from_db()
    assert (campaign.state, len(mail.outbox)) == (CampaignState.SENT, 300)


def grouped(name: str, segment, kettle, **fields) -> Campaign:
    return make_campaign(
        name=name, segment=segment, variant=kettle, exclusion_group="spring", **fields
    )


def test_campaigns_of_one_group_share_nobody_until_the_first_has_been_counted():
    make_reachable(4, prefix="A")
    everybody, kettle = make_segment(), make_variant("KET-1", name="Copper Kettle")
    first = approve(grouped("One", everybody, kettle, holdout_rate=0.5))
    make_reachable(2, prefix="B")
    second = approve(grouped("Two", everybody, kettle))
    third = approve(make_campaign(name="Three", segment=everybody, variant=kettle))
    codes = {
        one.name: set(
            AudienceMember.objects.filter(audience=one.audience).values_list(
                "customer__code", flat=True
            )
        )
        for one in (first, second, third)
    }
    assert codes["Two"] == {"B-0", "B-1"}  # who is held out of the first is taken as well
    assert len(codes["Three"]) == 6  # of no group
    with pytest.raises(CampaignError):
        propose_campaign(grouped("Four", everybody, kettle))
    long_ago = timezone.now() - timedelta(days=first.attribution_window_days + 1)
    Campaign.objects.filter(pk=first.pk).update(state=CampaignState.SENT, started_at=long_ago)
    fifth = approve(grouped("Five", everybody, kettle))
    assert fifth.audience.customer_count == 4


def test_two_lists_of_a_group_that_are_frozen_at_once_are_not_both_proposed(monkeypatch):
    make_reachable(3)
    everybody, kettle = make_segment(), make_variant("KET-1", name="Copper Kettle")
    first, second = (grouped(name, everybody, kettle) for name in ("One", "Two"))
    real = campaigns.freeze_audience

    def slow(campaign, targeting, progress=None):
        found = real(campaign, targeting)
        if campaign.pk == second.pk:
            propose_campaign(first)  # the other one is faster
        return found

    monkeypatch.setattr(campaigns, "freeze_audience", slow)
    with pytest.raises(CampaignError, match="at the same moment"):
        propose_campaign(second)
    second.refresh_from_db()
    assert second.state == CampaignState.DRAFT
    assert exclusion.taken_members(second, timezone.now()).count() == 3


def test_who_is_kept_out_of_everything_is_on_no_list(settings):
    settings.EXPERIMENT_HOLDOUT_RATE = 0.5
    # By her key: these are as many on either side in every run.
    out = {one.pk for one in make_reachable(40) if in_global_holdout(f"customer:{one.pk}")}
    campaign = approve(make_campaign())
    send_campaign(Quiet(), campaign.pk)
    written_to = set(Send.objects.filter(state=SendState.SENT).values_list("customer", flat=True))
    assert not written_to & out
    assert len(written_to) == campaign.sends.count() == campaign.audience.customer_count
    assert len(written_to) == 40 - len(out) < 40


def test_a_customer_without_an_address_on_the_channel_is_not_reachable():
    make_customer("NOBODY")
    with pytest.raises(CampaignError):
        propose_campaign(make_campaign())
