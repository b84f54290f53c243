"""Walk journeys: who enters, whose next step is due, what is sent. All of it may run twice, at
once, and die at any line.

A step is taken in one transaction under the lock of the enrolment. A message is a row first
(unique per enrolment and step) and leaves afterwards through hand_over.py; its outcome is read
when the enrolment moves on.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from decisions.services.experiments import in_global_holdout, in_share
from marketing.definitions.journey_plan import Instruction, Plan, read_plan, wait_of
from marketing.definitions.rules import customers_of
from marketing.models import (
    Enrolment,
    EnrolmentState,
    Journey,
    JourneyState,
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
from marketing.services.journeys.guests import tell_guests
from marketing.services.journeys.journey_words import JourneyMessages, ordered_it
from marketing.services.journeys.triggers import causes
from marketing.services.sending.channel_health import ChannelClosedError
from marketing.services.sending.hand_over import (
    BATCH,
    MessagePortError,
    hand_over,
    log_missing,
    opened,
    settle_interrupted,
)
from marketing.texts.standards import lives_elsewhere
from shop.chunks import chunks
from shop.models import Customer, Order, OrderState
from shop.services import waitlist

ROWS = 500
PULLED_AGAIN = timedelta(minutes=5)  # how often those who wait at a pulled message are looked at
MOST_STEPS = 100  # of one enrolment at one time: a plan has 40, and a branch takes two
INTERRUPTED_AFTER = timedelta(minutes=10)
TOLD_WITHIN = timedelta(days=1)  # how far back a round looks for what an earlier one broke off


def walk(at: datetime | None = None) -> dict[str, int]:
    """One round of the clock: enter, step, send."""
    at = at or timezone.now()
    done = {"entered": 0, "stepped": 0, "sent": 0, "guests": 0}
    for journey in Journey.objects.filter(state=JourneyState.LIVE).select_related("live_version"):
        done["entered"] += enter(journey, at)
    old = Send.objects.filter(enrolment__isnull=False, handed_over_at__lt=at - INTERRUPTED_AFTER)
    settle_interrupted(old)
    while stepped := step_due(at):
        done["stepped"] += stepped
        done["sent"] += send_due(at)
    done["sent"] += send_due(at)
    done["guests"] = tell_guests(at)
    log_missing(_recent(at), lambda send: JourneyMessages(send.channel).label(send))
    return done


def enter(journey: Journey, at: datetime) -> int:
    """Write down whom a cause lets in; the same cause lets nobody in twice."""
    version, since = journey.live_version, journey.live_since
    if version is None or since is None:
        return 0
    entered, plan = 0, read_plan(version.definition)
    for chunk in chunks(causes(plan, since, at), ROWS):
        people = Customer.objects.filter(pk__in={c.customer_id for c in chunk})
        codes = {
            pk: code
            for pk, code, country in people.values_list("pk", "code", "country")
            if not lives_elsewhere(country, plan.market)  # its texts were read by other rules
        }
        rows = [
            Enrolment(
                journey=journey, version=version, customer_id=cause.customer_id,
                key=cause.key[:120], context=cause.context, entered_at=at, due_at=at,
                state=_side(journey, codes[cause.customer_id]),
            )
            for cause in chunk
            # What she asked for herself is owed to her, whoever is kept out of everything else.
            if cause.context.get("wished") or not in_global_holdout(f"customer:{cause.customer_id}")
            if cause.customer_id in codes
        ]  # fmt: skip
        known = set(
            Enrolment.objects.filter(
                journey=journey, customer__in=codes, key__in={row.key for row in rows}
            ).values_list("customer_id", "key")
        )
        new = [row for row in rows if (row.customer_id, row.key) not in known]
        Enrolment.objects.bulk_create(new, ignore_conflicts=True)
        entered += len(new)
    return entered


def step_due(at: datetime) -> int:
    """Move everybody whose next step is due as far as it goes now. Returns how many moved."""
    due = Enrolment.objects.filter(
        state=EnrolmentState.UNDER_WAY, due_at__lte=at, journey__state=JourneyState.LIVE
    )
    moved = 0
    for pk in list(due.order_by("due_at", "pk").values_list("pk", flat=True)[:ROWS]):
        with transaction.atomic():
            locked = Enrolment.objects.select_for_update(of=("self",), skip_locked=True)
            enrolment = (
                locked.filter(pk=pk, state=EnrolmentState.UNDER_WAY, due_at__lte=at)
                .select_related("version", "customer")
                .first()
            )
            if enrolment is not None:
                moved += _move(enrolment, at)
    return moved


def send_due(at: datetime) -> int:
    """Hand over what the steps have written down. One customer at most once a batch."""
    held = PulledStep.objects.filter(
        version=OuterRef("enrolment__version"), step=OuterRef("step"), state=PullState.HELD
    )
    waiting = (
        Send.objects.filter(
            ~Exists(held),
            Q(due_at=None) | Q(due_at__lte=at),
            state=SendState.CLAIMED,
            enrolment__journey__state=JourneyState.LIVE,
        )
        .order_by("pk")
        .values_list("pk", "customer_id", "channel")
    )
    sent, closed, resting = 0, dict[str, MessagePortError](), set[str]()
    for channel, batch in _batches(waiting[: ROWS * 4]):
        if channel in closed or channel in resting:
            continue
        try:
            with opened(channel) as ports:
                sent += len(hand_over(batch, JourneyMessages(channel), ports, at=at).sent)
        except ChannelClosedError:
            resting.add(channel)  # for a while, as its monitor says: no fault of this round
        except MessagePortError as error:
            closed[channel] = error  # the others have a way out of their own
    _tell_waiting(at)
    if closed:
        raise next(iter(closed.values()))
    return sent


def _tell_waiting(at: datetime) -> None:
    """Whoever was told that it is back waits no more: read from the rows, so that a round which
    broke off in between is made good by the next."""
    told = Send.objects.filter(
        state__in=(SendState.SENT, SendState.UNKNOWN), was_wished=True,
        campaign__isnull=True, handed_over_at__gte=at - TOLD_WITHIN,
    )  # fmt: skip
    contexts = told.values_list("enrolment__context", flat=True)
    waitlist.tell(found["waitlist"] for found in contexts if found.get("waitlist"))


def _batches(rows: Any) -> Iterator[tuple[str, list[int]]]:
    """Batches of one channel in which no customer stands twice: the cap of each is asked anew."""
    open_: dict[str, dict[int, int]] = defaultdict(dict)
    for pk, customer_id, channel in list(rows):
        batch = open_[channel]
        if customer_id in batch or len(batch) == BATCH:
            yield channel, list(batch.values())
            batch.clear()
        batch[customer_id] = pk
    for channel, batch in open_.items():
        if batch:
            yield channel, list(batch.values())


def _side(journey: Journey, customer_code: str) -> str:
    held = in_share(f"journey:{journey.pk}", customer_code, journey.holdout_rate)
    return EnrolmentState.HELD_OUT if held else EnrolmentState.UNDER_WAY


def _move(enrolment: Enrolment, at: datetime) -> int:
    """Take steps until one has to wait. Whoever is left under way is due later, or has just had a
    message written down."""
    plan = read_plan(enrolment.version.definition)
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


def _recent(at: datetime) -> QuerySet[Send]:
    """Messages of journeys that left lately: the event log may lack what a dead worker sent."""
    since = at - timedelta(hours=1)
    recent = Send.objects.filter(enrolment__isnull=False, handed_over_at__gte=since)
    return recent.select_related("enrolment")
