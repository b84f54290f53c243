"""A discount given only where it pays: once whatever dies, and what came of the model's word."""

from datetime import timedelta

import pytest
from django.core import mail
from django.db import IntegrityError, transaction
from django.urls import reverse

from access.figures import percent
from marketing.admin.journey_step_forms import content_from
from marketing.definitions.journey_plan import read_plan
from marketing.models import (
    WITHHELD,
    Discount,
    Journey,
    Send,
)
from marketing.services.effects.effects import journey_effects
from marketing.services.journeys import draws, journeys, walking
from marketing.services.journeys.discounts import Discounts
from marketing.services.sending import hand_over
from shop.models import Coupon
from shop.services.coupons.verify import coupon_differences
from tests.factories_access import make_staff
from tests.factories_coupons import make_offer
from tests.factories_journey_steps import (
    PLAIN,
    asked,
    gated,
    live_model,
    many_judged,
    order,
    walked,
)
from tests.marketing.test_hand_over import KilledError, dies_at
from tests.marketing.test_journey_coupons import BODY
from tests.marketing.test_journeys import NOON, event, make_journey, make_ware
from tests.marketing.test_step_holdout import people

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture(autouse=True)
def _shop(settings, tmp_path):
    settings.STOREFRONT_URL, settings.ARTEFACT_DIR = "https://shop.example", tmp_path
    settings.MARKETING_CAP_MESSAGES, settings.MARKETING_SEND_COST_MINOR = 5, 3


# --- once, whatever dies


def killed_with_a_word(monkeypatch, place: str, call: int = 1) -> None:
    """Two people, a worker that died at its `call`-th `place`, and another model that went live before the retry."""
    live_model(-5.0)
    journey = make_journey({"on": "cart_left"}, gated(make_offer()), exits=())
    kettle, crowd = make_ware(units=99), people(6)
    for one in crowd:
        event(one, kettle)

    with monkeypatch.context() as patch:
        patch.setattr(hand_over, place, dies_at(call, getattr(hand_over, place)))
        with pytest.raises(KilledError):
            walking.walk(NOON + HOUR)
    live_model(2_000.0)
    walking.walk(NOON + HOUR + timedelta(minutes=11))
    walking.walk(NOON + HOUR + timedelta(minutes=12))
    assert journey.enrolments.count() == 6


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("place", "call", "state"),
    [("_decide", 1, "sent"), ("_drain", 1, "unknown"), ("write", 2, "unknown")],
)
def test_a_retry_under_another_model_gives_what_was_written_down(monkeypatch, place, call, state):
    killed_with_a_word(monkeypatch, place, call)
    rows = [one for one in asked() if one.discount != Discount.EXPLORED]
    assert {(one.discount, one.state) for one in rows} == {(Discount.NO_EFFECT, state)}
    explored = {one.customer_id for one in asked()} - {one.customer_id for one in rows}
    assert set(Coupon.objects.values_list("customer_id", flat=True)) <= explored
    assert len({letter.to[0] for letter in mail.outbox}) == len(mail.outbox)
    assert coupon_differences() == []


@pytest.mark.django_db
def test_control_decided_anew_at_the_last_moment_the_retry_would_give_coupons(monkeypatch):
    """Negative control of the test above: the decision not kept, the second model's word counts."""

    def anew(send):
        step = read_plan(send.enrolment.version.definition).step(send.step)
        word = Discounts(NOON + HOUR).columns(send.enrolment, step)["discount"]
        Send.objects.filter(pk=send.pk).update(discount=word)
        send.discount = word
        return draws.PLAIN if word in WITHHELD else send.arm

    monkeypatch.setattr(Send, "copy_name", property(anew))
    killed_with_a_word(monkeypatch, "_decide")
    assert Coupon.objects.count() == len(asked())


@pytest.mark.django_db
def test_the_database_refuses_a_word_without_its_chance():
    live_model(2_000.0)
    walked(gated(make_offer()), number=1)
    with pytest.raises(IntegrityError), transaction.atomic():
        Send.objects.update(discount_propensity=None)
    with pytest.raises(IntegrityError), transaction.atomic():
        Send.objects.update(discount_propensity=1.5)
    with pytest.raises(IntegrityError), transaction.atomic():
        Send.objects.update(discount="")


# --- what came of it


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("bought", "verdict"), [("explored", "win"), ("no_effect", "lose"), ("", "cannot tell")]
)
def test_exploring_says_whether_the_model_was_right(bought, verdict):
    journey, groups = many_judged(make_offer(), -5.0, 500, 0.5)
    kettle = make_ware(units=999)
    assert min(len(groups[name]) for name in ("explored", "no_effect", "held")) >= 100
    order(groups.get(bought, [])[:70], kettle)
    found = journey_effects(journey, NOON + 2 * DAY, step="reminder")
    parts = {part.key: part.metrics for part in found.discounts}
    assert {*parts} == {"explored", "no_effect"}
    assert parts["explored"]["sent"].value == len(groups["explored"])
    [judged] = found.against
    assert (judged.arm, judged.control, judged.verdict) == ("explored", "withheld", verdict)
    if bought:
        metric = found.metrics["explored_less_withheld"]
        sign = 1 if bought == "explored" else -1
        assert metric.value == pytest.approx(sign * 600 * 70 / len(groups[bought]))
        assert metric.low is not None


@pytest.mark.django_db
def test_where_it_pays_it_is_held_against_those_held_out():
    journey, groups = many_judged(make_offer(), 2_000.0, 400, 0.1)
    kettle = make_ware(units=999)
    order(groups["pays"][:90], kettle)
    [part] = journey_effects(journey, NOON + 2 * DAY, step="reminder").discounts
    assert part.key == "pays"
    assert part.metrics["incremental_orders"].value == pytest.approx(90)
    assert part.metrics["incremental_orders"].low > 0


@pytest.mark.django_db
def test_page_and_report_say_whom_it_went_to(client):
    offer = make_offer()
    journey, _crowd = walked(gated(offer))
    client.force_login(
        make_staff("marketing.view_campaign", "marketing.view_journey", "marketing.view_send")
    )
    page = client.get(reverse("admin:marketing_journey_page", args=[journey.pk])).content.decode()
    assert f"to {percent(0.1, 1)} of the others at random" in page
    assert "Without a model nobody gets it." in page
    assert "No uplift model is live" in page
    assert "Withheld: no model says with whom it pays" in page
    rows = client.get(reverse("admin:marketing_send_changelist")).content.decode()
    assert "withheld: no model says with whom it pays" in rows


@pytest.mark.django_db
def test_the_form_keeps_the_gate():
    offer = make_offer("CART")
    step = gated(offer, explore_rate=0.2)
    typed = {
        "id": "reminder", "channel": "email", "held_out": "1", "coupon": "CART", "gate": "1",
        "explore": "20", "without_model": "give", "subject-en": "For you", "body-en": BODY,
        "subject-plain-en": "Still there", "body-plain-en": "{product} {link}",
    }  # fmt: skip
    kept = content_from(step, typed)
    assert kept == step | {
        "where_it_pays": {"explore_rate": 0.2, "without_model": "give", "plain": PLAIN}
    }
    assert "where_it_pays" not in content_from(step, typed | {"gate": ""})
    assert read_plan({"trigger": {"on": "cart_left"}, "steps": [kept]})
    journey = Journey.objects.create(code="c", name="C")
    version = journeys.save_version(journey, {"trigger": {"on": "cart_left"}, "steps": [kept]})
    assert version.number == 1
