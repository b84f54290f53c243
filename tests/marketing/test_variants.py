"""Several texts side by side: who is drawn for which, what is sent, and what stops one."""

from datetime import timedelta

import pytest
from django.utils import timezone

from decisions.models import Decision
from decisions.services import receipts
from marketing.models import (
    Campaign,
    CampaignState,
    ClaimRecord,
    CopyVariant,
    CopyWave,
    LedgerState,
    Send,
    SendState,
    SkipReason,
)
from marketing.services.campaigns import campaigns
from marketing.services.campaigns.copy_arms import Wish, set_arms, stop_arm
from marketing.services.campaigns.copy_facts import CampaignError
from marketing.services.content.copies import CopyError, choose_copy, edit_copy
from marketing.services.effects.effects import campaign_effects
from marketing.services.sending.sends import send_campaign
from shop.models import Event
from shop.services.prices import set_price
from tests.factories import make_order, make_variant
from tests.factories_access import make_staff
from tests.factories_marketing import Quiet, approve, make_campaign, make_reachable

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def add_text(campaign, arm, language="en", body="Here is {product}.\n\n{link}", **fields):
    said = {"subject": f"{arm} {language}", "provider": "templates"} | fields
    copy = CopyVariant.objects.create(campaign=campaign, language=language, body=body, **said)
    return choose_copy(copy, at=timezone.now(), arm=arm)


def make_two(shares=None, **fields):
    campaign = make_campaign(**fields)
    set_arms(campaign, Wish(shares or {"A": 0.5, "B": 0.5}))
    add_text(campaign, "B")
    return campaign


def start(campaign, days_ago=30):
    began = timezone.now() - days_ago * DAY
    Campaign.objects.filter(pk=campaign.pk).update(started_at=began)
    Send.objects.filter(campaign=campaign, sent_at__isnull=False).update(sent_at=began)
    campaign.refresh_from_db()
    return campaign


def people(campaign, arm):
    members = campaign.audience.members.filter(is_holdout=arm == "holdout")
    if arm != "holdout":
        members = members.filter(arm=arm)
    return [one.customer for one in members.select_related("customer").order_by("pk")]


def test_everybody_is_drawn_once_apart_from_the_holdout():
    make_reachable(400)
    campaign = approve(make_two({"A": 0.3, "B": 0.7}, holdout_rate=0.3))
    drawn = {m.customer_id: (m.arm, m.arm_propensity) for m in campaign.audience.members.all()}
    assert {chance for arm, chance in drawn.values() if arm == "A"} == {0.3}
    held = campaign.audience.members.filter(is_holdout=True)
    assert {(one.arm, one.arm_propensity) for one in held} == {("", None)}
    size = len(people(campaign, "A")) + len(people(campaign, "B"))
    assert abs(len(people(campaign, "A")) / size - 0.3) < 0.08
    [wave] = CopyWave.objects.all()
    assert wave.shares == {"A": 0.3, "B": 0.7}
    # proposed again it is the same draw
    campaigns.stop(campaign)
    Campaign.objects.filter(pk=campaign.pk).update(state="draft")
    again = approve(Campaign.objects.get())
    assert again.audience_id != campaign.audience_id
    assert {m.customer_id: (m.arm, m.arm_propensity) for m in again.audience.members.all()} == drawn


def test_each_gets_her_variant_once_and_the_log_says_with_what_chance():
    make_reachable(60)
    campaign = approve(make_two())
    send_campaign(Quiet(), campaign.pk)
    send_campaign(Quiet(), campaign.pk)
    campaign.refresh_from_db()
    assert campaign.state == CampaignState.SENT
    sends = list(campaign.sends.select_related("copy"))
    assert len(sends) == 60
    arms = {m.customer_id: m.arm for m in campaign.audience.members.all()}
    assert all(send.arm == send.copy.arm == arms[send.customer_id] for send in sends)
    assert {send.arm for send in sends} == {"A", "B"}
    logged = Event.objects.filter(kind="send").values_list("properties", flat=True)
    assert {(one["variant"], one["propensity"]) for one in logged} == {("A", 0.5), ("B", 0.5)}


def test_a_variant_without_a_text_that_another_has_cannot_be_proposed():
    make_reachable(3)
    campaign = make_campaign()
    set_arms(campaign, Wish({"A": 0.5, "B": 0.5}))
    with pytest.raises(CampaignError, match="Variant B has no text in English"):
        campaigns.propose_campaign(campaign)
    add_text(campaign, "B")
    add_text(campaign, "B", "zh", body="{link}")
    with pytest.raises(CampaignError, match="Variant A has no text in 中文"):
        campaigns.propose_campaign(campaign)
    add_text(campaign, "A", "zh", body="看看{product} {link}")
    assert campaigns.propose_campaign(campaign)


