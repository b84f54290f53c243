"""Hand over what the steps have written down, each channel in its own turn."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta

from celery.exceptions import SoftTimeLimitExceeded
from django.db.models import Exists, OuterRef, Q

from marketing.models import Channel, FaultAt, JourneyState, PulledStep, PullState, Send, SendState
from marketing.services.journeys.faults import Faults, resting
from marketing.services.journeys.journey_words import JourneyMessages
from marketing.services.sending.channel_health import ChannelClosedError
from marketing.services.sending.hand_over import BATCH, MessagePortError, hand_over, opened
from shop.services import waitlist

AT_ONCE = 2000  # of one channel
TOLD_WITHIN = timedelta(days=1)  # how far back a round looks for what an earlier one broke off


def send_due(at: datetime, faults: Faults | None = None) -> int:
    """Returns how many left. However many wait for one channel, they hold up no other.

    Without `faults`, raises what broke once all channels had their turn.
    """
    mine, sent = faults or Faults(at), 0
    for channel in Channel.values:
        if not mine.is_shut(channel):
            for batch in _batches(_waiting(channel, at)):
                sent += _send(channel, batch, at, mine)
    _tell_waiting(at)
    if faults is None:
        mine.raise_all()
    return sent


def _waiting(channel: str, at: datetime) -> list[tuple[int, int]]:
    """(send, customer) that may leave on this channel now, oldest first."""
    held = PulledStep.objects.filter(
        version=OuterRef("enrolment__version"), step=OuterRef("step"), state=PullState.HELD
    )
    waiting = Send.objects.filter(
        ~Exists(held),
        Q(due_at=None) | Q(due_at__lte=at),
        state=SendState.CLAIMED,
        channel=channel,
        enrolment__journey__state=JourneyState.LIVE,
    ).exclude(enrolment__journey__in=resting(at))
    return list(waiting.order_by("pk").values_list("pk", "customer_id")[:AT_ONCE])


def _batches(rows: Iterable[tuple[int, int]]) -> Iterator[list[int]]:
    """Batches in which no customer stands twice: the cap of each is asked anew."""
    batch: dict[int, int] = {}
    for pk, customer_id in rows:
        if customer_id in batch or len(batch) == BATCH:
            yield list(batch.values())
            batch.clear()
        batch[customer_id] = pk
    if batch:
        yield list(batch.values())


def _send(channel: str, batch: list[int], at: datetime, faults: Faults) -> int:
    """Nothing where the way out is closed, or does not open at all."""
    if faults.is_shut(channel):
        return 0
    with ExitStack() as open_now:
        try:
            ports = open_now.enter_context(opened(channel))
        except SoftTimeLimitExceeded:
            raise
        except ChannelClosedError:
            faults.rest_channel(channel)
            return 0
        except Exception as error:  # noqa: BLE001 - logged, and raised at the end
            faults.shut(channel, error)
            return 0
        try:
            return len(hand_over(batch, JourneyMessages(channel), ports, at=at).sent)
        except ChannelClosedError:
            faults.rest_channel(channel)
            return 0
        except MessagePortError as error:
            faults.shut(channel, error)
            return 0
        except SoftTimeLimitExceeded:
            raise
        except Exception as error:  # noqa: BLE001 - judged by what the rows say; raised at the end
            fault = error
    return _after(fault, channel, batch, at, faults)


def _after(fault: Exception, channel: str, batch: list[int], at: datetime, faults: Faults) -> int:
    """The port broke (its message says so): nothing more goes there. Else one message broke while
    it was decided on or written: each is tried alone, and that one waits."""
    rows = Send.objects.filter(pk__in=batch)
    if rows.filter(state__in=(SendState.UNKNOWN, SendState.SENDING), handed_over_at=at).exists():
        faults.shut(channel, fault)
        return 0
    waiting = list(rows.filter(state=SendState.CLAIMED).order_by("pk").values_list("pk", flat=True))
    if batch == waiting and len(batch) == 1:
        _set_aside(batch[0], fault, faults)
        return 0
    if len(waiting) < len(batch):
        faults.note(fault)  # the row of what cannot be written has the error, and is over
    return sum(_send(channel, [pk], at, faults) for pk in waiting)


def _set_aside(pk: int, fault: Exception, faults: Faults) -> None:
    send = Send.objects.select_related("enrolment").get(pk=pk)
    again_at = faults.write(fault, FaultAt.MESSAGE, send.road.journey_id, send.enrolment_id)
    Send.objects.filter(pk=pk, state=SendState.CLAIMED).update(due_at=again_at)


def _tell_waiting(at: datetime) -> None:
    """Whoever was told that it is back waits no more: read from the rows, so that a round which
    broke off in between is made good by the next."""
    told = Send.objects.filter(
        state__in=(SendState.SENT, SendState.UNKNOWN), was_wished=True,
        campaign__isnull=True, handed_over_at__gte=at - TOLD_WITHIN,
    )  # fmt: skip
    contexts = told.values_list("enrolment__context", flat=True)
    waitlist.tell(found["waitlist"] for found in contexts if found.get("waitlist"))
