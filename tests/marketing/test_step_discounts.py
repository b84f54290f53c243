"""A discount that a step gives only where it pays: to whom, why, and what comes of the model's word."""

from datetime import timedelta

import numpy as np
import pytest
from django.core import mail
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from marketing.definitions.journey_plan import PlanError, read_plan
from marketing.ml.uplift_metrics import Band, Calibration, brings_at_least
from marketing.models import (
    GIVEN,
    WITHHELD,
    CustomerPrediction,
    Discount,
    Enrolment,
    Send,
    SendState,
    SkipReason,
)
from marketing.services.effects.uplift import train_uplift
from marketing.services.journeys import walking
from marketing.services.journeys.discounts import Discounts, Worth
from marketing.services.journeys.journeys import JourneyError
from shop.models import Coupon, Event, Order
from shop.services.coupons import offers
from shop.services.coupons.verify import coupon_differences
from shop.services.coupons.worth import least_of_line
from tests.factories import make_order
from tests.factories_coupons import buy, make_offer
from tests.factories_journey_steps import (
    PLAIN,
    asked,
    explored_of,
    gated,
    live_model,
    walked,
)
from tests.marketing.test_journeys import NOON, event, make_journey, make_ware, text
from tests.marketing.test_step_holdout import people
from tests.marketing.test_uplift_training import finished_campaign

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture(autouse=True)
def _shop(settings, tmp_path):
    settings.STOREFRONT_URL, settings.ARTEFACT_DIR = "https://shop.example", tmp_path
    settings.MARKETING_CAP_MESSAGES, settings.MARKETING_SEND_COST_MINOR = 5, 3


# --- the sum


@pytest.mark.parametrize(
    ("worth", "word"),
    [
        (Worth(500, 3, 100, 100), Discount.PAYS),
        (Worth(0, 0, 0, 0), Discount.NO_EFFECT),
        (Worth(-20, 3, 0, 0), Discount.NO_EFFECT),
        (Worth(103, 3, 100, 100), Discount.TOO_DEAR),
        (Worth(104, 3, 100, 100), Discount.PAYS),
        (Worth(500, 3, 100, 498), Discount.BUYS_ANYWAY),
    ],
)
def test_the_word_by_hand(worth, word):
    assert worth.word == word


MONEY = st.floats(0, 10_000, allow_nan=False)


@given(low=st.floats(-10_000, 10_000), cost=MONEY, usual=MONEY, more=MONEY, dearer=MONEY)
def test_it_pays_only_above_all_it_costs_and_never_for_being_dearer(low, cost, usual, more, dearer):
    found = Worth(low, cost, usual, usual + more)
    pays = found.word == Discount.PAYS
    assert pays == (low > 0 and low - cost - (usual + more) > 0)
    if not pays:
        assert Worth(low, cost + dearer, usual, usual + more).word != Discount.PAYS
        assert Worth(low, cost, usual, usual + more + dearer).word != Discount.PAYS


@given(
    means=st.lists(st.integers(-500, 500), min_size=1, max_size=6, unique=True),
    asked_of=st.lists(st.floats(-600, 600), min_size=1, max_size=10),
)
def test_a_prediction_gets_the_lower_edge_of_the_nearest_band(means, asked_of):
    bands = [Band(100, float(m), float(m), 7.0 * m, 9.0 * m) for m in means]
    found = brings_at_least(np.array(asked_of), Calibration(0, 1, 0, 1, bands))
    for value, low in zip(asked_of, found, strict=True):
        nearest = min(abs(value - m) for m in means)
        assert low in [7.0 * m for m in means if abs(value - m) <= nearest + 1e-9]


def test_without_bands_nothing_is_sure():
    with pytest.raises(ValueError, match="no bands"):
        brings_at_least(np.zeros(2), Calibration(0, 1, 0, 1, []))


def test_given_and_withheld_share_no_word_and_leave_none_out():
    assert {*Discount} == GIVEN | WITHHELD
    assert not GIVEN & WITHHELD


# --- the definition


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("gate", "place"),
    [
        ({"explore_rate": 0}, "steps[1].where_it_pays.explore_rate"),
        ({"explore_rate": 0.9}, "steps[1].where_it_pays.explore_rate"),
        ({"explore_rate": "a"}, "steps[1].where_it_pays.explore_rate"),
        ({"without_model": "maybe"}, "steps[1].where_it_pays.without_model"),
        ({"plain": {}}, "steps[1].where_it_pays.plain"),
        ({"otherwise": 1}, "steps[1].where_it_pays"),
    ],
)
def test_a_gate_that_is_none_is_named_with_its_place(gate, place):
    step = gated(make_offer()) | {"where_it_pays": gate}
    with pytest.raises(PlanError) as refusal:
        read_plan({"trigger": {"on": "cart_left"}, "steps": [step]})
    assert refusal.value.place == place


