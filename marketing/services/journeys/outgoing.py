"""Hand over what the steps have written down, each channel in its own turn.

While one batch is on its way the next is decided, as in a campaign (`Belt`), for as long as nobody
stands twice among them. Where one breaks, those that wait go in smaller pieces, at last alone. A round
may last: what is true of a batch is asked as of the moment at which it leaves, not as of the round's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings
from django.db.models import CharField, Exists, OuterRef, Q, Value
from django.db.models.functions import Cast, Concat
from django.utils import timezone

from marketing.models import Channel, FaultAt, JourneyState, PulledStep, PullState, Send, SendState
from marketing.services.journeys.draws import copy_named
from marketing.services.journeys.faults import Faults, resting
from marketing.services.journeys.journey_words import JourneyMessages, read_copies
from marketing.services.sending.channel_health import ChannelClosedError, refuse_if_closed
from marketing.services.sending.hand_over import BATCH, Belt, Handed, MessagePortError, belt
from shop.models import WaitlistEntry, WaitlistState
from shop.services import waitlist
from shop.services.events.event_rows import among

AT_ONCE = 2000  # of one channel
ROUND = 250  # messages over the same connections: a server may have enough of one
# Two of them are in hand at a time: of a killed worker's messages BATCH at most stay "unknown".
HALF = BATCH // 2


def send_due(
    at: datetime, faults: Faults | None = None, now: Callable[[], datetime] | None = None
) -> int:
    """Returns how many left. However many wait for one channel, they hold up no other.

    `now`: the clock by which each batch leaves; without one it stands still at `at`.
    Without `faults`, raises what broke once all channels had their turn.
    """
    mine, clock, sent = faults or Faults(at), now or (lambda: at), 0
    for channel in Channel.values:
        if not mine.is_shut(channel):
            waiting = _waiting(channel, at)
            for version in {one.version_id for one in waiting}:
                read_copies(version)
            for stretch in _stretches(waiting):
                sent += _send(channel, stretch, clock, mine)
    _tell_waiting()
    if faults is None:
        mine.raise_all()
    return sent


class Waiting(NamedTuple):
    """A message that may leave."""

    pk: int
    customer_id: int
    version_id: int


def _waiting(channel: str, at: datetime) -> list[Waiting]:
    """What may leave on this channel now, oldest first."""
    held = PulledStep.objects.filter(
        version=OuterRef("enrolment__version"), step=OuterRef("step"), arm=OuterRef("copy_named"),
        state=PullState.HELD,
    )  # fmt: skip
    waiting = (
        Send.objects.annotate(copy_named=copy_named())
        .filter(
            ~Exists(held),
            Q(due_at=None) | Q(due_at__lte=at),
            state=SendState.CLAIMED,
            channel=channel,
            enrolment__journey__state=JourneyState.LIVE,
        )
        .exclude(enrolment__journey__in=resting(at))
    )
    rows = waiting.order_by("pk").values_list("pk", "customer_id", "enrolment__version_id")
    return [Waiting(*row) for row in rows[:AT_ONCE]]


def _stretches(rows: Iterable[Waiting]) -> Iterator[list[int]]:
    """Stretches in which no customer stands twice: what became of her first message is written down
    before the cap is asked of the next."""
    stretch: dict[int, int] = {}
    for pk, customer_id, _version in rows:
        if customer_id in stretch:
            yield list(stretch.values())
            stretch.clear()
        stretch[customer_id] = pk
    if stretch:
        yield list(stretch.values())


def _send(channel: str, pks: list[int], now: Callable[[], datetime], faults: Faults) -> int:
    """Of a stretch. Nothing where the way out is closed, or does not open at all."""
    if faults.is_shut(channel):
        return 0
    handed: list[Handed] = []
    moments: list[datetime] = []
    fault: Exception | None = None
    try:
        with belt(settings.MESSAGE_CONNECTIONS) as moving:
            for number, start in enumerate(range(0, len(pks), HALF)):
                if number % (ROUND // HALF) == 0 and not _renewed(moving, channel, faults):
                    break
                refuse_if_closed(channel, timezone.now())  # a campaign beside us may have found out
                moments.append(now())
                handed.append(moving.hand_over(pks[start : start + HALF], at=moments[-1]))
    except ChannelClosedError:
        faults.rest_channel(channel)
    except MessagePortError as error:
        faults.shut(channel, error)
    except SoftTimeLimitExceeded:
        raise
    except Exception as error:  # noqa: BLE001 - judged by what the rows say; raised at the end
        fault = error
    sent = sum(len(one.sent) for one in handed)
    if fault is None:
        return sent
    rows = Send.objects.filter(pk__in=among(pks))
    if rows.filter(
        state__in=(SendState.UNKNOWN, SendState.SENDING), handed_over_at__in=moments
    ).exists():
        faults.shut(channel, fault)  # the port broke (its message says so): nothing more goes there
        return sent
    return sent + sum(_send(channel, piece, now, faults) for piece in _after(fault, pks, faults))


def _renewed(moving: Belt, channel: str, faults: Faults) -> bool:
    """Connections are fresh; False where the way out is closed, or does not open at all."""
    try:
        moving.renew(JourneyMessages(channel))
    except SoftTimeLimitExceeded:
        raise
    except ChannelClosedError:
        faults.rest_channel(channel)
    except Exception as error:  # noqa: BLE001 - logged, and raised at the end
        faults.shut(channel, error)
    return not faults.is_shut(channel)


def _after(fault: Exception, pks: list[int], faults: Faults) -> Iterator[list[int]]:
    """One message broke while it was decided on or written: the others leave in smaller pieces, and
    that one waits."""
    rows = Send.objects.filter(pk__in=among(pks), state=SendState.CLAIMED)
    waiting = list(rows.order_by("pk").values_list("pk", flat=True))
    if pks == waiting and len(pks) == 1:
        _set_aside(pks[0], fault, faults)
        return
    if len(waiting) < len(pks):
        faults.note(fault)  # the row of what cannot be written has the error, and is over
    yield from _pieces(waiting)


def _pieces(pks: Sequence[int]) -> Iterator[list[int]]:
    size = HALF if len(pks) > HALF else 1
    yield from (list(pks[start : start + size]) for start in range(0, len(pks), size))


def _set_aside(pk: int, fault: Exception, faults: Faults) -> None:
    send = Send.objects.select_related("enrolment").get(pk=pk)
    again_at = faults.write(fault, FaultAt.MESSAGE, send.road.journey_id, send.enrolment_id)
    Send.objects.filter(pk=pk, state=SendState.CLAIMED).update(due_at=again_at)


def _tell_waiting() -> None:
    """Whoever was told that it is back waits no more: read from the rows, so that a round which
    broke off in between is made good by the next, however long after it."""
    key = Concat(Value("waitlist:"), Cast(OuterRef("pk"), CharField()), Value(":"))
    told = Send.objects.filter(
        state__in=(SendState.SENT, SendState.UNKNOWN), was_wished=True, campaign__isnull=True,
        customer=OuterRef("customer"), enrolment__key__startswith=key,
    )  # fmt: skip
    waiting = WaitlistEntry.objects.filter(Exists(told), state=WaitlistState.WAITING)
    waitlist.tell(waiting.values_list("pk", flat=True))
