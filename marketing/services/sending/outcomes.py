"""Where each message ended, written down: what left, what comes again later, what is over."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q
from django.utils import timezone

from marketing.delivery.answers import Answer
from marketing.models import Refusal, Send, SendState, Suppression
from shop.services.events.event_rows import among

# A server's words without a code end writing to somebody only when they come again later.
SAID_AGAIN_AFTER = timedelta(days=1)


class MessagePortError(Exception):
    """The way out is closed now: the job is tried again later."""


@dataclass(frozen=True)
class Outcome:
    """Where one message ended. `down`: the way out closed with it. `fault`: it broke unforeseen.
    `answer`: it was refused. `again_at`: and is tried again then."""

    send: Send
    state: SendState
    reason: str = ""
    error: str = ""
    answer: Answer | None = None
    again_at: datetime | None = None
    cost_minor: int | None = None
    down: str = ""
    fault: Exception | None = None

    @property
    def stops(self) -> bool:
        return bool(self.down) or self.fault is not None

    def columns(self) -> dict[str, Any]:
        """What its row says from now on."""
        if self.state == SendState.SENT:
            return {"cost_minor": self.cost_minor, "refusal": "", "error": ""}
        if self.answer is None:
            is_over = self.state != SendState.CLAIMED  # else it waits as it did before
            said = {"reason": self.reason, "error": self.error, "refusal": ""}
            return said if is_over else {}
        return {
            "error": self.answer.text,
            "refusal": self.answer.meaning,
            "attempts": self.send.attempts + 1,
            "due_at": self.again_at,
        }


def refused(send: Send, answer: Answer) -> Outcome:
    """Tried again later where that may help, so often as the answer allows; else it is over."""
    wait = answer.again_after(send.attempts + 1)
    if wait is None:
        return Outcome(send, SendState.FAILED, answer=answer)
    return Outcome(send, SendState.CLAIMED, answer=answer, again_at=timezone.now() + wait)


def not_final(outcomes: Iterable[Outcome]) -> list[Outcome]:
    """When all are refused, the reason lies elsewhere: each is tried again, so often as the answer
    "not now" allows."""
    return [
        refused(one.send, replace(one.answer, is_temporary=True))
        if one.answer and one.state == SendState.FAILED
        else one
        for one in outcomes
    ]


def sent(outcomes: Iterable[Outcome]) -> list[Send]:
    return [one.send for one in outcomes if one.state == SendState.SENT]


def said(fault: Exception) -> str:
    return f"{type(fault).__name__}: {fault}"[:200]


def write(outcomes: Iterable[Outcome]) -> None:
    alike: dict[tuple, list[int]] = {}
    for one in outcomes:
        alike.setdefault((one.state, *one.columns().items()), []).append(one.send.pk)
    for (state, *columns), pks in alike.items():
        rows = Send.objects.filter(pk__in=among(pks))
        if state == SendState.SENT:
            # Whoever called such a row unknown in the meantime is put right: it did leave.
            rows.update(state=state, sent_at=timezone.now(), **dict(columns))
        else:
            rows.filter(state=SendState.SENDING).update(state=state, **dict(columns))


def suppress_gone(outcomes: Iterable[Outcome]) -> None:
    """Not within the transaction of the next decision: the row points at a customer of this batch,
    and who holds two batches of customers can meet another who does."""
    for one in outcomes:
        if one.answer and (one.answer.meaning == Refusal.GONE or _was_said_before(one)):
            suppress(one.send.customer_id, one.send.channel, Suppression.Reason.BOUNCED)


def _was_said_before(one: Outcome) -> bool:
    """A server that knows no codes has said so of another message, a day ago or more, and has taken
    none since."""
    if one.answer is None or one.answer.meaning != Refusal.DOUBTFUL:
        return False
    earlier = Send.objects.filter(
        Q(state=SendState.SENT) | Q(refusal=Refusal.DOUBTFUL),
        customer=one.send.customer_id,
        channel=one.send.channel,
        handed_over_at__lte=timezone.now() - SAID_AGAIN_AFTER,
    ).exclude(pk=one.send.pk)
    last = earlier.order_by("-handed_over_at").values_list("refusal", flat=True).first()
    return last == Refusal.DOUBTFUL


def suppress(customer_id: int, channel: str, reason: str) -> None:
    """Nobody writes to her on this channel again. Twice changes nothing."""
    Suppression.objects.get_or_create(
        customer_id=customer_id, channel=channel, defaults={"reason": reason}
    )