@pytest.mark.django_db
def test_a_gate_needs_a_coupon_and_a_wish_is_heard_without_one():
    step = gated(make_offer(), plain=None)
    with pytest.raises(PlanError, match="name a coupon"):
        read_plan(
            {
                "trigger": {"on": "joined"},
                "steps": [{k: v for k, v in step.items() if k != "coupon"}],
            }
        )
    with pytest.raises(PlanError, match="Who asked for it is told"):
        read_plan({"trigger": {"on": "back_in_stock"}, "steps": [step]})
    told = step | {"where_it_pays": {"plain": PLAIN}}
    assert read_plan({"trigger": {"on": "back_in_stock"}, "steps": [told]})


@pytest.mark.django_db
def test_the_text_without_the_discount_passes_the_claim_guard_and_speaks_of_no_coupon():
    for body in ("Half price today! {link}", "Take {coupon_value} with {coupon_code} {link}"):
        plain = text(subject="Still there", body=body)
        with pytest.raises(JourneyError, match="reminder, plain, en"):
            make_journey({"on": "cart_left"}, gated(make_offer(), plain=plain), exits=())


# --- who gets it


@pytest.mark.django_db
def test_where_it_pays_she_gets_the_coupon_and_the_row_says_why():
    run, offer = live_model(2_000.0), make_offer(most_minor=5_000)
    walked(gated(offer))
    rows = asked()
    assert {one.discount for one in rows} == {Discount.PAYS}
    assert {one.discount_propensity for one in rows} == {1.0}
    assert len(rows) == len(mail.outbox) == Coupon.objects.count()
    assert {one.subject for one in mail.outbox} == {"For you"}
    rests_on = rows[0].discount_from
    assert rests_on["run"] == run.pk
    assert rests_on["brings_at_least_minor"] == 2_000
    assert rests_on["send_cost_minor"] == 3
    assert rests_on["discount_minor"] == pytest.approx(
        5_000 * 0.02
    )  # the guess, before any message


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("low", "word"), [(-5.0, Discount.NO_EFFECT), (0.0, Discount.NO_EFFECT), (90.0, Discount.TOO_DEAR)]
)  # fmt: skip
def test_where_it_does_not_pay_she_gets_the_text_without_it_and_some_explore(low, word):
    live_model(low)
    offer = make_offer(most_minor=5_000)
    journey, crowd = walked(gated(offer, explore_rate=0.2), number=20)
    rows = asked()
    lucky = explored_of(journey, crowd, 0.2)
    assert 0 < len(lucky) < 20
    given_to = {one.customer_id for one in rows if one.discount == Discount.EXPLORED}
    others = {one.customer_id for one in rows if one.discount == word}
    assert given_to <= lucky
    assert not others & lucky
    assert given_to | others == {one.customer_id for one in rows}
    assert {one.discount_propensity for one in rows} == {0.2}
    assert {one.discount_from["else"] for one in rows if one.discount == Discount.EXPLORED} == {
        word
    }
    assert set(Coupon.objects.values_list("customer_id", flat=True)) == given_to
    by_address = {one.email: one.pk for one in crowd}
    for letter in mail.outbox:
        has_coupon = by_address[letter.to[0]] in given_to
        assert letter.subject == ("For you" if has_coupon else "Still there")
    logged = [one.properties for one in Event.objects.filter(kind="send")]
    assert {(one["discount"], one["discount_propensity"]) for one in logged} == {
        (word, 0.2), (Discount.EXPLORED, 0.2),
    }  # fmt: skip
    assert coupon_differences() == []


@pytest.mark.django_db
def test_who_would_order_anyway_gets_none():
    """It pays at the usual share of orders, not with whom an order is all but sure."""
    live_model(1_000.0)
    offer = make_offer(most_minor=5_000)
    journey = make_journey({"on": "cart_left"}, gated(offer), exits=())
    kettle, crowd = make_ware(units=999), people(10)
    for one in crowd:
        event(one, kettle)
    for one in crowd[:5]:
        CustomerPrediction.objects.create(
            customer=one, as_of=NOON, order_days=9, silent_days=3, propensity_30=0.9
        )
    walking.walk(NOON + HOUR)
    lucky = explored_of(journey, crowd, 0.1)
    words = dict(Send.objects.values_list("customer_id", "discount"))
    for one in crowd[:5]:
        expected = Discount.EXPLORED if one.pk in lucky else Discount.BUYS_ANYWAY
        assert words[one.pk] == expected
    assert {words[one.pk] for one in crowd[5:]} == {Discount.PAYS}


