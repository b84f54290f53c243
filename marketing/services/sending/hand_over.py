"""Hand messages over: at most once whatever dies, and to nobody who may not be written to.

1. Under lock, in one transaction: the sends that are still claimed, their customers; who may not
   be written to is skipped with the reason, who sleeps gets another hour, for the rest the
   text is chosen and the row marked as being handed over.
2. Outside of it: each message goes through a port of its channel, several side by side.
3. What left is marked sent, what was not tried is claimed again, and so is what may be taken later
   (outcomes.py); when all is refused, the channel is closed for a while (channel_health.py).

1 and 3 are done while another batch is on its way (`Belt`): the database works and commits while
the other side answers.

A row found half-way after a crash becomes `unknown` and is never repeated (`settle_interrupted`).
So does the one message in hand when a port breaks in a way that nobody foresaw: its error is kept,
everything behind it waits again, and the fault is raised so that the job is tried again.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Protocol

from django.conf import settings
from django.db import transaction
from django.db.models import Case, CharField, Exists, OuterRef, Q, QuerySet, Value, When
from django.db.models.functions import Cast, Concat
from django.utils import timezone

from language.claims import UnknownSlotError
from marketing.delivery.answers import PortDownError, RefusedError
from marketing.delivery.costs import cost_of_message_minor
from marketing.delivery.messages import Text, composed
from marketing.delivery.ports import Port, port_of
from marketing.delivery.quiet_hours import after_quiet, quiet_hours_of, zone_of
from marketing.models import CampaignState, Send, SendState, SkipReason
from marketing.services.sending.channel_health import Run, refuse_if_closed
from marketing.services.sending.guards import Asked, lock_customers, reasons_not_to_write
from marketing.services.sending.outcomes import (
    MessagePortError,
    Outcome,
    not_final,
    refused,
    said,
    sent,
    suppress_gone,
    write,
)
from shop.models import EventKey, EventKind
from shop.services.events.event_rows import among
from shop.services.events.events import record_events

# So many may stay "unknown" when a worker is killed; twice as many where one batch is on its way
# while the next is decided.
BATCH = 50
EVENTS_AT_ONCE = 100


class Source(Protocol):
    """What a batch of sends is about: a campaign, or a step of a journey."""

    channel: str

    def asked(self, sends: Sequence[Send]) -> Asked:
        """What the guards must know."""

    def words(self, sends: Sequence[Send], at: datetime) -> Mapping[int, Text | SkipReason | None]:
        """Per send the text that is true now, or why there is none; None: it stays claimed."""

    def label(self, send: Send) -> dict[str, Any]:
        """What the event log says of it."""


@dataclass
class Handed:
    """What became of a batch."""

    sent: list[Send] = field(default_factory=list)
    skipped: int = 0
    later: int = 0


@contextmanager
def opened(channel: str) -> Iterator[list[Port]]:
    """The ways out of a channel, open for several batches. Raises MessagePortError."""
    refuse_if_closed(channel, timezone.now())
    ports = [port_of(channel) for _number in range(settings.MESSAGE_CONNECTIONS)]
    with ExitStack() as stack:
        for port in ports:
            try:
                port.open()
            except PortDownError as error:
                raise MessagePortError(str(error)) from error
            stack.callback(port.close)
        yield ports


@contextmanager
def belt(ways: int) -> Iterator[Belt]:
    """What was put on it has arrived and is written down at the end, whatever broke in between.

    ways: how many ports carry side by side. Raises MessagePortError when one is closed.
    """
    with ThreadPoolExecutor(ways, thread_name_prefix="messages") as pool:
        moving = Belt(pool)
        try:
            yield moving
        finally:
            with moving.left, moving.open:
                moving.arrive()


class Belt:
    """Batches of sends, one on its way while the one before is written down and the next decided.

    Threads talk to the other side and touch no row; rows are read and written by the caller's. No
    customer may stand in two batches: what becomes of the first is not known when the next is
    decided.
    """

    ports: Sequence[Port]
    source: Source

    def __init__(self, pool: ThreadPoolExecutor):
        self._pool = pool
        self.open, self.left = ExitStack(), ExitStack()  # connections: in use, and to be closed
        self._run: Run | None = None  # of refusals, on the one channel of this belt
        self._on_its_way: list[Future[list[Outcome]]] = []
        self._handed = Handed()  # the batch that is on its way
        self._arrived: list[Outcome] = []  # and not written down yet
        self._unlogged: list[Send] = []

    def renew(self, source: Source) -> None:
        """Words that are true now and fresh connections for what comes next: a server may have
        enough of one. The old ones are closed once what is on its way has arrived.

        Raises MessagePortError.
        """
        fresh = ExitStack()
        ports = fresh.enter_context(opened(source.channel))
        self.left.callback(self.open.close)
        self.open, self.ports, self.source = fresh, ports, source

    def hand_over(self, send_ids: Sequence[int], *, at: datetime) -> Handed:
        """Decide these claimed sends and let them leave once the batch before has arrived.

        `sent` is known after the next call, or at the end. Raises MessagePortError.
        """
        done = Handed()
        due = self._turn(send_ids, at, done)
        self._wait()
        if any(one.stops for one in self._arrived):
            write([Outcome(send, SendState.CLAIMED) for send, _text in due])
            self.arrive()  # raises what stopped it
        run = self._run = self._run or Run(self.source.channel)
        run.keep()
        waiting, self._handed = deque(due), done
        self._on_its_way = [self._pool.submit(_drain, waiting, port, run) for port in self.ports]
        if len(self._unlogged) >= EVENTS_AT_ONCE:
            self._log()
        return done

    def arrive(self) -> None:
        """Wait for what is on its way and write down what became of everything. What broke is
        raised once the rows say so."""
        self._wait()
        outcomes, self._arrived = self._arrived, []
        if self._run and self._run.is_closed:  # then no answer says anything about a mailbox
            outcomes = not_final(outcomes)
        else:
            suppress_gone(outcomes)
        write(outcomes)
        self._unlogged += sent(outcomes)
        self._log()
        closed = self._run.keep() if self._run else None
        if faults := [one.fault for one in outcomes if one.fault]:
            raise faults[0]
        if closed:
            raise closed
        if down := [one.down for one in outcomes if one.down]:
            raise MessagePortError(down[0])

    def _turn(self, send_ids: Sequence[int], at: datetime, done: Handed) -> list[tuple[Send, Text]]:
        """Write down what has arrived and decide what is next, in one commit: each of them waits
        for the disk."""
        suppress_gone(self._arrived)
        with transaction.atomic():
            write(self._arrived)
            due = _decide(send_ids, self.source, at, done)
        self._unlogged += sent(self._arrived)
        self._arrived = []
        return due

    def _wait(self) -> None:
        found = [outcome for future in self._on_its_way for outcome in future.result()]
        self._on_its_way = []
        self.left.close()
        self._arrived += found
        self._handed.sent += sent(found)

    def _log(self) -> None:
        unlogged, self._unlogged = self._unlogged, []
        if unlogged:
            log_sent(unlogged, self.source.label)


def settle_interrupted(sends: QuerySet[Send]) -> int:
    """An earlier attempt died while handing over: whether the message left, nobody knows."""
    return sends.filter(state=SendState.SENDING).update(state=SendState.UNKNOWN)


def log_missing(sends: QuerySet[Send], label: Callable[[Send], dict[str, Any]]) -> int:
    """Events of sends that left while the worker died before it could log them."""
    name = Concat(Value("send:"), Cast(OuterRef("pk"), CharField()))
    lost = sends.filter(~Exists(EventKey.objects.filter(pk=name)), state=SendState.SENT)
    lost, missing, last = lost.select_related("customer").order_by("pk"), 0, 0
    while chunk := list(lost.filter(pk__gt=last)[:500]):
        last = chunk[-1].pk
        log_sent(chunk, label)
        missing += len(chunk)
    return missing


def log_sent(sent: Sequence[Send], label: Callable[[Send], dict[str, Any]]) -> None:
    """The event log is written after the message: `log_missing` makes a crash in between good."""
    record_events(
        [
            {
                "event_id": f"send:{send.pk}",
                "kind": EventKind.SEND,
                "customer": send.customer.code,
                "properties": {"channel": send.channel} | label(send),
            }
            for send in sent
        ]
    )


def _decide(
    send_ids: Sequence[int], source: Source, at: datetime, done: Handed
) -> list[tuple[Send, Text]]:
    """Step 1, within a transaction. What comes back is marked as being handed over, and nobody
    else has it."""
    claimed = Send.objects.select_for_update(of=("self",), skip_locked=True).filter(
        Q(campaign=None) | Q(campaign__state=CampaignState.SENDING),  # it may have been paused
        pk__in=among(send_ids),
        state=SendState.CLAIMED,
    )
    sends = list(claimed.select_related("enrolment__version").order_by("pk"))
    customers = lock_customers(send.customer_id for send in sends)
    for send in sends:
        send.customer = customers[send.customer_id]
    awake = [send for send in sends if not _sleeps(send, at)]
    done.later += len(sends) - len(awake)
    reasons = reasons_not_to_write(
        {send.customer_id: send.customer for send in awake}, source.asked(awake), at
    )
    silent = {send: reasons[send.customer_id] for send in awake if send.customer_id in reasons}
    free = [send for send in awake if send.customer_id not in reasons]
    words = source.words(free, at)
    due: list[tuple[Send, Text]] = []
    for send in free:
        found = words[send.pk]
        if isinstance(found, Text):
            due.append((send, found))
        elif found is None:
            done.later += 1
        else:
            silent[send] = found
    _skip(silent, done)
    _mark(due, at)
    return due


def _sleeps(send: Send, at: datetime) -> bool:
    """In the quiet hours of the recipient the send waits for their end."""
    hours = quiet_hours_of(send.channel)
    if hours is None:
        return False
    due = after_quiet(at, zone_of(send.customer.time_zone), hours)
    if due == at:
        return False
    Send.objects.filter(pk=send.pk).update(due_at=due)
    return True


def _skip(reasons: Mapping[Send, SkipReason], done: Handed) -> None:
    done.skipped += len(reasons)
    by_reason: dict[SkipReason, list[int]] = {}
    for send, reason in reasons.items():
        by_reason.setdefault(reason, []).append(send.pk)
    if by_reason:
        why = [When(pk__in=among(pks), then=Value(reason)) for reason, pks in by_reason.items()]
        rows = Send.objects.filter(pk__in=among(send.pk for send in reasons))
        rows.update(state=SendState.SKIPPED, reason=Case(*why))


def _mark(due: Sequence[tuple[Send, Text]], at: datetime) -> None:
    """Committed before the first message leaves: a row says so before a mailbox can."""
    alike: dict[tuple, list[int]] = {}
    links: dict[str, list[int]] = {}  # in a journey each may lead to another SKU
    for send, text in due:
        send.link_url, send.language = text.link_url, text.language
        alike.setdefault((text.copy_id, text.language), []).append(send.pk)
        links.setdefault(text.link_url, []).append(send.pk)
    leads = [When(pk__in=among(pks), then=Value(link)) for link, pks in links.items()]
    for (copy_id, language), pks in alike.items():
        Send.objects.filter(pk__in=among(pks)).update(
            state=SendState.SENDING,
            handed_over_at=at,
            copy_id=copy_id,
            language=language,
            link_url=Case(*leads) if len(links) > 1 else next(iter(links)),
        )
    if shown := {send.pk: text.coupon_id for send, text in due if text.coupon_id}:
        hers = [When(pk=pk, then=Value(coupon)) for pk, coupon in shown.items()]
        Send.objects.filter(pk__in=among(shown)).update(coupon=Case(*hers))


def _drain(waiting: deque[tuple[Send, Text]], port: Port, run: Run) -> list[Outcome]:
    """Hand over until nothing is left, or the way out is closed or broken: then what nobody has
    in hand goes back to waiting, and the other threads find nothing more."""
    outcomes: list[Outcome] = []
    for send, text in _taken(waiting):
        outcomes.append(_counted(_left(send, text, port), run))
        if outcomes[-1].stops:
            outcomes += [Outcome(other, SendState.CLAIMED) for other, _text in _taken(waiting)]
    return outcomes


def _counted(outcome: Outcome, run: Run) -> Outcome:
    if outcome.state == SendState.SENT:
        run.taken()
    elif outcome.answer and run.refused(outcome.answer):
        return replace(outcome, down=outcome.answer.text or "refused")
    return outcome


def _taken(waiting: deque[tuple[Send, Text]]) -> Iterator[tuple[Send, Text]]:
    """One by one until it is empty; two threads never get the same."""
    while True:
        try:
            one = waiting.popleft()
        except IndexError:
            return
        yield one


def _left(send: Send, text: Text, port: Port) -> Outcome:
    try:
        message = composed(send, text)
    except UnknownSlotError:
        return Outcome(send, SendState.SKIPPED, reason=SkipReason.NOTHING_TRUE)
    except Exception as fault:  # noqa: BLE001 - raised by Belt.arrive once the rows say the truth
        # It never left, and would break the next attempt in the same way.
        return Outcome(send, SendState.FAILED, error=said(fault), fault=fault)
    try:
        port.hand_over(message)
    except RefusedError as error:
        return refused(send, error.answer)
    except PortDownError as error:
        state = SendState.UNKNOWN if error.is_unknown else SendState.CLAIMED
        return Outcome(send, state, down=str(error) or "closed")
    except Exception as fault:  # noqa: BLE001 - raised by Belt.arrive once the rows say the truth
        return Outcome(send, SendState.UNKNOWN, error=said(fault), fault=fault)
    return Outcome(send, SendState.SENT, cost_minor=cost_of_message_minor(send.channel, message))
