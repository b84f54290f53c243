"""What breaks in one round of the clock: written down, tried again later, raised at the end.

One journey with a bad definition, or one customer on whom the code stumbles, must stop nobody else;
so whatever breaks within one of them is held there. Nothing is swallowed: each fault is a row on
the journey's page, stands in the log with its traceback, and ends the task as failed once the round
is over. What cannot be written down (the database is gone) stops the round at once, as does a
worker that is being stopped.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from celery.exceptions import SoftTimeLimitExceeded
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from marketing.models import EnrolmentState, FaultAt, JourneyFault, Send, SendState
from marketing.services.sending.hand_over import MessagePortError

log = logging.getLogger(__name__)
MOST_BROKEN = 25  # customers of one journey in one round
OF_ONE = (FaultAt.STEP, FaultAt.MESSAGE)
FIRST_AGAIN, LAST_AGAIN = timedelta(minutes=1), timedelta(hours=6)


class Faults:
    """Of one round. at: what breaks is tried again so long after that."""

    def __init__(self, at: datetime):
        self.at = at
        self._raised: list[Exception] = []
        self._shut: set[str] = set()
        self._broken: Counter[tuple[int, FaultAt]] = Counter()

    @contextmanager
    def held(
        self, where: FaultAt, journey_id: int, enrolment_id: int | None = None
    ) -> Iterator[Held]:
        """Whatever breaks inside is written down. The caller undoes what is half done: it holds
        its own transaction inside."""
        held = Held()
        try:
            yield held
        except (MessagePortError, SoftTimeLimitExceeded):
            raise
        except Exception as fault:  # noqa: BLE001 - written down, logged, and raised at the end
            held.again_at = self.write(fault, where, journey_id, enrolment_id)

    def write(
        self, fault: Exception, where: FaultAt, journey_id: int, enrolment_id: int | None = None
    ) -> datetime:
        """A row, a line in the log; returns when it is tried again."""
        log.error("Journey %s, enrolment %s, %s", journey_id, enrolment_id, where, exc_info=fault)
        self._raised.append(fault)
        if enrolment_id is not None:
            self._broken[journey_id, where] += 1
            if self._broken[journey_id, where] == MOST_BROKEN:
                _written(fault, where, journey_id, None, self.at)
        return _written(fault, where, journey_id, enrolment_id, self.at)

    @property
    def count(self) -> int:
        return len(self._raised)

    def rests(self, journey_id: int) -> bool:
        """So many of its customers broke in this round that it is no matter of one: all wait."""
        return any(self._broken[journey_id, where] >= MOST_BROKEN for where in OF_ONE)

    def note(self, fault: Exception) -> None:
        """What another row tells already."""
        log.error("A message of a journey broke", exc_info=fault)
        self._raised.append(fault)

    def shut(self, channel: str, error: Exception) -> None:
        """Nothing more leaves there in this round: closed, or broken in a way that nobody foresaw
        (its message has the error). What waits for it holds up no other channel."""
        log.error("The way out for %s: %s", channel, error, exc_info=error)
        if channel not in self._shut:
            self._raised.append(error)
        self._shut.add(channel)

    def rest_channel(self, channel: str) -> None:
        """It is closed for a while, as its monitor says: no fault of this round."""
        self._shut.add(channel)

    def is_shut(self, channel: str) -> bool:
        return channel in self._shut

    def raise_all(self) -> None:
        """So that the worker sees that not all went well: the one fault itself, or all of them as
        an ExceptionGroup."""
        if len(self._raised) == 1:
            raise self._raised[0]
        if self._raised:
            raise ExceptionGroup("journeys went on without what broke", self._raised)


class Held:
    """`again_at`: when what broke is tried again; None while nothing has."""

    again_at: datetime | None = None


def waits(journey_id: int, where: FaultAt, at: datetime) -> bool:
    """Whether the journey is not to be tried again yet."""
    return JourneyFault.objects.filter(
        journey=journey_id, enrolment=None, where=where, next_at__gt=at
    ).exists()


def went_well(where: FaultAt, journey_id: int, enrolment_id: int | None = None) -> None:
    JourneyFault.objects.filter(journey=journey_id, enrolment=enrolment_id, where=where).delete()


def resting(at: datetime) -> QuerySet[JourneyFault, Any]:
    """Journeys in which nobody moves until they are tried again: a definition that cannot be read,
    or too many customers of whom each breaks."""
    whole = JourneyFault.objects.filter(enrolment=None, next_at__gt=at)
    return whole.filter(where__in=(FaultAt.PLAN, *OF_ONE)).values("journey_id")


def forget_over(at: datetime) -> None:
    """Of whoever is not under way any more, of messages that wait no longer, and of journeys that
    were tried again and did not break as a whole."""
    whole = JourneyFault.objects.filter(enrolment=None, where__in=OF_ONE)
    whole.filter(next_at__lte=at, last_at__lt=at).delete()
    of_one = JourneyFault.objects.filter(enrolment__isnull=False)
    of_one.exclude(enrolment__state=EnrolmentState.UNDER_WAY).delete()
    waiting = Send.objects.filter(enrolment=OuterRef("enrolment"), state=SendState.CLAIMED)
    of_one.filter(~Exists(waiting), where=FaultAt.MESSAGE).delete()


@transaction.atomic
def _written(
    fault: Exception, where: FaultAt, journey_id: int, enrolment_id: int | None, at: datetime
) -> datetime:
    said = f"{type(fault).__name__}: {fault}"[:300]
    known = JourneyFault.objects.select_for_update().filter(
        journey=journey_id, enrolment=enrolment_id, where=where
    )
    row = known.first()
    attempts = row.attempts + 1 if row else 1
    again_at = at + min(FIRST_AGAIN * 2 ** min(attempts - 1, 20), LAST_AGAIN)
    if row is None:
        JourneyFault.objects.bulk_create(
            [
                JourneyFault(
                    journey_id=journey_id, enrolment_id=enrolment_id, where=where, error=said,
                    first_at=at, last_at=at, next_at=again_at,
                )
            ],
            ignore_conflicts=True,  # a clock beside this one was quicker
        )  # fmt: skip
    else:
        known.update(attempts=attempts, error=said, last_at=at, next_at=again_at)
    return again_at
