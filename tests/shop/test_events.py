"""Events land once; a bad one comes back with its reason and spoils no other."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from django.db.models import Exists

from shop.models import Consent, Customer, Event, Order, VisitorLink
from shop.services.events.event_rows import among
from shop.services.events.events import BatchTooLargeError, record_events
from shop.services.events.visitors import link_visitor
from tests.factories import make_customer, make_variant

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def view(event_id="e1", **fields):
    return {"event_id": event_id, "kind": "view", "occurred_at": "2026-03-02T08:59:00Z"} | fields


def record(*batch, **options):
    return record_events(list(batch), received_at=NOW, **options)


def test_the_clients_clock_is_kept_and_ours_stands_beside_it():
    make_variant("TEA-1")
    outcome = record(view(sku="TEA-1", visitor="v", units=2, properties={"page": "home"}))
    assert (outcome.accepted, outcome.problems) == (1, [])
    event = Event.objects.get()
    assert event.occurred_at == NOW - timedelta(minutes=1)
    assert event.received_at == NOW
    assert (event.variant.sku, event.units, event.properties) == ("TEA-1", 2, {"page": "home"})


def test_the_same_event_is_one_row():
    record(view("e1"), view("e2"))
    outcome = record(view("e1"), view("e3"), view("e3"))
    assert (outcome.accepted, outcome.duplicates) == (1, 2)
    assert Event.objects.count() == 3


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"event_id": ""}, "event_id"),
        ({"event_id": "x" * 65}, "event_id"),
        ({"event_id": 7}, "event_id"),
        ({"kind": "teleport"}, "kind"),
        ({"kind": ["view"]}, "kind"),
        ({"sku": "NONE"}, "sku"),
        ({"sku": {"a": 1}}, "sku"),
        ({"customer": "nobody"}, "customer"),
        ({"order": "1"}, "order"),
        ({"occurred_at": "yesterday"}, "occurred_at"),
        ({"occurred_at": "2026-03-02T08:59:00"}, "occurred_at"),
        ({"occurred_at": "2026-02-31T08:59:00Z"}, "occurred_at"),
        ({"occurred_at": "2026-03-04T08:59:00Z"}, "occurred_at"),
        ({"units": -1}, "units"),
        ({"units": True}, "units"),
        ({"units": 10**30}, "units"),
        ({"query": "a\x00b"}, "query"),
        ({"query": "\ud800"}, "query"),
        ({"properties": [1]}, "properties"),
        ({"properties": {"a": "\x00"}}, "properties"),
        ({"properties": {"a": float("inf")}}, "properties"),
        ({"properties": {"a": "x" * 5000}}, "properties"),
    ],
)
def test_a_bad_event_is_named_and_the_others_land(fields, name):
    outcome = record(view("good"), view("bad") | fields)
    assert [(problem.index, problem.field) for problem in outcome.problems] == [(1, name)]
    assert outcome.problems[0].message
    assert list(Event.objects.values_list("event_id", flat=True)) == ["good"]


def test_what_is_no_object_is_named():
    assert record(7, None, "x").problems[2].index == 2


def test_a_clock_that_runs_ahead_is_noted():
    record(view(occurred_at="2026-03-02T09:10:00Z"))
    assert Event.objects.get().clock_ahead_seconds == 600


def test_crawlers_leave_no_event():
    agents = ["Googlebot/2.1", "Mozilla/5.0 (compatible; bingbot/2.0)", "HeadlessChrome/120"]
    batch = [view(f"e{n}", user_agent=agent) for n, agent in enumerate(agents)]
    person = view("p", user_agent="Mozilla/5.0 (iPhone; CPU iPhone OS 17_0) Safari/604.1")
    outcome = record(*batch, person)
    assert (outcome.bots, outcome.accepted) == (3, 1)


def test_the_consent_that_applied_is_recorded_with_each_event():
    ann = make_customer("ann")
    for hours, granted in ((2, True), (1, False)):
        Consent.objects.create(
            customer=ann,
            purpose="analytics",
            granted=granted,
            source="t",
            recorded_at=NOW - timedelta(hours=hours),
        )
    record(
        view("before", customer="ann", occurred_at="2026-03-02T06:00:00Z", consent=True),
        view("between", customer="ann", occurred_at="2026-03-02T07:30:00Z"),
        view("after", customer="ann", occurred_at="2026-03-02T08:30:00Z", consent=True),
        view("anonymous", consent=True),
        view("silent"),
    )
    assert dict(Event.objects.values_list("event_id", "consent")) == {
        "before": True,
        "between": True,
        "after": False,
        "anonymous": True,
        "silent": False,
    }


def test_a_browser_is_stitched_to_the_customer_who_signed_in():
    ann, bea = make_customer("ann"), make_customer("bea")
    record(view("e1", visitor="v"), view("e2", visitor="v", customer="ann"))
    assert VisitorLink.objects.get().customer == ann
    assert Event.objects.get(event_id="e1").customer is None  # the log is never rewritten
    link_visitor("v", bea)
    link_visitor("v", bea)
    assert [link.customer for link in VisitorLink.objects.order_by("id")] == [ann, bea]
    assert VisitorLink.objects.owner_of("v") == bea.pk


def test_a_batch_is_bounded():
    with pytest.raises(BatchTooLargeError):
        record(*[view()] * 1001)


@pytest.mark.parametrize("size", [100, 1000])
def test_a_batch_costs_the_same_queries_whatever_its_size(django_assert_num_queries, size):
    """Savepoint 2, names 1, keys 1, rows 1, links 1; on SQLite, and where the batch was there, also
    the look for keys; 1 because this batch arrived long ago, which the latest events must hear."""
    make_customer("ann")
    make_variant("TEA-1")
    batch = [view(f"e{n}", sku="TEA-1", customer="ann", visitor=f"v{n % 50}") for n in range(size)]
    with django_assert_num_queries(9):
        assert record(*batch).accepted == size
    with django_assert_num_queries(7):
        assert record(*batch).duplicates == size


def test_only_the_kinds_that_a_caller_may_send():
    outcome = record(view(), view("e2", kind="purchase"), kinds=["view"])
    assert (outcome.accepted, outcome.problems[0].field) == (1, "kind")


@pytest.mark.parametrize("code", ['say "hi"', "back\\slash", "{a,b}", "NULL", "é, 北京", " "])
def test_names_with_signs_of_their_own_are_found(code):
    make_customer(code)
    assert record(view(customer=code)).accepted == 1
    assert Event.objects.get().customer.code == code


def test_among_asks_for_numbers_for_text_and_for_nothing():
    ann, bob = make_customer("ann"), make_customer("bob")
    kept = Customer.objects.order_by("pk")
    assert list(kept.filter(pk__in=among([np.int64(ann.pk)]))) == [ann]
    assert list(kept.filter(code__in=among(["bob", 'o"dd\\']))) == [bob]
    assert list(kept.filter(pk__in=among([]))) == []
    assert list(kept.exclude(pk__in=among([]))) == [ann, bob]
    assert list(kept.filter(Exists(Order.objects.filter(pk__in=among([]))))) == []