@pytest.mark.parametrize(
    ("shares", "said"),
    [
        ({"A": 0.5, "B": 0.6}, "100 %"),
        ({"A": 0.98, "B": 0.02}, "5 %"),
        ({"A": 0.5, "C": 0.5}, "in this order"),
        (dict.fromkeys("ABCDE", 0.2), "one to 4"),
        ({"A": float("nan"), "B": 0.5}, "5 %"),
    ],
)
def test_odd_shares_are_refused(shares, said):
    with pytest.raises(CampaignError, match=said):
        set_arms(make_campaign(), Wish(shares))


def test_a_text_of_one_that_is_gone_is_a_candidate_again():
    campaign = make_two()
    set_arms(campaign, Wish({"A": 1.0}))
    assert not campaign.arms.exists()
    assert set(campaign.copies.values_list("state", "arm")) == {("chosen", "A"), ("candidate", "A")}


def test_after_the_start_no_text_and_no_share_changes():
    make_reachable(3)
    campaign = approve(make_two())
    copy = campaign.copies.filter(arm="B").get()
    for change in (
        lambda: edit_copy(copy, subject="New", body="New", at=timezone.now()),
        lambda: choose_copy(copy, at=timezone.now(), arm="A"),
        lambda: set_arms(campaign, Wish({"A": 0.2, "B": 0.8})),
    ):
        with pytest.raises((CopyError, CampaignError), match="Only a draft"):
            change()


def test_an_edit_between_check_and_approval_is_noticed(monkeypatch):
    """Who proposes has checked one text; another one must not stand under the approval."""
    make_reachable(3)
    campaign = make_two()
    copy = campaign.copies.filter(arm="B").get()
    frozen = campaigns.freeze_audience

    def slow(*given):
        edit_copy(copy, subject="Other", body="Other {link}", at=timezone.now())
        return frozen(*given)

    monkeypatch.setattr(campaigns, "freeze_audience", slow)
    with pytest.raises(CampaignError, match="changed at the same moment"):
        campaigns.propose_campaign(campaign)
    campaign.refresh_from_db()
    assert campaign.state == CampaignState.DRAFT


def test_the_receipt_names_the_variants_and_computes_again():
    make_reachable(10)
    campaign = approve(make_two({"A": 0.25, "B": 0.75}))
    decision = Decision.objects.get(pk=campaign.decision_id)
    assert decision.inputs["campaign"]["variants"]["shares"] == {"A": 0.25, "B": 0.75}
    assert [text["arm"] for text in decision.output["texts"]] == ["A", "B"]
    assert receipts.replay(decision)[1]


def test_one_untrue_variant_pauses_the_campaign_and_names_itself():
    make_reachable(30)
    tea = make_variant("TEA-1", name="Tea", price_minor=900)
    campaign = make_campaign(variant=tea, body="Here is {product}. {link}")
    set_arms(campaign, Wish({"A": 0.5, "B": 0.5}))
    add_text(campaign, "B", body="{product} for £9.00. {link}", edited_by_hand=True)
    approve(campaign)
    set_price(tea, 800, key="new", source="test")
    campaign.refresh_from_db()
    assert campaign.state == CampaignState.PAUSED
    assert campaign.state_note["params"]["arm"] == "B"
    with pytest.raises(CampaignError, match="no fact supports"):
        campaigns.resume(campaign)
    stop_arm(campaign, "B")
    stop_arm(campaign, "B")  # twice is once
    assert not ClaimRecord.objects.filter(copy__arm="B", state=LedgerState.LIVE).exists()
    campaigns.resume(campaign)
    send_campaign(Quiet(), campaign.pk)
    campaign.refresh_from_db()
    assert campaign.state == CampaignState.SENT
    rows = set(campaign.sends.values_list("arm", "state", "reason"))
    assert rows == {("A", SendState.SENT, ""), ("B", SendState.SKIPPED, SkipReason.PULLED)}
    assert campaign.sends.count() == 30
    with pytest.raises(CampaignError, match="under way"):
        stop_arm(campaign, "A")


def test_the_last_variant_is_not_stopped():
    make_reachable(3)
    campaign = approve(make_two())
    stop_arm(campaign, "A")
    with pytest.raises(CampaignError, match="last variant"):
        stop_arm(campaign, "B")
    with pytest.raises(CampaignError, match="no such"):
        stop_arm(campaign, "C")