@pytest.mark.django_db
def test_without_a_text_of_their_own_they_are_skipped_and_go_on():
    live_model(-5.0)
    walked(gated(make_offer(), plain=None))
    rows = asked()
    withheld = [one for one in rows if one.discount == Discount.NO_EFFECT]
    assert withheld
    assert {(one.state, one.reason) for one in withheld} == {
        (SendState.SKIPPED, SkipReason.NO_DISCOUNT)
    }
    walking.walk(NOON + 2 * HOUR)
    assert set(Enrolment.objects.values_list("state", flat=True)) == {"finished"}
    assert len(mail.outbox) == len(rows) - len(withheld) == Coupon.objects.count()


@pytest.mark.django_db
def test_without_a_model_nobody_gets_it_unless_the_definition_says_so():
    offer = make_offer()
    walked(gated(offer))
    assert {(one.discount, one.discount_propensity) for one in asked()} == {
        (Discount.NO_MODEL, 0.0)
    }
    assert not Coupon.objects.exists()
    assert {one.subject for one in mail.outbox} == {"Still there"}


@pytest.mark.django_db
def test_the_definition_may_give_it_without_a_model():
    """The control beside the test above: the same people, one word more."""
    walked(gated(make_offer(), without_model="give"))
    assert {(one.discount, one.discount_propensity) for one in asked()} == {(Discount.UNASKED, 1.0)}
    assert Coupon.objects.count() == len(mail.outbox) > 0


@pytest.mark.django_db
def test_a_model_that_cannot_be_read_is_none(settings, tmp_path):
    live_model(2_000.0)
    for path in tmp_path.rglob("*.json"):
        path.write_text("something else")
    walked(gated(make_offer()), number=5)
    assert {one.discount for one in asked()} == {Discount.NO_MODEL}


@pytest.mark.django_db
def test_an_offer_that_was_stopped_leaves_the_text_without_it():
    live_model(2_000.0)
    offer = make_offer()
    journey = make_journey({"on": "cart_left"}, gated(offer), exits=())
    kettle, crowd = make_ware(), people(5)
    for one in crowd:
        event(one, kettle)
    offers.stop_offer(offer)
    walking.walk(NOON + HOUR)
    assert {one.discount for one in asked()} == {Discount.NO_OFFER}
    assert {one.subject for one in mail.outbox} == {"Still there"}
    assert journey.enrolments.count() == 5


@pytest.mark.django_db
def test_whoever_is_held_out_has_the_word_too():
    live_model(-5.0)
    _journey, crowd = walked(gated(make_offer(), rate=0.5))
    held = Send.objects.filter(reason=SkipReason.HELD_OUT)
    assert 0 < held.count() < len(crowd)
    assert set(held.values_list("discount", flat=True)) <= {Discount.NO_EFFECT, Discount.EXPLORED}
    assert not Coupon.objects.filter(customer__in=held.values("customer")).exists()


@pytest.mark.django_db
def test_of_a_trained_model_they_get_it_whom_it_moves(settings):
    """A finished campaign moved whoever had ordered before, worth some £3 each, and nobody else."""
    finished_campaign(2400, moved=True)
    assert train_uplift(timezone.now(), seed=1).state != "refused"
    offer = make_offer(percent=None, most_minor=1_000, least_order_minor=1_000)
    journey = make_journey({"on": "cart_left"}, gated(offer, explore_rate=0.01), exits=())
    kettle, crowd = make_ware(units=999), people(40)
    now = timezone.now()
    for one in crowd[:20]:
        make_order([(kettle, 1)], customer=one, at=now - 70 * DAY)
    step, discounts = read_plan(journey.live_version.definition).sends[0], Discounts(now)
    found = {
        one.pk: discounts.columns(Enrolment(journey=journey, customer=one), step)["discount"]
        for one in crowd
    }
    assert {found[one.pk] for one in crowd[:20]} == {Discount.PAYS}
    assert {found[one.pk] for one in crowd[20:]} <= WITHHELD | {Discount.EXPLORED}
    assert sum(found[one.pk] in WITHHELD for one in crowd[20:]) >= 17


@pytest.mark.django_db
def test_what_a_gated_coupon_takes_off_stays_above_the_margin_floor(settings):
    """The model says that it pays; the goods have no room, and the order keeps the floor."""
    settings.MARKETING_MARGIN_FLOOR_RATE = 0.3
    live_model(2_000.0)
    journey = make_journey({"on": "cart_left"}, gated(make_offer(percent=50)), exits=())
    kettle, crowd = make_ware(units=99, price=1_000), people(4)
    kettle.cost_minor = 650
    kettle.save()
    now = timezone.now()
    for one in crowd:
        event(one, kettle, at=now - 2 * HOUR)
    walking.walk(now)
    assert journey.enrolments.count() == 4
    least = least_of_line(1, 650, floor_rate=0.3, tax_basis_points=0, tax_included=False)
    coupon = Coupon.objects.select_related("customer").first()
    bought = buy(coupon, sku="KET-1", units=1)
    line = Order.objects.get(pk=bought.pk).lines.get(variant=kettle)
    assert line.discount_minor > 0
    assert line.total_minor - line.discount_minor >= least
