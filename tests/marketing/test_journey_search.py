"""Every cause is found, however many there are, and a round costs what has come up since the last."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from decisions.models import Job
from marketing.definitions.journey_plan import read_plan
from marketing.models import Enrolment, Journey, JourneySearch, RefillRhythm
from marketing.services.journeys import (
    behaviour_triggers,
    causes,
    order_triggers,
    search,
    triggers,
    walking,
)
from marketing.services.journeys.carts import MOST_EVENTS, open_carts
from marketing.services.journeys.refills import refresh_refills
from shop.models import Event, OrderState, OrderTransition, PriceKind, Purpose
from shop.services.customers import record_consent
from shop.services.prices import PriceTerms, set_price
from tests.factories import make_customer, make_order
from tests.factories_marketing import Quiet, give_consent, make_reachable, make_segment
from tests.marketing.test_journeys import LIVE_SINCE, NOON, event, make_journey, make_ware, send

pytestmark = pytest.mark.django_db
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)


@pytest.fixture
def _small(monkeypatch):
    """Pages of two, two of them in a round: ten customers take three rounds."""
    for where in (causes, behaviour_triggers, order_triggers, triggers):
        monkeypatch.setattr(where, "PAGE", 2)
    monkeypatch.setattr(behaviour_triggers, "VARIANTS", 2)
    monkeypatch.setattr(causes.next_after, "__defaults__", (2,))
    monkeypatch.setattr(search, "MOST_PAGES", 2)


def people_of(journey) -> list[str]:
    return sorted(journey.enrolments.values_list("customer__code", flat=True))


def reduce(variant, at, amount_minor=1200):
    terms = PriceTerms(
        kind=PriceKind.CAMPAIGN, valid_from=at, valid_until=at + 5 * DAY, is_history=True
    )
    set_price(variant, amount_minor, key=f"sale-{variant.pk}", source="test", terms=terms)


def make_carts(people):
    kettle = make_ware(units=100)
    for one in people:
        event(one, kettle, at=NOON - HOUR)


def make_views(people):
    kettle = make_ware(units=100)
    for one in people:
        event(one, kettle, kind="view", at=NOON - 5 * HOUR + HOUR)


def make_reductions(people):
    wares = [make_ware(f"W-{n}", price=1500, units=100) for n in range(3)]
    for number, one in enumerate(people):
        event(one, wares[number % 3], kind="view", at=NOON - 2 * DAY)
    for ware in wares:
        reduce(ware, NOON - HOUR)


def make_yeses(people):
    for one in people:
        one.consents.all().delete()
        give_consent(one, at=NOON - HOUR)


def make_orders(people):
    kettle = make_ware(units=100)
    for one in people:
        make_order([(kettle, 1)], customer=one, at=NOON - HOUR)


def make_old_orders(people):
    kettle = make_ware(units=100)
    for one in people:
        make_order([(kettle, 1)], customer=one, at=NOON - 90 * DAY - HOUR)


def make_repeats(people):
    kettle = make_ware(units=1000)
    for one in people:
        for days in (60, 30):
            make_order([(kettle, 1)], customer=one, at=NOON - days * DAY + 3 * DAY - HOUR)
    refresh_refills(Quiet(), NOON - 2 * HOUR)


def make_birthdays(people):
    for one in people:
        one.birthday = "06-01"
        one.save()


def make_entries(people):
    segment = make_segment({}, code="all")
    for one in people:
        segment.changes.create(customer=one, entered=True, at=NOON - HOUR)


FINDERS = [
    ({"on": "cart_left", "minutes": 60}, make_carts, 4),
    ({"on": "product_viewed", "views": 1, "minutes": 180}, make_views, 4),
    ({"on": "price_dropped", "percent": 10}, make_reductions, 4),
    ({"on": "joined"}, make_yeses, 1),
    ({"on": "ordered", "days": 0}, make_orders, 2),
    ({"on": "delivered", "days": 0}, make_orders, 4),
    ({"on": "silent", "days": 90}, make_old_orders, 1),
    ({"on": "refill_due", "days": 3}, make_repeats, 1),
    ({"on": "birthday"}, make_birthdays, 1),
    ({"on": "segment_entered", "segment": "all"}, make_entries, 6),
]


@pytest.mark.usefixtures("_small")
@pytest.mark.parametrize(("trigger", "make", "queries"), FINDERS)
def test_what_one_round_has_no_time_for_is_found_by_the_next(trigger, make, queries):
    people = make_reachable(10)
    make(people)
    exits = ()
    journey = make_journey(trigger, send(body="{greeting}", subject="Hello"), exits=exits)
    counts = []
    for minute in range(12):
        search.enter(Journey.objects.get(pk=journey.pk), NOON + minute * MINUTE)
        counts.append(journey.enrolments.count())
    assert counts[0] < 10  # or nothing was shown
    assert people_of(journey) == sorted(one.code for one in people)
    assert len(set(journey.enrolments.values_list("customer", "key"))) == len(people)
    before = Enrolment.objects.count()
    for minute in range(12, 24):  # and again and again
        search.enter(Journey.objects.get(pk=journey.pk), NOON + minute * MINUTE)
    assert Enrolment.objects.count() == before


@pytest.mark.parametrize(("trigger", "make", "queries"), FINDERS)
def test_a_page_takes_a_fixed_number_of_queries(trigger, make, queries):
    people = make_reachable(10)
    make(people)
    made = make_journey(trigger, send(body="{greeting}", subject="Hello"), exits=())
    options = read_plan(made.live_version.definition).options
    span = causes.Span(LIVE_SINCE - DAY, NOON - 2 * DAY, NOON, NOON)
    Job.objects.all().delete()
    with CaptureQueriesContext(connection) as asked:
        page = triggers.FIND[trigger["on"]](options, span, [])
    assert len(page.causes) == 10
    assert len([one for one in asked.captured_queries if "SAVEPOINT" not in one["sql"]]) <= queries


def test_after_the_first_look_a_search_is_of_minutes(monkeypatch):
    [ana] = make_reachable(1)
    kettle = make_ware()
    make_journey({"on": "cart_left"})
    spans = []
    find = triggers.FIND["cart_left"]
    monkeypatch.setitem(
        triggers.FIND, "cart_left", lambda o, span, a: spans.append(span) or find(o, span, a)
    )
    for at in (NOON, NOON + MINUTE, NOON + 7 * HOUR):
        walking.walk(at)
    assert [span.end - span.start for span in spans] == [
        2 * DAY, MINUTE + search.OVERLAP, 2 * DAY,
    ]  # fmt: skip
    event(ana, kettle, at=NOON + HOUR)  # arrives late: a batch that had no line
    assert walking.walk(NOON + 8 * HOUR)["entered"] == 0
    assert walking.walk(NOON + 14 * HOUR)["entered"] == 1


def test_a_clock_that_stood_still_misses_nothing_of_two_days_and_writes_about_nothing_older():
    early, late = make_reachable(2)
    kettle = make_ware()
    make_journey({"on": "cart_left"})
    walking.walk(NOON)
    event(early, kettle, at=NOON + HOUR)
    event(late, kettle, at=NOON + 4 * DAY)
    walking.walk(NOON + 5 * DAY)
    assert [one.customer for one in Enrolment.objects.all()] == [late]


def test_of_two_clocks_one_goes_on():
    make_journey({"on": "cart_left"})
    walking.walk(NOON)
    mine, other = JourneySearch.objects.get(), JourneySearch.objects.get()
    assert search._moved(other, {"until": NOON, "start": NOON - HOUR})
    assert not search._moved(mine, {"until": NOON + HOUR, "start": NOON})
    mine.refresh_from_db()
    assert mine.until == NOON


@pytest.mark.usefixtures("_small")
def test_a_new_version_with_another_trigger_begins_its_own_search():
    people = make_reachable(6)
    make_carts(people)
    journey = make_journey({"on": "cart_left"})
    search.enter(Journey.objects.get(), NOON)
    assert JourneySearch.objects.get().after
    from marketing.services.journeys import journeys

    definition = {"trigger": {"on": "birthday"}, "steps": [send(body="{greeting}", subject="Hi")]}
    journeys.go_live(journey, journeys.save_version(journey, definition))
    make_birthdays(people[:1])
    for minute in range(3):
        search.enter(Journey.objects.get(), NOON + minute * MINUTE)
    assert journey.enrolments.filter(key="birthday:2026").count() == 1


def test_a_noisy_client_takes_no_room_of_others():
    loud, ana = make_customer("LOUD"), make_customer("ANA")
    kettle, cup = make_ware(), make_ware("CUP-1", "Cup")
    Event.objects.bulk_create(
        Event(
            event_id=f"loud{n}", kind="cart_add", occurred_at=NOON - DAY + n * MINUTE, units=1,
            received_at=NOON - DAY + n * MINUTE, customer=loud, variant=kettle, consent=True,
        )
        for n in range(MOST_EVENTS * 2)
    )  # fmt: skip
    event(loud, cup, at=NOON - MINUTE)
    event(ana, cup, at=NOON - 2 * MINUTE)
    carts = open_carts([loud.pk, ana.pk], NOON)
    assert carts[ana.pk].newest_first == [cup.pk]
    assert carts[loud.pk].newest_first[0] == cup.pk  # her newest too
    name = carts[loud.pk].began_with
    event(loud, cup, at=NOON)
    assert open_carts([loud.pk], NOON)[loud.pk].began_with == name  # or she enters anew each time


def test_behaviour_without_consent_starts_nothing_and_what_keeps_a_message_away_counts():
    ana, ben, cem = make_reachable(3)
    kettle = make_ware()
    event(ana, kettle, consent=False)
    for who in (ben, cem):
        event(who, kettle)
    event(cem, kettle, kind="cart_remove", at=NOON + MINUTE, consent=False)
    make_journey({"on": "cart_left"})
    for trigger in ({"on": "product_viewed", "views": 1, "minutes": 60},
                    {"on": "price_dropped", "percent": 5}):  # fmt: skip
        make_journey(trigger, exits=())
    event(ana, make_ware("CUP-1"), kind="view", consent=False)
    reduce(kettle, NOON + MINUTE, 500)
    walking.walk(NOON + HOUR + MINUTE)
    carts = Enrolment.objects.filter(key__startswith="cart:")
    assert [one.customer for one in carts] == [ben]
    assert not Enrolment.objects.filter(customer=ana).exists()


def test_her_no_to_personalisation_keeps_what_is_chosen_for_her_away(settings):
    ana, ben = make_reachable(2)
    kettle = make_ware()
    make_journey({"on": "cart_left"}, {"id": "w", "wait": {"hours": 1}}, send())
    for who in (ana, ben):
        event(who, kettle)
    record_consent(ana, Purpose.PERSONALISATION, granted=False, source="test")
    walking.walk(NOON + HOUR)
    assert [one.customer for one in Enrolment.objects.all()] == [ben]
    record_consent(ben, Purpose.PERSONALISATION, granted=False, source="test")  # under way
    walking.walk(NOON + 3 * HOUR)
    assert list(Enrolment.objects.get().sends.values_list("state", "reason")) == [
        ("skipped", "no_consent")
    ]


def test_the_night_reckons_when_she_runs_out_and_what_she_bought_since_counts():
    ana, ben = make_reachable(2)
    make_repeats([ana, ben])
    assert refresh_refills(Quiet(), NOON - 2 * HOUR) == {"rhythms": 2}
    assert RefillRhythm.objects.count() == 2
    rhythm = RefillRhythm.objects.get(customer=ana)
    assert rhythm.runs_out_at == NOON + 3 * DAY - HOUR  # thirty days after the last
    make_order([(rhythm.variant, 1)], customer=ben, at=NOON - HOUR)
    make_journey({"on": "refill_due", "days": 3}, exits=("ordered_it",))
    walking.walk(NOON)
    assert [one.customer for one in Enrolment.objects.all()] == [ana]
    refresh_refills(Quiet(), NOON + 800 * DAY)
    assert not RefillRhythm.objects.exists()


def test_how_is_it_is_asked_after_the_goods_came(settings):
    settings.STOREFRONT_URL = "https://shop.example"
    settings.STOREFRONT_REVIEW_URL = "https://shop.example/products/{sku}/review"
    ana, ben = make_reachable(2)
    kettle = make_ware()
    journey = make_journey({"on": "delivered", "days": 10}, {**send(), "link": "review"}, exits=())
    orders = [make_order([(kettle, 1)], customer=who, at=NOON) for who in (ana, ben)]
    assert walking.walk(NOON + 10 * DAY)["entered"] == 2  # nothing else is known of this shop
    Enrolment.objects.all().delete()
    OrderTransition.objects.create(
        order=orders[0], from_state=OrderState.SHIPPED, to_state=OrderState.DELIVERED,
        at=NOON + 6 * DAY,
    )  # fmt: skip
    assert walking.walk(NOON + 10 * DAY + MINUTE)["entered"] == 0
    assert walking.walk(NOON + 16 * DAY)["entered"] == 1
    assert people_of(journey) == [ana.code]
    [asked] = Enrolment.objects.get().sends.all()
    assert asked.link_url == "https://shop.example/products/KET-1/review"
