"""What is slow is counted once and shown with its age; what is quick is counted for each reader."""

from datetime import timedelta

import pytest
from django.utils import timezone

from decisions.models import Job, Snapshot
from decisions.services import snapshots

pytestmark = pytest.mark.django_db
NOW = timezone.now()


class Counter:
    def __init__(self, clock=None, seconds=0.0):
        self.calls, self.clock, self.seconds = 0, clock, seconds

    def __call__(self, at):
        self.calls += 1
        if self.clock:
            self.clock[0] += self.seconds
        return {"calls": self.calls}


@pytest.fixture
def clock(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(snapshots.time, "perf_counter", lambda: now[0])
    return now


def test_what_is_quick_is_counted_every_time_and_written_nowhere(clock):
    count = Counter(clock, 0.2)
    for number in (1, 2):
        found = snapshots.shown("x:1", count, NOW)
        assert (found.payload, found.is_stored, found.as_of) == ({"calls": number}, False, NOW)
    assert not Snapshot.objects.exists()


def test_what_is_slow_is_counted_once_and_says_how_old_it_is(clock):
    count = Counter(clock, 17.0)
    assert not snapshots.shown("x:1", count, NOW).is_stored
    later = snapshots.shown("x:1", count, NOW + timedelta(hours=3))
    assert (later.payload, later.is_stored, later.as_of) == ({"calls": 1}, True, NOW)
    assert count.calls == 1
    snapshots.take("x:1", count, NOW + timedelta(hours=4))
    assert snapshots.shown("x:1", count, NOW).payload == {"calls": 2}


def test_what_has_become_quick_is_counted_for_each_reader_again(clock):
    snapshots.keep("x:1", {"old": 1}, as_of=NOW, seconds=0.5)
    assert not snapshots.shown("x:1", Counter(clock, 0.1), NOW).is_stored


def test_an_older_count_never_takes_the_place_of_a_newer_one():
    snapshots.keep("x:1", {"n": 2}, as_of=NOW, seconds=5)
    snapshots.keep("x:1", {"n": 1}, as_of=NOW - timedelta(hours=1), seconds=5)
    assert Snapshot.objects.get().payload == {"n": 2}


def test_what_was_counted_before_an_end_does_not_serve_after_it(clock):
    snapshots.keep("x:1", {"old": 1}, as_of=NOW - timedelta(hours=5), seconds=17)
    count = Counter(clock, 17)
    found = snapshots.shown("x:1", count, NOW, not_before=NOW - timedelta(hours=1))
    assert (found.payload, found.is_stored) == ({"calls": 1}, False)
    assert snapshots.shown("x:1", count, NOW, not_before=NOW - timedelta(hours=1)).is_stored


def test_who_asks_twice_gets_one_job():
    assert snapshots.ask_refresh("count_effects", "effects:campaign:1", {})
    assert not snapshots.ask_refresh("count_effects", "effects:campaign:1", {})
    assert Job.objects.filter(kind="count_effects").count() == 1
    assert snapshots.is_refreshing("effects:campaign:1")
    assert not snapshots.is_refreshing("effects:campaign:11")
