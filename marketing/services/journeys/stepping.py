"""Take the steps that are due: wait, branch, write a message down, leave.

A step is taken in one transaction under the lock of the enrolment; its outcome is read when the
enrolment moves on.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from decisions.services.experiments import in_share
from marketing.definitions.journey_plan import Instruction, Plan, read_plan, wait_of
from marketing.definitions.rules import customers_of
from marketing.models import (
    Enrolment,
    EnrolmentState,
    FaultAt,
    JourneyFault,
    JourneyState,
    JourneyVersion,
    LeaveReason,
    PulledStep,
    PullState,
    Segment,
    Send,
    SendState,
    SkipReason,
    StepVisit,
)
from marketing.services.journeys.carts import open_carts
from marketing.services.journeys.faults import Faults, resting, went_well
from marketing.services.journeys.journey_words import ordered_it
from shop.models import Order, OrderState

ROWS = 500
PULLED_AGAIN = timedelta(minutes=5)  # how often those who wait at a pulled message are looked at
MOST_STEPS = 100  # of one enrolment at one time: a plan has 40, and a branch takes two


def step_due(at: datetime, faults: Faults | None = None) -> int:
    """Move everybody whose next step is due as far as it goes now. Returns how many moved."""
    mine = faults or Faults(at)
    due = Enrolment.objects.filter(
        state=EnrolmentState.UNDER_WAY, due_at__lte=at, journey__state=JourneyState.LIVE
    ).exclude(journey__in=resting(at))
    pairs = list(due.order_by("due_at", "pk").values_list("pk", "journey_id", "version_id")[:ROWS])
    plans = _plans(pairs, mine)
    faulty = set(
        JourneyFault.objects.filter(
            where=FaultAt.STEP, enrolment__in=[pk for pk, *_rest in pairs]
        ).values_list("enrolment_id", flat=True)
    )
    moved = 0
    for pk, journey_id, version_id in pairs:
        if version_id not in plans or mine.rests(journey_id):
            continue
        with mine.held(FaultAt.STEP, journey_id, pk) as held, transaction.atomic():
            moved += _locked_and_moved(pk, plans[version_id], at)
        if held.again_at is not None:
            Enrolment.objects.filter(pk=pk, due_at__lte=at).update(due_at=held.again_at)
        elif pk in faulty:
            went_well(FaultAt.STEP, journey_id, pk)
    if faults is None:
        mine.raise_all()
    return moved


def _plans(rows: list[tuple[int, int, int]], faults: Faults) -> dict[int, Plan]:
    """Version → plan, of those whose definition can be read."""
    journeys = {version_id: journey_id for _pk, journey_id, version_id in rows}
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


def _locked_and_moved(pk: int, plan: Plan, at: datetime) -> int:
    locked = Enrolment.objects.select_for_update(of=("self",), skip_locked=True)
    enrolment = (
        locked.filter(pk=pk, state=EnrolmentState.UNDER_WAY, due_at__lte=at)
        .select_related("version", "customer")
        .first()
    )
    return _move(enrolment, plan, at) if enrolment is not None else 0


def _move(enrolment: Enrolment, plan: Plan, at: datetime) -> int:
    """Take steps until one has to wait. Whoever is left under way is due later, or has just had a
    message written down."""
    if reason := _why_leave(enrolment, plan, at):
        return _end(enrolment, EnrolmentState.LEFT, at, reason=reason)
    for _step in range(MOST_STEPS):
        if enrolment.position >= len(plan.program):
            return _end(enrolment, EnrolmentState.FINISHED, at)
        if not _take(enrolment, plan.program[enrolment.position], at):
            break
    enrolment.save(update_fields=["position", "due_at"])
    return 1


def _take(enrolment: Enrolment, step: Instruction, at: datetime) -> bool:
    """One instruction; False when what follows has to wait."""
    if step.kind == "goto":
        enrolment.position = step.jump
    elif step.kind == "when":
        says_yes = _holds(enrolment, step.data)
        _visited(enrolment, step.step, "yes" if says_yes else "no", at)
        enrolment.position = enrolment.position + 1 if says_yes else step.jump
    elif step.kind == "end":
        _visited(enrolment, step.step, "", at)
        enrolment.position = step.jump
    elif step.kind == "wait":
        _visited(enrolment, step.step, "", at)
        enrolment.position += 1
        enrolment.due_at = at + wait_of(step)
        return False
    else:
        return _take_send(enrolment, step, at)
    return True


def _take_send(enrolment: Enrolment, step: Instruction, at: datetime) -> bool:
    """Write the message down; once it has left or been skipped, go on. A pulled one waits for a
    person, or is skipped by her word."""
    pulled = PulledStep.objects.filter(version=enrolment.version_id, step=step.step)
    word = pulled.exclude(state=PullState.RELEASED).values_list("state", flat=True).first()
    mine = Send.objects.filter(enrolment=enrolment, step=step.step)
    if word == PullState.HELD and not mine.exclude(state=SendState.CLAIMED).exists():
        enrolment.due_at = at + PULLED_AGAIN
        return False
    send, created = Send.objects.get_or_create(
        enrolment=enrolment,
        step=step.step,
        defaults={
            "customer_id": enrolment.customer_id,
            "channel": step.data["channel"],
            "was_wished": bool(enrolment.context.get("wished")),
            "claimed_at": at,
            **(_skipped() if word == PullState.SKIPPED else _drawn(enrolment, step)),
        },
    )
    if created and send.state == SendState.CLAIMED:
        return False
    if send.state in (SendState.CLAIMED, SendState.SENDING):
        later = at + timedelta(minutes=1)
        enrolment.due_at = max(send.due_at or later, later)
        return False
    _visited(enrolment, step.step, send.reason or send.state, at)
    enrolment.position += 1
    return True


def _skipped() -> dict[str, Any]:
    return {"state": SendState.SKIPPED, "reason": SkipReason.PULLED}


def _drawn(enrolment: Enrolment, step: Instruction) -> dict[str, Any]:
    """Whether the step holds her out. By customer, so that a second cart finds her on the same side;
    written down with the chance that she had. What she asked for herself is no experiment."""
    rate = step.data["holdout_rate"]
    if not rate or enrolment.context.get("wished"):
        return {}
    drawn: dict[str, Any] = {"propensity": round(1 - rate, 6)}
    unit = f"journey:{enrolment.journey_id}:{step.step}"
    if in_share(unit, enrolment.customer.code, rate):
        drawn |= {"state": SendState.SKIPPED, "reason": SkipReason.HELD_OUT}
    return drawn


def _visited(enrolment: Enrolment, step: str, outcome: str, at: datetime) -> None:
    StepVisit.objects.get_or_create(
        enrolment=enrolment, step=step, defaults={"outcome": outcome, "visited_at": at}
    )


def _end(enrolment: Enrolment, state: str, at: datetime, reason: str = "") -> int:
    """What was written down for her and did not leave is taken back."""
    Send.objects.filter(enrolment=enrolment, state=SendState.CLAIMED).update(
        state=SendState.SKIPPED, reason=SkipReason.TAKEN_BACK
    )
    Enrolment.objects.filter(pk=enrolment.pk).update(
        state=state, reason=reason, ended_at=at, position=enrolment.position
    )
    return 1


def _why_leave(enrolment: Enrolment, plan: Plan, at: datetime) -> str:
    if "ordered" in plan.exits and _ordered_since(enrolment).exists():
        return LeaveReason.ORDERED
    if "ordered_it" in plan.exits and ordered_it([enrolment]):
        return LeaveReason.ORDERED
    if plan.trigger == "cart_left":
        cart = open_carts([enrolment.customer_id], at).get(enrolment.customer_id)
        if cart is None or f"cart:{cart.began_with}" != enrolment.key:
            return LeaveReason.NOTHING_LEFT
    return ""


def _holds(enrolment: Enrolment, condition: Mapping[str, Any]) -> bool:
    [(word, value)] = condition.items()
    if word in ("opened", "clicked"):
        seen = {f"{word}_at__isnull": False}
        return Send.objects.filter(enrolment=enrolment, step=value, **seen).exists()
    if word == "ordered":
        return _ordered_since(enrolment).exists() == value
    segment = Segment.objects.filter(code=value).first()
    return bool(segment and customers_of(segment.rule).filter(pk=enrolment.customer_id).exists())


def _ordered_since(enrolment: Enrolment) -> QuerySet[Order]:
    return Order.objects.filter(
        customer=enrolment.customer_id, placed_at__gte=enrolment.entered_at
    ).exclude(state=OrderState.CANCELLED)
