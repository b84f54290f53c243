"""Only where the message pays: who is left out, why, and when the option is refused."""

from datetime import timedelta

import numpy as np
import pytest
from django.urls import reverse
from django.utils import timezone

from decisions.models import ModelRun
from decisions.services import receipts
from marketing.ml.uplift import cross_fit
from marketing.ml.uplift_metrics import Price, targeting_gain
from marketing.models import Audience, AudienceMember, Campaign
from marketing.services.campaigns import campaigns
from marketing.services.campaigns.campaigns import CampaignError, propose_campaign
from marketing.services.campaigns.units_per_message import orders_per_message
from marketing.services.effects.effects import campaign_effects
from marketing.services.effects.uplift import _finished, train_uplift
from marketing.services.sending.sends import send_campaign
from shop.models import PriceKind
from shop.services.prices import PriceTerms, set_price
from tests.factories import make_order, make_variant
from tests.factories_access import make_staff
from tests.factories_coupons import make_offer
from tests.factories_marketing import Quiet, approve, make_campaign, make_reachable, make_segment
from tests.marketing.test_uplift import QUICK, world
from tests.marketing.test_uplift_training import finished_campaign

DAY = timedelta(days=1)


@pytest.fixture
def artefacts(settings, tmp_path):
    settings.ARTEFACT_DIR = tmp_path
    return tmp_path


@pytest.fixture(scope="module")
def fitted():
    """A message that brings 100 to some and costs 50 with others; it costs 20 to send."""
    trial, truth = world(8000, 1)
    return cross_fit(trial, QUICK), truth


def test_the_gain_over_everybody_is_what_the_truth_says(fitted):
    found, truth = fitted
    uplift, price = found.uplift["dr_learner"], Price(cost=20.0)
    gain = targeting_gain(uplift, found.score, price, seed=0)
    assert gain.beats_everybody
    best = np.maximum(20.0 - truth, 0).mean()  # an oracle's
    assert gain.low < best
    assert 0.5 * best < gain.each < 1.2 * best
    assert gain.everybody == pytest.approx(found.score.mean() - 20)


def test_where_everybody_is_moved_leaving_out_is_not_better():
    generator = np.random.default_rng(0)
    uplift, score = generator.normal(50, 1, 4000), generator.normal(50, 200, 4000)
    gain = targeting_gain(uplift, score, Price(cost=1.0), seed=0)
    assert not gain.beats_everybody


def test_false_positives_of_the_gate_stay_at_its_level():
    """Noise predictions of a message worth its cost: the interval lies above zero in at most 5 %."""
    generator = np.random.default_rng(2)
    wins = 0
    for number in range(400):
        uplift, score = generator.normal(size=1000), generator.normal(10, 100, 1000)
        wins += targeting_gain(uplift, score, Price(cost=10.0), seed=number).beats_everybody
    assert wins <= 400 * 0.05


def known_shop(settings) -> tuple[Campaign, ModelRun]:
    """A finished campaign that moved whoever had ordered before, and a message that costs money."""
    settings.MARKETING_SEND_COST_MINOR = 100
    old = finished_campaign(2400, moved=True)
    run = train_uplift(timezone.now(), seed=1)
    return old, run


def new_campaign(buyers: int, others: int, **fields) -> Campaign:
    people = make_reachable(buyers + others, prefix="N")
    tea = make_variant("TEA-2")
    for one in people[:buyers]:
        make_order([(tea, 1)], customer=one, at=timezone.now() - 70 * DAY)
    segment = make_segment(code="new-ones")
    options = {"only_where_it_pays": True, "exploration_rate": 0.2, "holdout_rate": 0.2} | fields
    return make_campaign(segment=segment, **options)


