"""Send what a person read. The text that left is kept beside the draft with what was changed."""

from __future__ import annotations

import difflib
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.utils import timezone

from decisions.services import receipts
from decisions.services.jobs import enqueue
from support.ml.replies import without_marks
from support.models import (
    Channel,
    Draft,
    DraftState,
    Handoff,
    Message,
    MessageKind,
    Ticket,
    TicketState,
)
from support.services.drafts import close_open_drafts

BY_MAIL = (Channel.EMAIL, Channel.WEB)


class NoAddressError(Exception):
    """The ticket came by e-mail, but nowhere stands where to answer."""


class EmptyReplyError(Exception):
    """There is nothing to send."""


class DraftClosedError(Exception):
    """The draft was sent, discarded or replaced meanwhile."""


def send_draft(draft: Draft, body: str, *, by: Any = None) -> Message:
    """Approve the draft's receipt with the text as the agent left it; that sends it.

    Raises DraftClosedError, EmptyReplyError, NoAddressError, and decisions' DecisionClosedError.
    """
    with transaction.atomic():
        edited = Draft.objects.filter(pk=draft.pk, state=DraftState.OPEN)
        if not edited.update(edited_body=body):
            raise DraftClosedError(draft.ticket.number)
        if draft.decision is None:
            return deliver_draft(draft, by)
        receipts.approve(draft.decision, by)
    return Message.objects.get(sent_of__pk=draft.pk)


def deliver_draft(draft: Draft, by: Any) -> Message:
    """Called once, in the transaction that approves the receipt."""
    draft.refresh_from_db()
    proposed = without_marks(draft.body)
    text = without_marks(draft.edited_body) or proposed
    message = _write(draft.ticket, text, key=f"draft:{draft.pk}", by=by)
    closed = Draft.objects.filter(pk=draft.pk, state=DraftState.OPEN).update(
        state=DraftState.SENT,
        edited_body=text,
        reply=message,
        diff=diff_of(proposed, text),
        kept_rate=kept_rate(proposed, text),
        closed_at=timezone.now(),
    )
    if not closed:
        raise DraftClosedError(draft.ticket.number)
    return message


def send_reply(ticket: Ticket, body: str, *, key: str, by: Any = None) -> Message:
    """A reply without draft; an open draft steps aside. The same key sends once.

    Raises EmptyReplyError, NoAddressError.
    """
    with transaction.atomic():
        message = _write(ticket, body, key=f"reply:{ticket.pk}:{key}", by=by)
        close_open_drafts(ticket)
    return message


def discard_draft(draft: Draft, *, by: Any = None, note: str = "") -> None:
    """Refuse the receipt; the refusal closes the draft (receipts.py)."""
    if draft.decision is None:
        close_draft(draft)
    else:
        receipts.refuse(draft.decision, by, note=note)


def close_draft(draft: Draft) -> None:
    Draft.objects.filter(pk=draft.pk, state=DraftState.OPEN).update(
        state=DraftState.DISCARDED, closed_at=timezone.now()
    )


def email_reply(message_id: int) -> bool:
    """Hand one reply to the mailer, once. A crash between mailer and row repeats it: losing an
    answer is worse than repeating it, and the same Message-ID lets mail programs fold the two."""
    message = Message.objects.select_related("ticket__customer").get(pk=message_id)
    if message.emailed_at or message.kind != MessageKind.OUTBOUND:
        return False
    ticket = message.ticket
    # A customer wrote the subject: every kind of line break in it would make a header of its own.
    subject = " ".join(f"Re: {ticket.subject or ticket.number} [{ticket.number}]".split())
    EmailMessage(
        subject=subject,
        body=message.body,
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[ticket.address],
        headers={"Message-ID": f"<reply-{message.pk}-{ticket.public_id}@backroom>"},
    ).send()
    Message.objects.filter(pk=message.pk, emailed_at__isnull=True).update(emailed_at=timezone.now())
    return True


def diff_of(proposed: str, sent: str) -> list[str]:
    """Unified diff by line; empty when nothing was changed."""
    lines = difflib.unified_diff(proposed.splitlines(), sent.splitlines(), "draft", "sent", n=0)
    return [line.rstrip("\n") for line in lines]


def kept_rate(proposed: str, sent: str) -> float:
    """Share of the draft's characters that left unchanged and in order, 0 to 1."""
    if not proposed:
        return 0.0
    matcher = difflib.SequenceMatcher(None, proposed, sent, autojunk=False)
    kept = sum(block.size for block in matcher.get_matching_blocks())
    return round(kept / len(proposed), 4)


def _write(ticket: Ticket, text: str, *, key: str, by: Any) -> Message:
    if not text.strip():
        raise EmptyReplyError(ticket.number)
    by_mail = ticket.channel in BY_MAIL
    if by_mail and not ticket.address:
        raise NoAddressError(ticket.number)
    now = timezone.now()
    message, created = Message.objects.get_or_create(
        key=key,
        defaults={
            "ticket": ticket,
            "kind": MessageKind.OUTBOUND,
            "body": text,
            "author": by,
            "written_at": now,
        },
    )
    if not created:
        return message
    Ticket.objects.filter(pk=ticket.pk, first_response_at__isnull=True).update(
        first_response_at=now
    )
    Ticket.objects.filter(pk=ticket.pk, state=TicketState.OPEN).update(state=TicketState.PENDING)
    Handoff.objects.filter(ticket=ticket, resolved_at__isnull=True).update(resolved_at=now)
    if by_mail:
        enqueue("email_reply", {"message_id": message.pk}, key=f"email_reply:{message.pk}")
    return message
