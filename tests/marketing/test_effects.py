"""What a campaign caused: profit against the holdout, where it came from, traceable sentences."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from decisions.services.experiments import in_global_holdout
from inventory.models import SubstituteList
from inventory.profit_frames import arm_sums
from marketing.frames import effects as frames
from marketing.ml.attribution import Path, last_touch, linear, markov, ways
from marketing.models import Campaign, Send
from marketing.pages.effects import SLOT, file_rows, sentence_html, sentence_text
from marketing.services.effects.effects import attribution, campaign_effects
from marketing.services.sending.sends import send_campaign
from shop.models import Return, StockMovement
from tests.factories import make_order, make_variant, make_warehouse
from tests.factories_access import make_staff
from tests.factories_marketing import Quiet, approve, make_campaign, make_reachable

DAY = timedelta(days=1)


@pytest.fixture
def sent(db, settings):
    """200 customers, 4 of 10 held out; started 30 days ago; 14 days count."""
    settings.MARKETING_SEND_COST_MINOR = 3
    make_reachable(200)
    campaign = approve(make_campaign(holdout_rate=0.4))
    send_campaign(Quiet(), campaign.pk)
    start = timezone.now() - 30 * DAY
    Campaign.objects.filter(pk=campaign.pk).update(started_at=start)
    campaign.refresh_from_db()
    return campaign


def arm(campaign, held):
    return [m.customer for m in campaign.audience.members.filter(is_holdout=held).order_by("pk")]


def test_profit_by_hand(sent):
    """Per order £10 less £4 cost; a £5 refund and an £8 order before the start beside it."""
    tea, start = make_variant("TEA-1"), sent.started_at
    treated, held = arm(sent, False), arm(sent, True)
    for customer in treated[:30]:
        order = make_order([(tea, 1)], customer=customer, at=start + DAY)
    Return.objects.create(
        number="R1", order=order, currency="GBP", refund_minor=500, returned_at=start + 3 * DAY
    )
    make_order([(tea, 2)], customer=held[0], at=start + DAY)
    make_order([(tea, 1)], customer=held[1], at=start - 5 * DAY, unit_price_minor=800)
    make_order([(tea, 9)], customer=held[2], at=start + 20 * DAY)
    make_order([(tea, 9)], customer=held[3], at=start + DAY, state="cancelled")
    subject = frames.campaign_subject(sent, timezone.now())
    sums = arm_sums(subject.members, subject.window)
    assert sums["treated"].profit.y * len(treated) == pytest.approx(30 * 600 - 500)
    assert sums["treated"].revenue.y * len(treated) == pytest.approx(30 * 1000 - 500)
    assert sums["holdout"].profit.y * len(held) == pytest.approx(1200)
    assert sums["holdout"].profit.x * len(held) == pytest.approx(400)
    assert (sums["treated"].buyers, sums["holdout"].buyers) == (30, 1)
    assert sums["holdout"].ordered.y * len(held) == pytest.approx(1)
    # variance by brute force: 29 with 600, one with 100, the rest nothing
    values = [600] * 29 + [100] + [0] * (len(treated) - 30)
    mean = sum(values) / len(values)
    brute = sum((v - mean) ** 2 for v in values) / (len(values) - 1)
    assert sums["treated"].profit.variance == pytest.approx(brute)


def test_effects_are_said_with_metrics_behind_every_number(sent, django_assert_max_num_queries):
    tea = make_variant("TEA-1")
    for customer in arm(sent, False)[:40]:
        make_order([(tea, 1)], customer=customer, at=sent.started_at + DAY)
    make_order([(tea, 1)], customer=arm(sent, True)[0], at=sent.started_at + DAY)
    with django_assert_max_num_queries(21):
        found = campaign_effects(sent)
    metrics = found.metrics
    assert (found.verdict, found.is_over) == ("win", True)
    size = metrics["customers_treated"].value
    assert metrics["sent"].value == size
    assert metrics["send_cost"].value == 3 * size
    assert metrics["incremental_profit"].low > 0
    expected = size * (40 * 600 / size - 600 / metrics["customers_holdout"].value)
    assert metrics["incremental_profit"].value == pytest.approx(expected)
    assert metrics["net_profit"].value == pytest.approx(expected - 3 * size)
    for msgid in found.sentences:
        assert {*SLOT.findall(msgid)} <= {*metrics}
        assert not any(c.isdigit() for c in SLOT.sub("", msgid).replace("10 in each", ""))
        assert sentence_text(msgid, metrics)
    assert sentence_text(found.sentences[0], metrics).startswith("It paid: +£")
    assert 'href="#metric-net_profit"' in sentence_html(found.sentences[0], metrics)
    assert len(list(file_rows(found))) == len(metrics) + 1


def test_a_missing_cost_makes_profit_unknown_and_says_so(sent):
    free = make_variant("X-1", cost_minor=None)
    for customer in arm(sent, False)[:40]:
        make_order([(free, 2)], customer=customer, at=sent.started_at + DAY)
    found = campaign_effects(sent)
    assert found.metrics["incremental_profit"].value is None
    assert found.metrics["unknown_cost_units"].value == 80
    said = [sentence_text(msgid, found.metrics) for msgid in found.sentences]
    assert any(text.startswith("Profit is unknown: 80 units") for text in said)


def test_what_substitutes_lost_is_cannibalised(sent):
    kettle = sent.items.get().variant
    other = make_variant("POT-1")
    SubstituteList.objects.create(
        variant=kettle,
        pairs=[{"variant_id": other.pk, "product_id": other.product_id, "taken_rate": 0.3,
                "low_rate": 0.1, "high_rate": 0.5, "base_rate": 0.1, "lost_sessions": 9,
                "taken_sessions": 5, "source": "seen"}],
    )  # fmt: skip
    for customer in arm(sent, False)[:50]:
        make_order([(kettle, 1)], customer=customer, at=sent.started_at + DAY)
    for customer in arm(sent, True)[:40]:
        make_order([(other, 1)], customer=customer, at=sent.started_at + DAY)
    found = campaign_effects(sent)
    assert found.metrics["incremental_featured"].low > 0
    assert found.metrics["incremental_substitutes"].high < 0
    assert any("substitutes lost" in msgid for msgid in found.sentences)
    # what was bought in the window is missing afterwards: nothing here
    assert found.metrics["incremental_afterwards"].value == 0


def test_without_a_holdout_nothing_is_claimed(db):
    make_reachable(30)
    campaign = approve(make_campaign(holdout_rate=0.0))
    assert campaign_effects(campaign) is None
    send_campaign(Quiet(), campaign.pk)
    campaign.refresh_from_db()
    found = campaign_effects(campaign)
    assert found.sentences[0].startswith("Nobody was held out")
    assert "incremental_profit" not in found.metrics
    assert found.verdict == "cannot tell"


def test_before_the_end_intervals_hold_at_every_look(sent):
    tea = make_variant("TEA-1")
    for customer in arm(sent, False)[:40]:
        make_order([(tea, 1)], customer=customer, at=sent.started_at + DAY)
    early = campaign_effects(sent, sent.started_at + 5 * DAY)
    late = campaign_effects(sent)
    assert (early.is_over, late.is_over) == (False, True)
    # 200 customers are just enough for an always-valid interval, and it is wider
    wide, narrow = early.metrics["incremental_profit"], late.metrics["incremental_profit"]
    assert wide.high - wide.low > 1.3 * (narrow.high - narrow.low)
    assert any(msgid.startswith("It is not over") for msgid in early.sentences)


def test_unsubscribes_are_a_guardrail(sent):
    Send.objects.filter(campaign=sent, pk__in=[s.pk for s in sent.sends.all()[:20]]).update(
        unsubscribed_at=timezone.now()
    )
    found = campaign_effects(sent)
    assert found.guardrail == "harmed"
    assert any(msgid.startswith("Too many left") for msgid in found.sentences)


def test_attribution_by_hand():
    paths = [Path(("a", "b"), 1, 300), Path(("b",), 0, 0), Path(("a",), 1, 100)]
    assert last_touch(paths) == {"b": 300, "a": 100}
    assert linear(paths) == {"a": 250, "b": 150}
    # start → a ⅔, b ⅓; a → b ½, order ½; b → order ½. With both: ⅔(½ + ½·½) + ⅓·½ = ⅔.
    # Without a: ⅓·½ = ⅙, effect ¾; without b: ⅔·½ = ⅓, effect ½. Shares 3 : 2.
    assert markov(paths) == pytest.approx({"a": 240, "b": 160})
    assert markov([Path(("a",), 0, 0)]) == {"a": 0.0}
    assert ways([(1, "a"), (2, "b"), (1, "a"), (1, "b")]) == {1: ("a", "b"), 2: ("b",)}


def test_clicks_share_the_orders_that_followed(sent):
    send = sent.sends.first()
    at = sent.started_at + DAY
    Send.objects.filter(pk=send.pk).update(clicked_at=at)
    tea = make_variant("TEA-1")
    make_order([(tea, 1)], customer=send.customer, at=at - DAY)
    make_order([(tea, 3)], customer=send.customer, at=at + DAY)
    shared, is_cut = attribution(sent.started_at, timezone.now())
    assert shared["last_touch"] == {f"campaign:{sent.pk}": 3000}
    assert shared["data_driven"] == shared["linear"] == shared["last_touch"]
    assert not is_cut


def test_the_page_and_the_file(sent, client):
    tea = make_variant("TEA-1")
    for customer in arm(sent, False)[:40]:
        make_order([(tea, 1)], customer=customer, at=sent.started_at + DAY)
    client.force_login(make_staff("marketing.view_campaign", username="mia"))
    page = reverse("admin:marketing_campaign_effects", args=[sent.pk])
    text = client.get(page).content.decode()
    assert "It paid:" in text
    assert 'id="metric-net_profit"' in text
    answer = client.get(page + "?as=csv")
    assert answer["Content-Type"].startswith("text/csv")
    assert "incremental_profit," in answer.content.decode()
    draft = make_campaign(segment=sent.segment, variant=make_variant("Z-1"))
    page = reverse("admin:marketing_campaign_effects", args=[draft.pk])
    assert "Nothing was sent yet" in client.get(page).content.decode()


def test_after_a_promoted_product_ran_out_nothing_counts(sent):
    """Those written to buy the last kettles; the holdout, who came later, found none."""
    kettle, start = sent.items.get().variant, sent.started_at
    StockMovement.objects.create(
        variant=kettle, warehouse=make_warehouse(), kind="receive", on_hand_delta=60,
        key="in", occurred_at=start - 5 * DAY,
    )  # fmt: skip
    treated, held = arm(sent, False), arm(sent, True)
    for customer in treated[:60]:
        make_order([(kettle, 1)], customer=customer, at=start + DAY)
    before = campaign_effects(sent)
    assert "days_until_sold_out" not in before.metrics
    StockMovement.objects.create(
        variant=kettle, warehouse=make_warehouse(), kind="consume", on_hand_delta=-60,
        key="out", occurred_at=start + 2 * DAY,
    )  # fmt: skip
    tea = make_variant("TEA-1")
    for customer in held[:40]:  # instead of the kettle that was gone
        make_order([(tea, 1)], customer=customer, at=start + 5 * DAY)
    found = campaign_effects(sent)
    assert found.metrics["days_until_sold_out"].value == pytest.approx(2)
    assert (found.metrics["buyers_treated"].value, found.metrics["buyers_holdout"].value) == (60, 0)
    assert "ran out after 2.0 days" in sentence_text(found.sentences[1], found.metrics)


def test_who_is_kept_out_of_everything_is_in_neither_arm(db, settings):
    settings.EXPERIMENT_HOLDOUT_RATE = 0.2
    people = {one.pk for one in make_reachable(200)}
    out = {pk for pk in people if in_global_holdout(f"customer:{pk}")}
    campaign = approve(make_campaign(holdout_rate=0.4))
    members = {member.customer_id for member in campaign.audience.members.all()}
    assert members == people - out
    assert out
