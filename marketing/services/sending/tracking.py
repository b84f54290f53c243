"""What a recipient did with a mail: opened it, followed the link, left."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone

from marketing.models import Send
from marketing.services.sending.recommended import record_product_click, record_seen
from shop.models import EventKind, WaitlistEntry
from shop.services import waitlist
from shop.services.customers import record_consent
from shop.services.events.events import record_events


def record_open(send: Send) -> None:
    """The first time counts; mail programs load the picture again and again."""
    _first(send, "opened_at", EventKind.OPEN)
    if send.recommendation:
        record_seen(send, timezone.now())


def record_click(send: Send, *, place: int = 0) -> None:
    """Whoever follows the link has seen the mail, though pictures were off.

    place: of the recommended product whose link it was, from 1.
    """
    record_open(send)
    _first(send, "clicked_at", EventKind.LINK)
    if place:
        record_product_click(send, place, timezone.now())


def unsubscribe(send: Send) -> None:
    """No mail for this purpose from now on; asking twice changes nothing."""
    now = timezone.now()
    record_consent(
        send.customer,
        send.purpose,
        granted=False,
        source=f"unsubscribe link of {send}",
        at=now,
    )
    Send.objects.filter(pk=send.pk, unsubscribed_at__isnull=True).update(unsubscribed_at=now)
    if send.was_wished:
        # This way out is of a letter she asked for: what she still waits for is over as well.
        for entry in WaitlistEntry.objects.open().filter(customer=send.customer_id):
            waitlist.leave(entry, at=now)


def _about(send: Send) -> dict:
    """What the event log says of a message: its campaign, or its journey and step."""
    if send.enrolment is None:
        return {"campaign": send.campaign_id}
    return {"journey": send.enrolment.journey_id, "step": send.step}


def _first(send: Send, column: str, kind: str) -> None:
    now: datetime = timezone.now()
    Send.objects.filter(pk=send.pk, **{f"{column}__isnull": True}).update(**{column: now})
    record_events(
        [
            {
                "event_id": f"{kind}:{send.pk}",
                "kind": kind,
                "occurred_at": now,
                "customer": send.customer.code,
                "properties": _about(send),
            }
        ]
    )
