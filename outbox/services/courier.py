"""The courier: numbers new messages, makes their deliveries, and carries what is due.

One courier at a time holds the lease, so that the limits per endpoint hold over all workers. Its
threads do HTTP and nothing else; every row is read and written in the calling thread. Killed at
any line it loses nothing: what it held is due again when its leases run out.
"""

from __future__ import annotations

import logging
import time
import uuid
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from outbox.kinds import TEST
from outbox.models import Courier, Delivery, DeliveryState, Endpoint, Message
from outbox.services.deliveries import Outcome, claim_due, record
from outbox.services.endpoints import OFF
from outbox.signing import ID_HEADER, KIND_HEADER, SIGNATURE_HEADER, body_of, signature
from outbox.wire import AddressRefusedError, NoAnswerError, post

log = logging.getLogger(__name__)
IN_FLIGHT = 32
IN_FLIGHT_PER_ENDPOINT = 4
IN_FLIGHT_WHILE_FAILING = 1  # a receiver that is down is probed; it may not fill the threads
ROUND_SECONDS = 10.0  # then the worker may do something else; the clock calls again at once
LEASE = timedelta(seconds=6)
RENEW_SECONDS = 1.5
NEW_MESSAGES = 500


class LeaseLostError(Exception):
    """Another courier has taken over."""


@dataclass
class Round:
    """What one call did."""

    numbered: int = 0
    delivered: int = 0
    failed: int = 0
    running: dict[Future[Outcome], Delivery] = field(default_factory=dict)


def deliver_due(*, for_seconds: float = ROUND_SECONDS) -> Round:
    """Carry what is due until nothing is or the time is over. At once back when another carries."""
    round_ = Round()
    token = _take_lease()
    if token is None:
        return round_
    try:
        with ThreadPoolExecutor(IN_FLIGHT, thread_name_prefix="courier") as pool:
            _carry(round_, token, pool, time.monotonic() + for_seconds)
    except LeaseLostError:
        pass  # the other one goes on; what our threads still sent is recorded under their leases
    finally:
        _finish(round_)
        Courier.objects.filter(token=token).update(token="", lease_until=None)
    return round_


def number_messages(token: str, limit: int = NEW_MESSAGES) -> int:
    """Give committed messages their numbers and make a delivery for each endpoint that wants them.

    An endpoint that is off gets its rows too, given up already: they can be sent later by hand.
    Raises LeaseLostError.
    """
    if not Message.objects.filter(sequence__isnull=True).exists():
        return 0
    with transaction.atomic():
        # The lock fences a courier that lost its lease and does not know it yet.
        courier = Courier.objects.select_for_update().filter(token=token).first()
        if courier is None:
            raise LeaseLostError
        new = Message.objects.filter(sequence__isnull=True)
        messages = list(new.order_by("created_at", "pk")[:limit])
        for number, message in enumerate(messages, start=courier.sequence + 1):
            message.sequence = number
        endpoints = list(Endpoint.objects.all())
        Delivery.objects.bulk_create(
            (_delivery(m, e) for m in messages for e in endpoints if _hears(e, m)),
            ignore_conflicts=True,
            batch_size=500,
        )
        Message.objects.bulk_update(messages, ["sequence"], batch_size=200)
        Courier.objects.filter(pk=courier.pk).update(sequence=courier.sequence + len(messages))
    return len(messages)


def _hears(endpoint: Endpoint, message: Message) -> bool:
    return message.kind != TEST and endpoint.wants(message.kind)


def _delivery(message: Message, endpoint: Endpoint) -> Delivery:
    if endpoint.is_active:
        return Delivery(message=message, endpoint=endpoint)
    return Delivery(message=message, endpoint=endpoint, state=DeliveryState.DEAD, last_error=OFF)


def _carry(round_: Round, token: str, pool: ThreadPoolExecutor, ends: float) -> None:
    renewed = time.monotonic()
    while True:
        now = time.monotonic()
        if now - renewed > RENEW_SECONDS:
            _renew(token)
            renewed = now
        if now < ends:
            round_.numbered += number_messages(token)
            _send_what_is_due(round_, pool)
        if not round_.running:
            return
        done, _rest = wait(round_.running, timeout=1.0, return_when=FIRST_COMPLETED)
        _record_all(round_, done)


def _send_what_is_due(round_: Round, pool: ThreadPoolExecutor) -> None:
    now = timezone.now()
    due = Delivery.objects.filter(
        endpoint=OuterRef("pk"), state=DeliveryState.WAITING, next_attempt_at__lte=now
    )
    # Least busy first, so that the few do not fill the threads before the many have had a turn.
    busy: dict[int, int] = {}
    for delivery in round_.running.values():
        busy[delivery.endpoint_id] = busy.get(delivery.endpoint_id, 0) + 1
    endpoints = Endpoint.objects.filter(Exists(due), is_active=True)
    for endpoint in sorted(endpoints, key=lambda one: busy.get(one.pk, 0)):
        limit = IN_FLIGHT_WHILE_FAILING if endpoint.failing_since else IN_FLIGHT_PER_ENDPOINT
        room = min(limit - busy.get(endpoint.pk, 0), IN_FLIGHT - len(round_.running))
        if room > 0:
            for delivery in claim_due(endpoint, room):
                round_.running[pool.submit(attempt, delivery)] = delivery


def attempt(delivery: Delivery) -> Outcome:
    """One POST, in a thread: no database here."""
    message, endpoint = delivery.message, delivery.endpoint
    body, now = body_of(message), timezone.now()
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Backroom-Webhooks/1",
        ID_HEADER: str(message.pk),
        KIND_HEADER: message.kind,
        SIGNATURE_HEADER: signature(endpoint.signing_secrets(now), int(now.timestamp()), body),
    }
    try:
        answer = post(
            endpoint.url,
            body,
            headers,
            timeout_seconds=settings.WEBHOOK_TIMEOUT_SECONDS,
            allow_private=settings.WEBHOOK_ALLOW_PRIVATE,
        )
    except (AddressRefusedError, NoAnswerError) as error:
        return Outcome(None, str(error))
    return Outcome(answer.status, answer.text)


def _record_all(round_: Round, done: set[Future[Outcome]]) -> None:
    for future in done:
        delivery = round_.running.pop(future)
        if error := future.exception():
            log.error("delivery %s: a mistake of the program", delivery.pk, exc_info=error)
            outcome = Outcome(None, f"{type(error).__name__}: {error}")
        else:
            outcome = future.result()
        record(delivery, outcome)
        round_.delivered += outcome.is_success
        round_.failed += not outcome.is_success


def _finish(round_: Round) -> None:
    """The pool has waited for its threads: their outcomes are written whatever ended the round."""
    _record_all(round_, {future for future in round_.running if future.done()})


def _take_lease() -> str | None:
    now, token = timezone.now(), uuid.uuid4().hex
    free = Q(lease_until__isnull=True) | Q(lease_until__lt=now)
    Courier.objects.get_or_create(pk=1)
    won = Courier.objects.filter(free, pk=1).update(
        token=token, lease_until=now + LEASE, seen_at=now
    )
    return token if won else None


def _renew(token: str) -> None:
    now = timezone.now()
    mine = Courier.objects.filter(token=token)
    if not mine.update(lease_until=now + LEASE, seen_at=now):
        raise LeaseLostError