@pytest.mark.django_db
def test_whom_it_does_not_pay_with_is_left_out_and_some_of_them_explore(artefacts, settings):
    _old, run = known_shop(settings)
    assert run.metrics["targeting_minor"]["low"] > 0
    campaign = new_campaign(60, 120)
    propose_campaign(campaign)
    audience = Audience.objects.get(campaigns=campaign)
    members = AudienceMember.objects.filter(audience=audience)
    bought = members.filter(customer__orders__placed_at__lt=timezone.now() - 60 * DAY).distinct()
    assert not bought.filter(is_left_out=True).exists()
    never = members.exclude(pk__in=bought.values("pk"))
    explored = never.filter(is_left_out=False)
    assert 10 <= explored.count() <= 40  # a fifth of 120, drawn by hash
    assert all(row.expected_minor < 0 for row in never)
    assert all(row.propensity == pytest.approx(0.8 * 0.2) for row in never)
    assert all(row.propensity == pytest.approx(0.8) for row in bought)
    assert audience.left_out_count == members.filter(is_left_out=True).count() > 70
    assert audience.customer_count == members.filter(is_left_out=False).count()
    assert audience.targeting["explored"] == explored.count()
    campaign.refresh_from_db()
    output = campaign.decision.output
    assert (output["left_out"], output["explored"]) == (
        audience.left_out_count, explored.count(),
    )  # fmt: skip
    assert receipts.replay(campaign.decision)[1]
    receipts.approve(campaign.decision, None)
    send_campaign(Quiet(), campaign.pk)
    written = set(campaign.sends.values_list("customer_id", flat=True))
    assert not written & set(members.filter(is_left_out=True).values_list("customer_id", flat=True))
    assert len(written) == audience.recipient_count
    effects = campaign_effects(Campaign.objects.get(pk=campaign.pk))
    counted = sum(effects.metrics[f"customers_{arm}"].value for arm in ("treated", "holdout"))
    assert counted == audience.customer_count


@pytest.mark.django_db
def test_a_coupon_goes_to_those_with_whom_it_pays_after_what_it_takes_off(artefacts, settings):
    """No option is ticked: a coupon asks the live model by itself."""
    known_shop(settings)
    dear = make_offer(percent=None, most_minor=1_000, least_order_minor=1_000)
    campaign = new_campaign(60, 120, only_where_it_pays=False, coupon_offer=dear)
    propose_campaign(campaign)
    audience = Audience.objects.get(campaigns=campaign)
    assert audience.targeting["discount_minor"] == pytest.approx(
        1_000 * orders_per_message(campaign.goal, timezone.now()), abs=0.01
    )
    never = audience.members.exclude(customer__orders__placed_at__lt=timezone.now() - 60 * DAY)
    assert never.filter(is_left_out=True).count() == audience.left_out_count > 70


@pytest.mark.django_db
def test_without_a_model_a_coupon_is_measured_by_its_holdout(settings):
    make_reachable(60)
    campaign = make_campaign(coupon_offer=make_offer(), holdout_rate=0.3)
    propose_campaign(campaign)
    audience = Audience.objects.get(campaigns=campaign)
    assert audience.targeting == {}
    assert (audience.left_out_count, audience.holdout_count > 0) == (0, True)


@pytest.mark.django_db
def test_the_next_fit_sees_who_was_left_out_with_her_own_chance(artefacts, settings):
    known_shop(settings)
    campaign = new_campaign(30, 60)
    propose_campaign(campaign)
    Campaign.objects.filter(pk=campaign.pk).update(
        state="sent", started_at=timezone.now() - 40 * DAY
    )
    trial, used = _finished(timezone.now())
    assert used[0] == campaign.pk
    assert set(np.round(trial.share, 6)) == {0.5, 0.8, 0.16}
    rows = AudienceMember.objects.filter(audience=Campaign.objects.get(pk=campaign.pk).audience)
    written = rows.filter(is_left_out=False, is_holdout=False).count()
    assert trial.treated[np.abs(trial.share - 0.5) > 1e-9].sum() == written


