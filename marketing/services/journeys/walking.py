"""Walk journeys: whose next step is due, what is sent, who enters. All of it may run twice, at
once, and die at any line.

A message is a row first (unique per enrolment and step) and leaves afterwards through hand_over.py.
Whoever is under way comes before the search for new ones. What breaks is held where it breaks
(faults.py), and raised once everything else is done. A round may last: who is due is asked as of its
beginning, so that it ends, and what may leave as of the moment at which it leaves.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from django.db.models import Max, QuerySet
from django.utils import timezone

from marketing.models import Channel, FaultAt, Journey, JourneySearch, JourneyState, Send
from marketing.services.journeys.faults import Faults, forget_over, waits, went_well
from marketing.services.journeys.guests import back_in_stock_journeys, tell_guests
from marketing.services.journeys.journey_words import JourneyMessages
from marketing.services.journeys.outgoing import send_due
from marketing.services.journeys.search import enter
from marketing.services.journeys.stepping import step_due
from marketing.services.sending.hand_over import MessagePortError, log_missing, settle_interrupted

INTERRUPTED_AFTER = timedelta(minutes=10)
LOGGED_WITHIN = timedelta(hours=1)  # a message's event, by the round that sent it or one after it
LOOKED_BACK = timedelta(days=7)  # at most: a shop without a live journey searches for nobody


def walk(at: datetime | None = None) -> dict[str, int]:
    """One round of the clock: step, send, enter, and step and send whoever is new.

    `at`: the clock stands still then. Raises what broke once the round is over.
    """
    now = timezone.now if at is None else lambda: at
    began = now()
    faults = Faults(began)
    done = {"entered": 0, "stepped": 0, "sent": 0, "guests": 0}
    old = Send.objects.filter(enrolment__isnull=False, handed_over_at__lt=began - INTERRUPTED_AFTER)
    settle_interrupted(old)
    log_missing(_since_the_last(began), lambda send: JourneyMessages(send.channel).label(send))
    _move_and_send(now, faults, done)
    done["entered"] = _enter_all(now(), faults)
    if done["entered"]:
        _move_and_send(now, faults, done)
    done["guests"] = _tell_guests(now(), faults)
    forget_over(began)
    faults.raise_all()
    return done


def _move_and_send(now: Callable[[], datetime], faults: Faults, done: dict[str, int]) -> None:
    stepped, broken = 1, 0
    faults.at = at = now()
    while stepped or broken:  # those who broke wait, and make room for those behind them
        before = faults.count
        stepped = step_due(at, faults)
        broken = faults.count - before
        done["stepped"] += stepped
        done["sent"] += send_due(at, faults, now)


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


def _since_the_last(at: datetime) -> QuerySet[Send]:
    """Messages of journeys that left lately: the event log may lack what a dead worker sent. Asked
    before the search, which knows when there was a round before this one, however long ago."""
    last = JourneySearch.objects.aggregate(last=Max("found_until"))["last"] or at
    since = max(min(at, last) - LOGGED_WITHIN, at - LOOKED_BACK)
    recent = Send.objects.filter(enrolment__isnull=False, handed_over_at__gte=since)
    return recent.select_related("enrolment")
