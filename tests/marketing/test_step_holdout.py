"""A step of a journey that holds a share out: who is skipped, what is written down, what it brought."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from decisions.services.experiments import in_share
from marketing.definitions.journey_plan import PlanError, read_plan
from marketing.frames import effects as frames
from marketing.models import Enrolment, Send, SendState, SkipReason, StepVisit
from marketing.services.effects.effects import journey_effects
from marketing.services.journeys import draws, journeys, walking
from shop.models import Customer, Order
from tests.factories import make_customer, make_order
from tests.factories_access import make_staff
from tests.factories_marketing import give_consent
from tests.marketing.test_journeys import NOON, event, make_journey, make_ware, send

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture(autouse=True)
def _storefront(settings):
    settings.STOREFRONT_URL = "https://shop.example"
    settings.MARKETING_SEND_COST_MINOR = 3


def people(number: int, prefix: str = "H", **fields):
    """Customers who agreed to mail."""
    made = []
    for n in range(number):
        made.append(make_customer(f"{prefix}-{n}", email=f"{prefix}{n}@example.com", **fields))
        give_consent(made[-1])
    return made


def held_step(rate=0.5, name="reminder", **texts) -> dict:
    return send(name, **texts) | {"holdout_rate": rate}


def reached(rate=0.5, number=60, **fields):
    """A cart journey whose one message holds `rate` out, and `number` customers who came to it."""
    journey = make_journey({"on": "cart_left"}, held_step(rate), exits=())
    kettle = make_ware()
    crowd = people(number, **fields)
    for one in crowd:
        event(one, kettle)
    walking.walk(NOON + HOUR)
    return journey, kettle, crowd


def many(journey, number=260, prefix="M", **fields):
    """As if so many had reached the step; a crowd that large is written down without the walk."""
    Customer.objects.bulk_create(
        Customer(code=f"{prefix}-{n}", email=f"{prefix}{n}@example.com", **fields)
        for n in range(number)
    )
    crowd = list(Customer.objects.filter(code__startswith=f"{prefix}-").order_by("pk"))
    version = journey.live_version
    roads = Enrolment.objects.bulk_create(
        Enrolment(journey=journey, version=version, customer=one, key="k", entered_at=NOON)
        for one in crowd
    )
    step = read_plan(version.definition).sends[0]
    left = {"state": SendState.SENT, "sent_at": NOON, "language": fields.get("language", "")}
    Send.objects.bulk_create(
        Send(
            enrolment=road, customer=road.customer, step=step.step, claimed_at=NOON,
            **(left | draws.held_out(road, step)),
        )
        for road in roads
    )  # fmt: skip
    Send.objects.filter(reason=SkipReason.HELD_OUT).update(sent_at=None, language="")
    return crowd


def arms() -> dict[str, set[int]]:
    held = Send.objects.filter(reason=SkipReason.HELD_OUT)
    sent = Send.objects.filter(state=SendState.SENT)
    return {
        "holdout": set(held.values_list("customer_id", flat=True)),
        "treated": set(sent.values_list("customer_id", flat=True)),
    }


def members(journey, at) -> dict[int, str]:
    subject = frames.step_subject(journey, "reminder", at)
    with connection.cursor() as cursor:
        cursor.execute(subject.members.sql, subject.members.params)
        return {row[0]: row[1] for row in cursor.fetchall()}


def test_the_share_is_skipped_goes_on_and_is_written_down_with_its_chance(mailoutbox):
    journey, _kettle, crowd = reached()
    found = arms()
    by_hash = {c.pk for c in crowd if in_share(f"journey:{journey.pk}:reminder", c.code, 0.5)}
    assert 0 < len(by_hash) < 60
    assert found["holdout"] == by_hash
    assert found["treated"] == {c.pk for c in crowd} - by_hash
    assert len(mailoutbox) == len(found["treated"])
    assert set(Send.objects.values_list("propensity", flat=True)) == {0.5}
    walking.walk(NOON + 2 * HOUR)
    assert set(Enrolment.objects.values_list("state", flat=True)) == {"finished"}
    outcomes = StepVisit.objects.filter(outcome="held_out").values_list("enrolment__customer_id")
    assert {pk for (pk,) in outcomes} == by_hash
    walking.walk(NOON + 2 * HOUR)  # twice is once
    assert arms() == found


def test_a_step_without_a_share_draws_nobody():
    """The control beside the test above: the same people, the same cart, no share."""
    reached(rate=0)
    assert not arms()["holdout"]
    assert set(Send.objects.values_list("propensity", flat=True)) == {None}


def test_a_second_cart_finds_her_on_the_same_side():
    _journey, kettle, crowd = reached()
    before = arms()
    for one in crowd:
        make_order([(kettle, 0 + 1)], customer=one, at=NOON + 2 * HOUR)
        event(one, kettle, at=NOON + 9 * DAY)
    walking.walk(NOON + 9 * DAY + 2 * HOUR)
    assert Send.objects.count() == 2 * len(crowd)
    assert arms() == before


def test_what_she_asked_for_herself_is_never_held_out():
    plan = read_plan({"trigger": {"on": "back_in_stock"}, "steps": [held_step(0.5)]})
    journey = make_journey({"on": "back_in_stock"}, held_step(0.5), exits=())
    crowd = people(30)
    for number, one in enumerate(crowd):
        road = Enrolment(
            journey=journey, version=journey.live_version, customer=one, key=f"w{number}",
            context={"wished": True} if number % 2 else {},
        )  # fmt: skip
        drawn = draws.held_out(road, plan.sends[0])
        assert bool(drawn) == (number % 2 == 0)


def test_the_steps_own_effect_has_an_interval_that_holds_at_every_look():
    """Three in four of those who got the message order for £10; of those held out nobody does."""
    journey = make_journey({"on": "cart_left"}, held_step(), exits=())
    kettle, crowd = make_ware(units=999), many(journey)
    treated = arms()["treated"]
    for number, one in enumerate(crowd):
        if one.pk in treated and number % 4:
            make_order([(kettle, 1)], customer=one, at=NOON + 2 * HOUR)
    bought = Order.objects.count()
    at = NOON + 2 * DAY
    found = journey_effects(journey, at, step="reminder")
    size = len(treated)
    metrics = found.metrics
    assert metrics["customers_treated"].value == size
    assert metrics["customers_holdout"].value == len(crowd) - size
    assert metrics["incremental_orders"].value == pytest.approx(bought)
    orders = metrics["incremental_buyers"]
    assert orders.low > 0
    assert orders.high > orders.value
    assert not found.is_over
    assert metrics["skipped"].value == 0
    assert metrics["send_cost"].value == 3 * size
    whole = {part.key: part.metrics for part in journey_effects(journey, at).parts}
    assert whole["reminder"]["incremental_orders"].value == pytest.approx(bought)


def test_when_both_sides_order_alike_it_cannot_tell():
    journey = make_journey({"on": "cart_left"}, held_step(), exits=())
    kettle, crowd = make_ware(units=999), many(journey)
    for one in crowd[::2]:
        make_order([(kettle, 1)], customer=one, at=NOON + 2 * HOUR)
    found = journey_effects(journey, NOON + 2 * DAY, step="reminder")
    assert found.verdict == "cannot tell"
    assert found.metrics["net_profit"].low < 0 < found.metrics["net_profit"].high


def test_nobody_held_out_is_a_refusal():
    journey, kettle, crowd = reached(rate=0)
    make_order([(kettle, 1)], customer=crowd[0], at=NOON + 2 * HOUR)
    found = journey_effects(journey, NOON + 2 * DAY, step="reminder")
    assert any(msgid.startswith("Nobody was held out") for msgid in found.sentences)
    assert "incremental_orders" not in found.metrics
    [part] = journey_effects(journey, NOON + 2 * DAY).parts
    assert "incremental_orders" not in part.metrics
    assert journey_effects(journey, NOON + 2 * DAY, step="nowhere") is None


def test_who_was_skipped_for_another_reason_stays_in_her_arm():
    journey = make_journey({"on": "cart_left"}, held_step(), exits=())
    kettle = make_ware()
    crowd = people(20)
    for one in crowd:
        event(one, kettle)
        give_consent(one, granted=False, at=NOON)
    walking.walk(NOON + HOUR)
    drawn = members(journey, NOON + DAY)
    assert len(drawn) == 20
    assert set(drawn.values()) == {"treated", "holdout"}


def test_a_changed_share_is_a_new_experiment():
    """Who was first drawn with the old share is in neither arm of the new one."""
    journey, kettle, _crowd = reached(rate=0.5, number=30)
    version = journeys.save_version(
        journey, {"trigger": {"on": "cart_left"}, "exits": [], "steps": [held_step(0.25)]}
    )
    journeys.go_live(journey, version)
    late = people(40, prefix="L")
    assert set(members(journey, NOON + DAY)) == set(
        Send.objects.values_list("customer_id", flat=True)
    )
    for one in late:
        event(one, kettle, at=NOON + DAY)
    walking.walk(NOON + DAY + 2 * HOUR)
    assert set(members(journey, NOON + 2 * DAY)) == {one.pk for one in late}


def test_texts_of_a_step_are_compared_each_with_its_own_holdout():
    texts = {
        "en": {"subject": "Your cart", "body": "{greeting} {link}"},
        "zh": {"subject": "购物车", "body": "{greeting} {link}"},
    }
    step = held_step() | {"texts": texts}
    journey = make_journey({"on": "cart_left"}, step, exits=())
    kettle = make_ware(units=999)
    many(journey, prefix="E", language="en")
    readers = many(journey, prefix="Z", language="zh")
    treated = arms()["treated"]
    for number, one in enumerate(readers):
        if one.pk in treated and number % 4:
            make_order([(kettle, 1)], customer=one, at=NOON + 2 * HOUR)
    parts = journey_effects(journey, NOON + 2 * DAY, step="reminder").parts
    by_text = {part.key: part.metrics["incremental_orders"] for part in parts}
    assert by_text["zh"].low > 0
    assert by_text["en"].value == 0


@pytest.mark.parametrize("rate", [-0.1, 0.6, "a", True, None, [0.1]])
def test_a_share_that_is_none_is_named_with_its_place(rate):
    with pytest.raises(PlanError) as error:
        read_plan({"trigger": {"on": "joined"}, "steps": [send() | {"holdout_rate": rate}]})
    assert error.value.place == "steps[1].holdout_rate"


def test_the_page_and_the_program_show_the_step(client):
    journey, kettle, crowd = reached(number=60)
    for one in crowd[:30]:
        make_order([(kettle, 1)], customer=one, at=NOON + 2 * HOUR)
    client.force_login(make_staff("marketing.view_campaign", "marketing.view_journey"))
    url = reverse("admin:marketing_journey_effects", args=[journey.pk])
    with CaptureQueriesContext(connection) as counted:
        text = client.get(url + "?step=reminder").content.decode()
    assert "Held out" in text
    assert "orders brought" in text.lower()
    assert len(counted) <= 30
    page = client.get(reverse("admin:marketing_journey_page", args=[journey.pk])).content.decode()
    assert f"{url}?step=reminder" in page