@pytest.mark.django_db
def test_without_a_live_model_the_option_is_refused_and_nothing_is_frozen():
    make_reachable(3)
    campaign = make_campaign(only_where_it_pays=True)
    with pytest.raises(CampaignError, match="No uplift model is live"):
        propose_campaign(campaign)
    assert not Audience.objects.exists()
    campaign.refresh_from_db()
    assert campaign.state == "draft"


@pytest.mark.django_db
def test_a_model_that_does_not_beat_everybody_is_refused_with_the_figures(artefacts, settings):
    """It beats a random order, and yet it pays with everybody: nobody would be left out."""
    finished_campaign(2400, moved=True, others=0.3)
    run = train_uplift(timezone.now(), seed=1)
    assert run.state != "refused"
    assert run.metrics["targeting_minor"]["low"] == 0
    with pytest.raises(CampaignError, match="has not been shown to beat sending to everybody"):
        propose_campaign(new_campaign(5, 5))


@pytest.mark.django_db
def test_another_cost_of_a_message_asks_for_a_new_judgement(artefacts, settings):
    _old, run = known_shop(settings)
    settings.MARKETING_SEND_COST_MINOR = 300
    with pytest.raises(CampaignError, match="cost 100; now it costs 300"):
        propose_campaign(new_campaign(5, 5))
    assert train_uplift(timezone.now(), seed=1) != run


@pytest.mark.django_db
def test_a_damaged_file_is_refused(artefacts, settings):
    _old, run = known_shop(settings)
    (artefacts / run.artefact).write_text("[]")
    with pytest.raises(CampaignError, match="cannot be read"):
        propose_campaign(new_campaign(5, 5))


@pytest.mark.django_db
def test_when_it_pays_with_nobody_that_is_said(artefacts, settings):
    known_shop(settings)
    campaign = new_campaign(0, 3, exploration_rate=0.01)
    with pytest.raises(CampaignError, match="cost more than it brings with everybody"):
        propose_campaign(campaign)
    assert not Audience.objects.filter(segment=campaign.segment).exists()


@pytest.mark.django_db
def test_a_reduction_below_the_floor_is_neither_proposed_nor_approved(settings):
    settings.MARKETING_MARGIN_FLOOR_RATE = 0.2
    make_reachable(2)
    kettle = make_variant("KET-1", name="Copper Kettle", price_minor=1000, cost_minor=700)
    terms = PriceTerms(kind=PriceKind.CAMPAIGN, valid_until=timezone.now() + 3 * DAY)
    set_price(kettle, 850, key="c", source="test", terms=terms)
    campaign = make_campaign(variant=kettle)
    with pytest.raises(CampaignError, match="KET-1 sells at 850 and costs 700"):
        propose_campaign(campaign)
    settings.MARKETING_MARGIN_FLOOR_RATE = 0.1
    decision = propose_campaign(campaign)
    settings.MARKETING_MARGIN_FLOOR_RATE = 0.2
    with pytest.raises(CampaignError, match="least margin of 20 %"):
        campaigns.carry_out(decision, None)


@pytest.mark.django_db
def test_the_page_says_how_many_and_why(artefacts, settings, client):
    known_shop(settings)
    campaign = new_campaign(20, 60)
    propose_campaign(campaign)
    client.force_login(make_staff("marketing.view_campaign"))
    page = client.get(reverse("admin:marketing_campaign_path", args=[campaign.pk]))
    said = page.content.decode()
    audience = Audience.objects.get(campaigns=campaign)
    assert f"{audience.left_out_count} are left out" in said
    assert "than sending to everybody" in said


@pytest.mark.django_db
def test_a_campaign_without_the_option_draws_everybody_with_one_chance():
    make_reachable(4)
    campaign = approve(make_campaign())
    assert set(
        AudienceMember.objects.filter(audience=campaign.audience).values_list(
            "propensity", "expected_minor", "is_left_out"
        )
    ) == {(1.0, None, False)}
