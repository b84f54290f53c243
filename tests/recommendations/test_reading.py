"""Whole columns give what one row after the other gives, to the last number, on both databases."""

import itertools
from datetime import datetime, timedelta

import numpy as np
import pytest
from django.db import connection

from recommendations import columns
from recommendations.frames import (
    PURCHASE_WEIGHT,
    WEIGHTS,
    consent_words,
    noticed_events,
    shop_interactions,
    sold_lines,
)
from recommendations.ml import people
from recommendations.ml.people import Links, numbered_as_seen, owners
from shop.models import Consent, Event, EventKind, Order, VisitorLink
from tests.factories import make_customer, make_order, make_variant
from tests.factories_recommendations import LATER, START

pytestmark = pytest.mark.django_db


def owner_of(links, at):
    """The rule of VisitorLink, in words: the last link until then; the first for what came before."""
    if not links:
        return None
    return next((customer for when, customer in reversed(links) if when <= at), links[0][1])


def row_by_row(as_of: datetime):
    """(person, product, weight, epoch seconds, bought), as the reading was first written."""
    words = consent_words(as_of)
    lines = sold_lines(as_of).filter(order__customer__isnull=False).order_by("pk")
    found = lines.values_list("order__customer_id", "variant__product_id", "order__placed_at")
    for customer_id, product_id, at in found:
        if words.get(customer_id, True):
            yield customer_id, product_id, PURCHASE_WEIGHT, at.timestamp(), True
    links: dict = {}
    for link in VisitorLink.objects.known_by(as_of).order_by("linked_at", "id"):
        links.setdefault(link.visitor, []).append((link.linked_at, link.customer_id))
    for event in noticed_events(as_of).select_related("variant").order_by("pk"):
        owner = event.customer_id or owner_of(links.get(event.visitor, []), event.received_at)
        person = owner or (f"visitor:{event.visitor}" if event.visitor else None)
        allowed = words.get(person, False) if isinstance(person, int) else person is not None
        if allowed:
            weight = WEIGHTS[EventKind(event.kind)]
            product_id = event.variant.product_id
            yield person, product_id, weight, event.received_at.timestamp(), False


def make_crowd(seed=0):
    """Shared browsers, changes of mind, guests, cancelled orders, times with and without fractions."""
    rng = np.random.default_rng(seed)
    variants = [make_variant(f"S-{number}") for number in range(6)]
    people = [make_customer(f"C-{number}") for number in range(12)]
    browsers = [f"browser-{number}" for number in range(8)]

    def moment():
        minutes, fraction = rng.integers(0, 20_000), rng.choice([0, 123_456, 500_000])
        return START + timedelta(minutes=int(minutes), microseconds=int(fraction))

    for person in people:
        for _word in range(rng.integers(0, 3)):
            Consent.objects.create(
                customer=person, purpose="personalisation", granted=bool(rng.random() < 0.7),
                source="t", recorded_at=moment(),
            )  # fmt: skip
        for _order in range(rng.integers(0, 4)):
            lines = [(variants[v], 1) for v in rng.choice(6, 2, False)]
            make_order(lines, customer=person, at=moment())
    Order.objects.filter(pk__in=Order.objects.order_by("number")[3:7].values("pk")).update(
        state="cancelled"
    )
    for browser in browsers[:5]:
        for _link in range(rng.integers(1, 4)):
            person = people[rng.integers(12)]
            VisitorLink.objects.create(visitor=browser, customer=person, linked_at=moment())
    events = []
    for number in range(300):
        at, person = moment(), people[rng.integers(12)] if rng.random() < 0.3 else None
        events.append(
            Event(
                event_id=f"e{number}",
                kind=rng.choice(["view", "cart_add", "click"]),
                variant=variants[rng.integers(6)] if rng.random() < 0.9 else None,
                customer=person,
                visitor=rng.choice(["", *browsers]) or "",
                consent=bool(rng.random() < 0.9),
                occurred_at=at,
                received_at=at,
            )
        )
    Event.objects.bulk_create(events)
    return people


def as_tuples(history):
    rows = history.rows
    for place in range(len(rows)):
        yield (
            int(rows.user[place]),
            int(history.product_ids[rows.item[place]]),
            np.float32(rows.weight[place]),
            float(rows.at[place]),
            bool(rows.bought[place]),
        )


