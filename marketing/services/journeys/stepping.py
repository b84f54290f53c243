"""Take the steps that are due: wait, branch, write a message down, leave.

Steps are taken in one transaction under the locks of some enrolments, and where that breaks, of each
alone; the outcome of a message is read when the enrolment moves on.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from celery.exceptions import SoftTimeLimitExceeded
from django.db import transaction

from marketing.definitions.journey_plan import Instruction, Plan, read_plan, wait_of
from marketing.models import (
    Enrolment,
    EnrolmentState,
    FaultAt,
    JourneyFault,
    JourneyState,
    JourneyVersion,
    PullState,
    SendState,
    SkipReason,
)
from marketing.services.journeys.discounts import Discounts
from marketing.services.journeys.draws import Drawn, drawn_for
from marketing.services.journeys.faults import Faults, resting, went_well
from marketing.services.journeys.together import Together
from shop.services.events.event_rows import among

log = logging.getLogger(__name__)
ROWS = 500
AT_ONCE = 100  # enrolments that are locked and moved in one transaction
PULLED_AGAIN = timedelta(minutes=5)  # how often those who wait at a pulled message are looked at
MOST_STEPS = 100  # of one enrolment at one time: a plan has 40, and a branch takes two


class Due(NamedTuple):
    """An enrolment whose next step is due."""

    pk: int
    journey_id: int
    version_id: int


def step_due(at: datetime, faults: Faults | None = None) -> int:
    """Move everybody whose next step is due as far as it goes now. Returns how many moved."""
    mine = faults or Faults(at)
    rows = Enrolment.objects.filter(
        state=EnrolmentState.UNDER_WAY, due_at__lte=at, journey__state=JourneyState.LIVE
    ).exclude(journey__in=resting(at))
    fields = rows.order_by("due_at", "pk").values_list("pk", "journey_id", "version_id")
    due = [Due(*row) for row in fields[:ROWS]]
    going = _Round(at, mine, _plans(due, mine), _faulty(due))
    moved = sum(going.move(batch) for batch in going.batches(due))
    if faults is None:
        mine.raise_all()
    return moved


def _faulty(due: Collection[Due]) -> set[int]:
    """Those on whom an earlier round broke."""
    known = JourneyFault.objects.filter(
        where=FaultAt.STEP, enrolment__in=among(one.pk for one in due)
    )
    return set(known.values_list("enrolment_id", flat=True))


class _Round:
    """One call of the clock. faulty: on whom an earlier one broke; each of them is moved alone."""

    def __init__(self, at: datetime, faults: Faults, plans: Mapping[int, Plan], faulty: set[int]):
        self.at, self.faults, self.plans, self.faulty = at, faults, plans, faulty
        self._discounts = Discounts(at)

    def batches(self, due: Sequence[Due]) -> Iterator[list[Due]]:
        """Without those whose definition cannot be read."""
        readable = [one for one in due if one.version_id in self.plans]
        yield from ([one] for one in readable if one.pk in self.faulty)
        well = [one for one in readable if one.pk not in self.faulty]
        yield from (well[start : start + AT_ONCE] for start in range(0, len(well), AT_ONCE))

    def move(self, batch: Sequence[Due]) -> int:
        """Together in one transaction. Where that breaks nothing of it is kept, and each is moved
        alone: only she waits on whom it breaks."""
        mine = [one for one in batch if not self.faults.rests(one.journey_id)]
        if len(mine) > 1:
            try:
                with transaction.atomic():
                    return self._locked_and_moved(mine)
            except SoftTimeLimitExceeded:
                raise
            except Exception:
                log.warning(
                    "%d enrolments break together: each is moved alone", len(mine), exc_info=True
                )
        return sum(self._move_alone(one) for one in mine)

    def _move_alone(self, one: Due) -> int:
        moved = 0
        if self.faults.rests(one.journey_id):
            return moved
        with (
            self.faults.held(FaultAt.STEP, one.journey_id, one.pk) as held,
            transaction.atomic(),
        ):
            moved = self._locked_and_moved([one])
        if held.again_at is not None:
            still = Enrolment.objects.filter(pk=one.pk, due_at__lte=self.at)
            still.update(due_at=held.again_at)
        elif one.pk in self.faulty:
            went_well(FaultAt.STEP, one.journey_id, one.pk)
        return moved

    def _locked_and_moved(self, batch: Sequence[Due]) -> int:
        """Whom another clock holds is left to it."""
        locked = Enrolment.objects.select_for_update(of=("self",), skip_locked=True).filter(
            pk__in=among(one.pk for one in batch),
            state=EnrolmentState.UNDER_WAY,
            due_at__lte=self.at,
        )
        roads = list(locked.select_related("customer").order_by("pk"))
        if not roads:
            return 0
        now = Together(roads, self.plans, self.at, self._discounts)
        for road in roads:
            _move(road, now)
        now.write()
        return len(roads)


def _plans(due: Collection[Due], faults: Faults) -> dict[int, Plan]:
    """Version → plan, of those whose definition can be read."""
    journeys = {one.version_id: one.journey_id for one in due}
    plans: dict[int, Plan] = {}
    broken = set()
    for version in JourneyVersion.objects.filter(pk__in=journeys).order_by("pk"):
        with faults.held(FaultAt.PLAN, version.journey_id):
            plans[version.pk] = read_plan(version.definition)
        if version.pk not in plans:
            broken.add(version.journey_id)
    known = JourneyFault.objects.filter(where=FaultAt.PLAN, journey__in=set(journeys.values()))
    known.exclude(journey__in=broken).delete()
    return plans


def _move(enrolment: Enrolment, now: Together) -> None:
    """Take steps until one has to wait. Whoever is left under way is due later, or has just had a
    message written down."""
    if reason := now.why_leave(enrolment):
        return now.end(enrolment, EnrolmentState.LEFT, reason)
    program, was = now.plans[enrolment.version_id].program, (enrolment.position, enrolment.due_at)
    for _step in range(MOST_STEPS):
        if enrolment.position >= len(program):
            return now.end(enrolment, EnrolmentState.FINISHED)
        if not _take(enrolment, program[enrolment.position], now):
            break
    if (enrolment.position, enrolment.due_at) != was:
        now.stay(enrolment)
    return None


def _take(enrolment: Enrolment, step: Instruction, now: Together) -> bool:
    """One instruction; False when what follows has to wait."""
    if step.kind == "goto":
        enrolment.position = step.jump
    elif step.kind == "when":
        says_yes = _holds(enrolment, step.data, now)
        now.visited(enrolment, step.step, "yes" if says_yes else "no")
        enrolment.position = enrolment.position + 1 if says_yes else step.jump
    elif step.kind == "end":
        now.visited(enrolment, step.step, "")
        enrolment.position = step.jump
    elif step.kind == "wait":
        now.visited(enrolment, step.step, "")
        enrolment.position += 1
        enrolment.due_at = now.at + wait_of(step)
        return False
    else:
        return _take_send(enrolment, step, now)
    return True


def _take_send(enrolment: Enrolment, step: Instruction, now: Together) -> bool:
    """Write the message down; once it has left or been skipped, go on. A pulled copy waits for a
    person, or is skipped by her word."""
    send = now.send_of(enrolment, step.step)
    drawn = drawn_for(enrolment, step, now.discounts) if send is None else None
    name = drawn.copy if drawn else send.copy_name if send else ""
    word = now.pulled.get((enrolment.version_id, step.step, name))
    if word == PullState.HELD and (send is None or send.state == SendState.CLAIMED):
        enrolment.due_at = now.at + PULLED_AGAIN
        return False
    if send is None:
        wished = {"was_wished": bool(enrolment.context.get("wished"))}
        columns = {"channel": step.data["channel"]} | wished | _columns(drawn, word)
        send = now.send(enrolment, step.step, columns)
        if send.state == SendState.CLAIMED:
            return False
    if send.state in (SendState.CLAIMED, SendState.SENDING):
        later = now.at + timedelta(minutes=1)
        enrolment.due_at = max(send.due_at or later, later)
        return False
    now.visited(enrolment, step.step, send.reason or send.state)
    enrolment.position += 1
    return True


def _columns(drawn: Drawn | None, word: str | None) -> dict[str, Any]:
    """A text that nobody gets any more is no experiment; of a variant whoever is drawn for it counts
    in it all the same, as in a campaign, and whoever is held out is."""
    columns = dict(drawn.columns) if drawn else {}
    if word != PullState.SKIPPED:
        return columns
    skipped = {"state": SendState.SKIPPED, "reason": SkipReason.PULLED}
    if drawn is None or not drawn.copy:
        return skipped
    return columns if columns.get("state") else columns | skipped


def _holds(enrolment: Enrolment, condition: Mapping[str, Any], now: Together) -> bool:
    [(word, value)] = condition.items()
    if word in ("opened", "clicked"):
        send = now.send_of(enrolment, value)
        return send is not None and getattr(send, f"{word}_at") is not None
    if word == "ordered":
        return now.has_ordered(enrolment) == value
    return now.is_in(value, enrolment)
