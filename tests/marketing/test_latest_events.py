"""Rules on events answer from the latest events exactly what the log would answer."""

from datetime import UTC, datetime, timedelta
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from marketing.definitions import rules
from marketing.definitions.rules import customers_of
from shop.models import Customer, Event, LatestEvent, LatestState
from shop.services.events.event_log import append_events
from shop.services.events.event_rows import EventRow
from shop.services.events.latest_events import (
    PLACES,
    forget_latest_before,
    mark_old,
    refresh_latest,
    taken_over_until,
)
from tests.factories import make_customer

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
HOURS = timedelta(hours=1)
KINDS = ("view", "purchase")


@pytest.fixture(autouse=True)
def _clock():
    with patch("shop.services.events.latest_events.timezone.now", return_value=NOW):
        yield


def log(
    customer: Customer, kind: str, hours_ago: float, number: int, *, consent: bool = True
) -> None:
    at = NOW - hours_ago * HOURS
    row = EventRow(
        event_id=f"e{number}", kind=kind, occurred_at=at, received_at=at,
        customer_id=customer.pk, consent=consent,
    )  # fmt: skip
    append_events([row])


def found(rule: dict) -> tuple[set[str], set[str]]:
    """(through the latest events, by the log alone)."""
    quick = set(customers_of(rule, at=NOW).values_list("code", flat=True))
    with patch.object(rules, "taken_over_until", return_value=None):
        slow = set(customers_of(rule, at=NOW).values_list("code", flat=True))
    return quick, slow


EVENTS = st.lists(
    st.tuples(st.integers(0, 3), st.sampled_from(KINDS), st.floats(0, 24 * 30)), max_size=40
)


@settings(
    max_examples=60, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(
    before=EVENTS, late=EVENTS, after=EVENTS, taken=st.floats(0, 24 * 20), times=st.integers(1, 10),
    days=st.integers(1, 35), op=st.sampled_from(["at_least", "at_most", "is"]),
    kind=st.sampled_from(KINDS),
)  # fmt: skip
def test_the_same_customers_as_the_raw_query(before, late, after, taken, times, days, op, kind):
    """Events, a night, late ones, another night, then newer ones: at each moment both agree."""
    from django.db import transaction

    with transaction.atomic():
        people = [make_customer(f"P{n}", email="") for n in range(4)]
        rule = {"did": kind, "op": op, "times": times, "days": days}
        number = 0

        def write(events):
            nonlocal number
            for who, what, hours in events:
                number += 1
                log(people[who], what, hours, number, consent=number % 3 > 0)

        write(before)
        refresh_latest(NOW - taken * HOURS)
        assert len(set(map(frozenset, found(rule)))) == 1
        write(late)
        assert len(set(map(frozenset, found(rule)))) == 1
        refresh_latest(NOW - taken * HOURS / 2)
        assert taken_over_until() is not None
        assert len(set(map(frozenset, found(rule)))) == 1
        write([(who, what, hours / 24 / 30 / 4) for who, what, hours in after])  # just arrived
        assert taken_over_until() is not None
        assert len(set(map(frozenset, found(rule)))) == 1
        transaction.set_rollback(True)


def test_what_was_watched_without_consent_counts_in_neither_and_what_we_did_counts():
    who = make_customer("A")
    for number, kind in enumerate(KINDS):
        log(who, kind, 30, number, consent=False)
    for through in (None, NOW):
        if through:
            refresh_latest(through)
        for kind, expected in (("view", set()), ("purchase", {"A"})):
            rule = {"did": kind, "op": "at_least", "times": 1, "days": 30}
            assert found(rule) == (expected, expected)
    log(who, "view", 0.1, 9, consent=False)  # after the night
    assert found({"did": "view", "op": "at_least", "times": 1, "days": 30}) == (set(), set())


def test_places_are_the_newest_in_order_and_twice_changes_nothing():
    who = make_customer("A")
    for number in range(12):
        log(who, "view", 10 + number, number)
    first = refresh_latest(NOW)
    kept = list(LatestEvent.objects.order_by("place").values_list("place", "received_at", "pk"))
    assert [place for place, _at, _pk in kept] == list(range(1, PLACES + 1))
    assert [at for _place, at, _pk in kept] == [NOW - (10 + n) * HOURS for n in range(PLACES)]
    assert first["written"] == PLACES
    assert refresh_latest(NOW)["written"] == 0
    log(who, "view", 1.5, 99)  # arrived before the night's end, written after it: old by an hour
    assert taken_over_until() is None
    refresh_latest(NOW)
    assert LatestEvent.objects.get(place=1).received_at == NOW - 1.5 * HOURS


def test_old_events_send_readers_to_the_log_until_the_next_night():
    make_customer("A")
    refresh_latest(NOW)
    mark_old(NOW)  # just arrived: nothing to do
    assert taken_over_until() == NOW - HOURS
    mark_old(NOW - 50 * HOURS)
    mark_old(NOW - 20 * HOURS)
    assert taken_over_until() is None
    assert LatestState.objects.get().dirty_from == NOW - 50 * HOURS


def test_what_the_log_forgets_is_forgotten():
    who = make_customer("A")
    log(who, "view", 30, 1)
    log(who, "view", 400, 2)
    refresh_latest(NOW)
    cut = NOW - 100 * HOURS
    Event.objects.filter(received_at__lt=cut).delete()
    assert forget_latest_before(cut) == 1
    assert found({"did": "view", "op": "at_least", "times": 1, "days": 30})[0] == {"A"}
    assert found({"did": "view", "op": "at_least", "times": 2, "days": 30})[0] == set()


def test_a_rule_asks_where_it_stands_once(django_assert_num_queries):
    make_customer("A")
    one = {"did": "view", "op": "at_least", "times": 1, "days": 30}
    with django_assert_num_queries(2):
        list(customers_of({"all": [one, one, {"none": [one]}]}))
