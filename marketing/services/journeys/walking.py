"""Walk journeys: whose next step is due, what is sent, who enters. All of it may run twice, at
once, and die at any line.

A message is a row first (unique per enrolment and step) and leaves afterwards through hand_over.py.
Whoever is under way comes before the search for new ones. What breaks is held where it breaks
(faults.py), and raised once everything else is done.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.utils import timezone

from marketing.models import Channel, FaultAt, Journey, JourneyState, Send
from marketing.services.journeys.faults import Faults, forget_over, waits, went_well
from marketing.services.journeys.guests import back_in_stock_journeys, tell_guests
from marketing.services.journeys.journey_words import JourneyMessages
from marketing.services.journeys.outgoing import send_due
from marketing.services.journeys.search import enter
from marketing.services.journeys.stepping import step_due
from marketing.services.sending.hand_over import MessagePortError, log_missing, settle_interrupted

INTERRUPTED_AFTER = timedelta(minutes=10)


def walk(at: datetime | None = None) -> dict[str, int]:
    """One round of the clock: step, send, enter, and step and send whoever is new.

    Raises what broke once the round is over.
    """
    at = at or timezone.now()
    faults = Faults(at)
    done = {"entered": 0, "stepped": 0, "sent": 0, "guests": 0}
    old = Send.objects.filter(enrolment__isnull=False, handed_over_at__lt=at - INTERRUPTED_AFTER)
    settle_interrupted(old)
    _move_and_send(at, faults, done)
    done["entered"] = _enter_all(at, faults)
    if done["entered"]:
        _move_and_send(at, faults, done)
    done["guests"] = _tell_guests(at, faults)
    log_missing(_recent(at), lambda send: JourneyMessages(send.channel).label(send))
    forget_over(at)
    faults.raise_all()
    return done


def _move_and_send(at: datetime, faults: Faults, done: dict[str, int]) -> None:
    stepped, broken = 1, 0
    while stepped or broken:  # those who broke wait, and make room for those behind them
        before = faults.count
        stepped = step_due(at, faults)
        broken = faults.count - before
        done["stepped"] += stepped
        done["sent"] += send_due(at, faults)


def _enter_all(at: datetime, faults: Faults) -> int:
    entered = 0
    live = Journey.objects.filter(state=JourneyState.LIVE).select_related("live_version")
    for journey in live.order_by("pk"):
        if waits(journey.pk, FaultAt.SEARCH, at):
            continue
        with faults.held(FaultAt.SEARCH, journey.pk) as held:
            entered += enter(journey, at)
        if held.again_at is None:
            went_well(FaultAt.SEARCH, journey.pk)
    return entered


def _tell_guests(at: datetime, faults: Faults) -> int:
    journey, told = back_in_stock_journeys().first(), 0
    if journey is None or waits(journey.pk, FaultAt.GUESTS, at):
        return 0
    with faults.held(FaultAt.GUESTS, journey.pk) as held:
        try:
            told = tell_guests(at)
        except MessagePortError as error:
            faults.shut(Channel.EMAIL, error)
    if held.again_at is None:
        went_well(FaultAt.GUESTS, journey.pk)
    return told


def _recent(at: datetime) -> QuerySet[Send]:
    """Messages of journeys that left lately: the event log may lack what a dead worker sent."""
    since = at - timedelta(hours=1)
    recent = Send.objects.filter(enrolment__isnull=False, handed_over_at__gte=since)
    return recent.select_related("enrolment")