@pytest.fixture
def sent(settings):
    """400 customers, 3 of 10 held out, two variants; started 30 days ago; 14 days count."""
    settings.MARKETING_SEND_COST_MINOR = 3
    make_reachable(400)
    campaign = approve(make_two(holdout_rate=0.3))
    send_campaign(Quiet(), campaign.pk)
    return start(campaign)


def test_effects_of_each_variant_by_hand(sent):
    tea, at = make_variant("TEA-1"), sent.started_at + DAY
    first, second = people(sent, "A"), people(sent, "B")
    for customer in [*first[:10], *second[:50]]:
        make_order([(tea, 1)], customer=customer, at=at)
    found = campaign_effects(sent)
    arms = {part.key: part.metrics for part in found.arms}
    assert set(arms) == {"A", "B"}
    assert arms["B"]["sent"].value == arms["B"]["customers"].value == len(second)
    assert arms["B"]["converted"].value == 50
    assert arms["B"]["incremental_profit"].value == pytest.approx(50 * 600)
    assert arms["B"]["net_profit"].value == pytest.approx(50 * 600 - 3 * len(second))
    assert arms["A"]["net_profit"].value == pytest.approx(10 * 600 - 3 * len(first))
    [against] = found.against
    assert (against.arm, against.control, against.verdict) == ("B", "A", "win")
    metric = found.metrics["b_less_a"]
    assert metric.value == pytest.approx(600 * (50 / len(second) - 10 / len(first)))
    assert metric.low > 0
    assert found.metrics["variant_ratio_p"].value > 0.01


def test_like_variants_cannot_be_told_apart(sent):
    tea, at = make_variant("TEA-1"), sent.started_at + DAY
    for customer in [*people(sent, "A")[:30], *people(sent, "B")[:31]]:
        make_order([(tea, 1)], customer=customer, at=at)
    [against] = campaign_effects(sent).against
    assert against.verdict == "cannot tell"
    assert against.sentence.startswith("Cannot tell")


def test_a_variant_that_loses_people_is_not_to_be_trusted(sent):
    lost = Send.objects.filter(campaign=sent, arm="B")[:90]
    Send.objects.filter(pk__in=[one.pk for one in lost]).update(
        state="skipped", reason="no_address"
    )
    found = campaign_effects(sent)
    assert found.metrics["variant_ratio_p"].value < 0.001
    assert "do not fit their shares" in found.sentences[0]


def test_without_a_holdout_the_variants_still_tell_each_other_apart():
    make_reachable(400)
    campaign = approve(make_two())
    send_campaign(Quiet(), campaign.pk)
    start(campaign)
    tea = make_variant("TEA-1")
    for customer in people(campaign, "B")[:60]:
        make_order([(tea, 1)], customer=customer, at=campaign.started_at + DAY)
    found = campaign_effects(campaign)
    assert found.against[0].verdict == "win"
    assert "incremental_profit" not in found.arms[0].metrics


def test_each_text_of_each_variant_has_figures():
    make_reachable(200, prefix="E", language="en")
    make_reachable(200, prefix="Z", language="zh")
    campaign = make_two(holdout_rate=0.3)
    add_text(campaign, "A", "zh", body="看看{product} {link}")
    add_text(campaign, "B", "zh", body="{product}来了 {link}")
    approve(campaign)
    send_campaign(Quiet(), campaign.pk)
    start(campaign)
    tea = make_variant("TEA-1")
    chinese = [one for one in people(campaign, "B") if one.language == "zh"]
    for customer in chinese[:20]:
        make_order([(tea, 1)], customer=customer, at=campaign.started_at + DAY)
    arms = {part.key: part.metrics for part in campaign_effects(campaign).arms}
    assert set(arms) == {"A", "B", "A-en", "A-zh", "B-en", "B-zh"}
    assert arms["B-zh"]["sent"].value == len(chinese)
    assert arms["B-zh"]["incremental_profit"].value == pytest.approx(20 * 600)


def test_with_four_eyes_another_person_approves_and_resumes_with_new_facts(settings):
    settings.DECISIONS_FOUR_EYES = True
    make_reachable(5)
    tea = make_variant("TEA-1", name="Tea", price_minor=900)
    campaign = make_campaign(variant=tea)
    mia = make_staff("marketing.change_campaign", username="mia")
    ben = make_staff("marketing.change_campaign", username="ben")
    decision = campaigns.propose_campaign(campaign, by=mia)
    with pytest.raises(receipts.FourEyesError):
        receipts.approve(decision, mia)
    receipts.approve(decision, ben)
    set_price(tea, 800, key="new", source="test")
    campaign.refresh_from_db()
    with pytest.raises(receipts.FourEyesError):
        campaigns.resume(campaign, mia)
    campaigns.resume(campaign, ben)
    assert campaign.state == CampaignState.APPROVED
