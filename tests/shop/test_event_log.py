"""The log under repetition and concurrency; and its months on PostgreSQL."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from threading import Barrier

import pytest
from django.db import connection, transaction
from msgspec.structs import replace

from shop.importers.run import Options, import_frames
from shop.models import Event, EventKey, VisitorLink
from shop.services.events import event_log, event_partitions
from shop.services.events.event_log import append_events
from shop.services.events.event_rows import EventRow
from shop.services.events.events import record_events
from tests.factories import make_customer
from tests.factories_crowd import LONG

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def row(event_id, **fields):
    return replace(EventRow(event_id, "view", NOW, NOW), **fields)


def rows(count, prefix="e"):
    return [row(f"{prefix}{n}") for n in range(count)]


@pytest.mark.django_db
@pytest.mark.parametrize("size", [3, 300])
def test_a_replay_adds_no_row_whatever_else_it_says(size):
    assert len(append_events(rows(size))) == size
    later = [replace(one, received_at=NOW + timedelta(days=90), query="x") for one in rows(size)]
    assert append_events(later) == set()
    assert append_events([*later, row("new")]) == {"new"}
    assert Event.objects.count() == EventKey.objects.count() == size + 1
    assert Event.objects.filter(query="x").count() == 0


@pytest.mark.django_db
@pytest.mark.parametrize("size", [3, 300])
def test_every_column_comes_back_as_it_went_in(size):
    ann = make_customer("ann")
    odd = 'tab\tnewline\nback\\slash "quote" \\N 茶'
    full = row(
        "full",
        occurred_at=NOW - timedelta(seconds=5),
        clock_ahead_seconds=-7,
        session=odd,
        visitor=odd,
        customer_id=ann.pk,
        units=2,
        query=odd,
        properties='{"a": {"b": [1, null, "茶\\n"]}}',
        consent=True,
    )
    append_events([*rows(size), full])
    event = Event.objects.get(event_id="full")
    assert (event.session, event.visitor, event.query) == (odd, odd, odd)
    assert event.properties == {"a": {"b": [1, None, "茶\n"]}}
    assert (event.customer, event.units, event.consent) == (ann, 2, True)
    assert (event.occurred_at, event.received_at) == (NOW - timedelta(seconds=5), NOW)
    assert (event.clock_ahead_seconds, event.variant_id, event.order_id) == (-7, None, None)
    ids = list(Event.objects.order_by("id").values_list("event_id", flat=True))
    assert ids == [*(one.event_id for one in rows(size)), "full"]  # ids follow arrival
    assert VisitorLink.objects.get().linked_at == NOW


@pytest.mark.django_db
def test_two_batches_in_one_transaction_do_not_mix():
    append_events(rows(60, "a"))
    assert append_events(rows(60, "b")) == {f"b{n}" for n in range(60)}
    assert Event.objects.count() == 120


def eight_at_once(work):
    """Eight threads begin together; returns what each brought back."""
    together = Barrier(8)

    def one(number):
        together.wait(timeout=LONG)
        try:
            return work(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(one, range(8)))


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("size", [20, 500])
def test_the_same_batch_from_eight_threads_lands_once(size):
    """In eight different orders: sorted keys keep them from waiting for each other in a ring."""
    batch = rows(size)
    turned = [batch[n * size // 8 :] + batch[: n * size // 8] for n in range(8)]
    found = eight_at_once(lambda n: append_events(turned[n]))
    assert sum(map(len, found)) == size
    assert set.union(*found) == {one.event_id for one in batch}
    assert Event.objects.count() == EventKey.objects.count() == size


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_batches_that_overlap_land_each_event_once():
    """Each thread's window of 400 shares 350 with the next one's: some keys are there, some are not."""
    batch = rows(800)
    found = eight_at_once(lambda n: append_events(batch[n * 50 : n * 50 + 400]))
    assert sum(map(len, found)) == 750
    assert Event.objects.count() == EventKey.objects.count() == 750


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_rival_between_the_look_and_the_claim_costs_another_look(monkeypatch):
    """The rival commits one of our keys after our statement has begun to look."""
    rival = "INSERT INTO shop_eventkey (event_id) VALUES ('e7')"
    claimed = event_log.CLAIM_KEYS
    tried = []

    def landed(cursor, batch):
        if not tried:
            other = connection.copy()
            other.cursor().execute(rival)
            other.close()
            monkeypatch.setattr(
                event_log, "CLAIM_KEYS", claimed.replace("NOT EXISTS", "true OR EXISTS")
            )
        else:
            monkeypatch.setattr(event_log, "CLAIM_KEYS", claimed)
        tried.append(len(batch))
        return by_copy(cursor, batch)

    by_copy = event_log._landed_by_copy
    monkeypatch.setattr(event_log, "_landed_by_copy", landed)
    assert len(append_events(rows(60))) == 59
    assert tried == [60, 59]
    assert Event.objects.count() == 59


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_without_the_keys_the_same_batch_lands_several_times(monkeypatch):
    """The negative control: looking first and writing then is not enough.

    Nobody commits before all have looked: whether the eight meet is not left to the machine.
    """
    look = (
        "SELECT one FROM unnest(%s::text[]) AS one "
        "WHERE NOT EXISTS (SELECT FROM shop_event WHERE event_id = ANY(%s::text[]))"
    )
    among = "SELECT DISTINCT event_id FROM shop_event WHERE event_id = ANY(%s::text[])"
    monkeypatch.setattr(event_log, "CLAIM_KEYS", look)
    monkeypatch.setitem(event_log.KEYS_AMONG, "postgresql", among)
    all_have_written = Barrier(8)

    def write_and_wait(_):
        with transaction.atomic():
            append_events(rows(500))
            all_have_written.wait(timeout=LONG)

    eight_at_once(write_and_wait)
    assert Event.objects.count() == 8 * 500


@pytest.mark.postgres
@pytest.mark.django_db
def test_each_month_lies_in_a_table_of_its_own_and_the_rest_waits():
    event_partitions.make_months([date(2024, 2, 1), date(2024, 12, 1)])
    edges = {
        "a": datetime(2024, 2, 1, tzinfo=UTC),
        "b": datetime(2024, 2, 29, 23, 59, 59, 999999, tzinfo=UTC),
        "c": datetime(2024, 12, 31, 23, 59, 59, tzinfo=UTC),
        "d": datetime(2024, 3, 1, tzinfo=UTC),
    }
    append_events(row(name, received_at=at) for name, at in edges.items())
    assert placed() == {
        "a": "shop_event_2024_02",
        "b": "shop_event_2024_02",
        "c": "shop_event_2024_12",
        "d": "shop_event_other",
    }
    assert event_partitions.make_months([date(2024, 3, 1)] * 2) == 1
    assert event_partitions.make_months([date(2024, 3, 1)]) == 0
    assert placed()["d"] == "shop_event_2024_03"
    assert Event.objects.count() == 4


def placed():
    with connection.cursor() as cursor:
        cursor.execute("SELECT event_id, tableoid::regclass::text FROM shop_event")
        return dict(cursor.fetchall())


@pytest.mark.django_db
def test_what_is_past_the_retention_is_forgotten_with_its_keys(settings):
    settings.EVENT_RETENTION_MONTHS = 2
    months = [date(2025, 12, 1), date(2026, 1, 1)]
    event_partitions.make_months(months)
    ages = {"december": (2025, 12, 31), "january": (2026, 1, 1), "march": (2026, 3, 1)}
    ages["unplaced"] = (2019, 5, 5)
    append_events(row(name, received_at=datetime(*on, tzinfo=UTC)) for name, on in ages.items())
    before = event_partitions.months_there()
    done = event_partitions.keep_months(NOW)
    assert done["events_forgotten"] == 2
    assert set(Event.objects.values_list("event_id", flat=True)) == {"january", "march"}
    assert set(EventKey.objects.values_list("pk", flat=True)) == {"january", "march"}
    if connection.vendor == "postgresql":
        assert done["months_dropped"] == 1
        assert months[0] in before
        assert months[0] not in event_partitions.months_there()
        assert date(2026, 6, 1) in event_partitions.months_there()
    assert event_partitions.keep_months(NOW) == {
        "months_made": 0, "months_dropped": 0, "events_forgotten": 0,
    }  # fmt: skip


@pytest.mark.django_db
def test_what_would_be_forgotten_at_once_is_refused(settings):
    settings.EVENT_RETENTION_MONTHS = 2
    old = {"event_id": "old", "kind": "view", "occurred_at": "2025-12-31T23:59:59Z"}
    new = {"event_id": "new", "kind": "view", "occurred_at": "2026-01-01T00:00:00Z"}
    outcome = record_events([old, new], received_at=NOW)
    assert [(one.index, one.field) for one in outcome.problems] == [(0, "occurred_at")]
    assert outcome.accepted == 1


@pytest.mark.django_db
def test_nothing_is_forgotten_unless_somebody_says_so():
    append_events([row("old", received_at=datetime(1999, 1, 1, tzinfo=UTC))])
    assert event_partitions.keep_months(NOW)["events_forgotten"] == 0
    assert Event.objects.count() == 1


@pytest.mark.postgres
@pytest.mark.django_db
def test_history_of_a_file_gets_its_months_and_a_dry_run_makes_none():
    frame = history()
    import_frames("events", frame, options=Options(dry_run=True))
    assert date(2023, 4, 1) not in event_partitions.months_there()
    import_frames("events", frame)
    assert placed() == {"h1": "shop_event_2023_04", "h2": "shop_event_2023_05"}
    assert import_frames("events", frame).unchanged == 2


def history():
    import polars as pl

    at = [datetime(2023, 4, 30, 12, tzinfo=UTC), datetime(2023, 5, 1, 12, tzinfo=UTC)]
    return pl.DataFrame({"event_id": ["h1", "h2"], "kind": ["view"] * 2, "occurred_at": at})


@pytest.mark.django_db
def test_a_file_cannot_bring_back_what_the_log_does_not_keep(settings):
    settings.EVENT_RETENTION_MONTHS = 2
    report = import_frames("events", history())
    assert (report.new, report.rejected) == (0, 2)