@pytest.mark.parametrize("keys", [7, 1_000_000])
@pytest.mark.parametrize("as_of", [LATER, START + timedelta(days=5), START])
def test_columns_give_what_the_rows_give(monkeypatch, keys, as_of):
    """Also where a range of keys holds a few rows, or none."""
    monkeypatch.setattr(columns, "RANGE", {"postgresql": keys, "sqlite": keys})
    make_crowd()
    people: dict = {}
    expected = [
        (people.setdefault(person, len(people)), product, np.float32(weight), at, bought)
        for person, product, weight, at, bought in row_by_row(as_of)
    ]
    history = shop_interactions(as_of)
    assert list(as_tuples(history)) == expected
    customers = [person if isinstance(person, int) else 0 for person in people]
    assert history.customer_ids.tolist() == customers
    rows = history.rows
    assert (rows.user.dtype, rows.item.dtype) == (np.int64, np.int64)
    assert (rows.weight.dtype, rows.at.dtype) == (np.float32, np.float64)
    assert rows.n_users == len(people)
    if as_of == LATER:
        assert len(expected) > 100


def test_some_customers_have_the_rows_that_they_have_among_all():
    people = make_crowd()
    some = {person.pk for person in people[::2]}
    everybody = list(row_by_row(LATER))
    expected = [row[:2] + row[3:] for row in everybody if row[0] in some]
    part = shop_interactions(LATER, some)
    found = [
        (int(part.customer_ids[user]), product, at, bought)
        for user, product, _weight, at, bought in as_tuples(part)
    ]
    assert found == expected
    assert expected


def test_nobody_s_rows_are_none():
    make_crowd()
    assert len(shop_interactions(LATER, set()).rows) == 0


def test_reading_takes_a_fixed_number_of_queries(monkeypatch, django_assert_num_queries):
    """Of orders, SKUs, lines, events and links: the ends of their keys, and each range once."""
    make_crowd()
    ranges = []
    for name in ("_packed", "_fetched"):
        read = getattr(columns, name)
        monkeypatch.setattr(columns, name, lambda *a, read=read: ranges.append(1) or read(*a))
    django_sees = 0 if connection.vendor == "postgresql" else 5  # there a cursor of our own reads
    with django_assert_num_queries(1 + 5 + django_sees):
        shop_interactions(LATER)
    assert len(ranges) == 5


@pytest.mark.parametrize("places", [[0], [1, 2], [0, 1, 2]])
def test_a_null_is_refused_and_not_read_as_another_value(places):
    if connection.vendor != "postgresql":
        pytest.skip("packed on PostgreSQL only")
    orders = [make_order([(make_variant(f"N-{n}"), 1)]) for n in range(3)]
    Order.objects.filter(pk__in=[orders[place].pk for place in places]).update(customer=None)
    with pytest.raises(ValueError, match="null"):
        columns.columns_of(Order.objects.all(), columns.Wanted({"who": "customer_id"}, {}, {}))


@pytest.mark.parametrize("close", [0, 4, 1_000])
def test_products_are_numbered_by_their_keys_however_far_apart(monkeypatch, close):
    monkeypatch.setattr(people, "CLOSE", close)
    for keys in ([7, 900, 7, 8], [5], []):
        found, place = people.numbered_by_key(np.array(keys, dtype=np.int64))
        assert found.tolist() == sorted(set(keys))
        assert found[place].tolist() == keys


def test_the_owner_of_a_browser_is_the_last_link_or_the_first_one():
    links = Links(np.array([5, 5, 7]), np.array([10, 20, 15]), np.array([1, 2, 3]))
    rows = [(5, 9), (5, 10), (5, 19), (5, 20), (5, 99), (7, 14), (7, 16), (6, 50), (0, 1)]
    browser, at = np.array(rows).T
    assert owners(browser, at, links).tolist() == [1, 1, 1, 2, 2, 3, 3, 0, 0]


def test_of_two_links_at_one_moment_the_later_key_counts():
    links = Links(np.array([5, 5]), np.array([10, 10]), np.array([1, 2]))
    assert owners(np.array([5, 5]), np.array([9, 10]), links).tolist() == [1, 2]


def test_people_are_numbered_as_they_appear():
    codes, people = numbered_as_seen(np.array([30, -2, 30, 7]))
    assert codes.tolist() == [0, 1, 0, 2]
    assert people.tolist() == [30, -2, 7]
    assert list(itertools.chain(people[codes])) == [30, -2, 30, 7]
