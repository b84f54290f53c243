"""Tracked segments note who enters and leaves; journeys start there; twice is once."""

from datetime import timedelta

import pytest

from decisions.models import Job
from marketing.definitions.journey_plan import PlanError, read_plan
from marketing.models import SegmentChange, SegmentMember
from marketing.services.audiences import memberships
from marketing.services.audiences.memberships import refresh_membership, refresh_memberships
from marketing.services.journeys.causes import Span
from marketing.services.journeys.triggers import segment_entered
from tests.factories import make_customer
from tests.factories_marketing import AS_OF, Quiet, make_segment

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
BRITISH = {"all": [{"field": "country", "op": "is", "value": "GB"}]}


def changes() -> list[tuple[str, bool]]:
    rows = SegmentChange.objects.order_by("pk").values_list("customer__code", "entered")
    return list(rows)


def members(segment) -> set[str]:
    return set(segment.members.values_list("customer__code", flat=True))


def test_who_enters_and_leaves_is_noted_once():
    first, second = make_customer("A", country="GB"), make_customer("B", country="FR")
    segment = make_segment(BRITISH)
    assert refresh_membership(segment, AS_OF) == {"entered": 0, "left": 0}  # a start is no change
    assert members(segment) == {"A"}
    assert changes() == []
    first.country, second.country = "FR", "GB"
    first.save()
    second.save()
    assert refresh_membership(segment, AS_OF + HOUR) == {"entered": 1, "left": 1}
    assert refresh_membership(segment, AS_OF + HOUR) == {"entered": 0, "left": 0}
    assert changes() == [("B", True), ("A", False)]
    assert members(segment) == {"B"}
    assert segment.members.get().since == AS_OF + HOUR


def test_a_changed_rule_is_a_new_start():
    make_customer("A", country="GB")
    make_customer("B", country="FR")
    segment = make_segment(BRITISH)
    refresh_membership(segment, AS_OF)
    segment.rule = {}
    segment.save()
    refresh_membership(segment, AS_OF + HOUR)
    assert members(segment) == {"A", "B"}
    assert changes() == []


def test_killed_half_way_it_goes_on(monkeypatch):
    segment = make_segment(BRITISH)
    refresh_membership(segment, AS_OF)
    for number in range(5):
        make_customer(f"A{number}", country="GB")
    monkeypatch.setattr(memberships, "CHUNK", 2)
    write, calls = memberships._write, []

    def dies(*args, **options):
        if len(calls) == 2:
            raise KeyboardInterrupt
        calls.append(1)
        return write(*args, **options)

    monkeypatch.setattr(memberships, "_write", dies)
    with pytest.raises(KeyboardInterrupt):
        refresh_membership(segment, AS_OF + HOUR)
    monkeypatch.setattr(memberships, "_write", write)
    assert SegmentMember.objects.count() == 4
    refresh_membership(segment, AS_OF + 2 * HOUR)
    assert len(changes()) == SegmentMember.objects.count() == 5


def test_the_night_keeps_tracked_segments_alone():
    make_customer("A", country="GB")
    segment, other = make_segment(BRITISH), make_segment(BRITISH, code="other")
    segment.is_tracked = True
    segment.save()
    assert list(refresh_memberships(Quiet(), AS_OF)) == ["everybody"]
    assert members(other) == set()


def plan_of(segment: str):
    text = {"en": {"subject": "Hello", "body": "Hello"}}
    return read_plan({"trigger": {"on": "segment_entered", "segment": segment},
                      "steps": [{"id": "a", "send": "email", "texts": text}]})  # fmt: skip


def test_a_journey_starts_where_a_segment_is_entered():
    make_customer("A", country="GB")
    late = make_customer("B", country="FR")
    segment, options = make_segment(BRITISH), plan_of("everybody").options
    refresh_membership(segment, AS_OF)

    def found(since, at):
        return segment_entered(options, Span(since, AS_OF, at, at), []).causes

    assert found(AS_OF, AS_OF) == []  # who was there before enters nothing
    late.country = "GB"
    late.save()
    soon, later = AS_OF + HOUR / 12, AS_OF + HOUR
    assert found(AS_OF, soon) == []  # looked at five minutes ago
    assert not Job.objects.exists()
    assert found(AS_OF, later) == []  # the clock asks for a look, and does not look itself
    assert found(AS_OF, later) == []
    [job] = Job.objects.all()
    assert (job.kind, job.payload) == ("follow_segment", {"segment": segment.pk})
    refresh_membership(segment, later)
    [cause] = found(AS_OF, later)
    assert cause.customer_id == late.pk
    assert [one.key for one in found(AS_OF, later + HOUR)] == [cause.key]
    assert found(later + HOUR, later + HOUR) == []
    assert segment.changes.count() == 1


def test_the_trigger_names_a_segment():
    with pytest.raises(PlanError, match="segment"):
        read_plan({"trigger": {"on": "segment_entered"}, "steps": []})
    with pytest.raises(PlanError, match="code of a segment"):
        plan_of("")
