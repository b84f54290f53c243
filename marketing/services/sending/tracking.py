"""What a recipient did with a mail: opened it, followed the link, left.

A program that looks through her mail is noted as such and is not her; who refused analytics is not
watched at all (docs/journeys.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from marketing.models import Channel, Send
from marketing.services.sending.recommended import record_product_click, record_seen
from shop.models import EventKind, Purpose, WaitlistEntry
from shop.services import waitlist
from shop.services.customers import record_consent
from shop.services.events.crawlers import is_bot
from shop.services.events.events import record_events

# Nobody reads a letter so fast: what stands before the mailbox looks at every link as it comes in.
TOO_FAST = timedelta(seconds=5)
ALL_LINKS_WITHIN = timedelta(seconds=3)
# Guards before mailboxes, beside the list of crawlers. Those that fetch a picture when she opens
# the letter (Gmail, Yahoo) are none of them.
SCANNERS = ("barracuda", "mimecast", "proofpoint", "safelinks", "symantec", "trendmicro", "ironport",
            "fireeye", "forcepoint", "sophos", "zscaler", "bitdefender", "ms-office")  # fmt: skip
ON_HER_BEHALF = ("googleimageproxy", "yahoomailproxy")


@dataclass(frozen=True)
class Visit:
    """Who asks for an address of a message, by what a request says of itself."""

    at: datetime
    agent: str = ""
    is_prefetch: bool = False
    is_head: bool = False

    def is_machine(self, send: Send) -> bool:
        agent = self.agent.lower()
        if self.is_prefetch or self.is_head:
            return True
        if any(name in agent for name in ON_HER_BEHALF):
            return False
        if is_bot(self.agent) or any(name in agent for name in SCANNERS):
            return True
        left_at = send.sent_at or send.handed_over_at
        if send.channel == Channel.EMAIL and left_at and self.at - left_at < TOO_FAST:
            return True
        seen = send.way_out_seen_at
        return bool(seen and self.at - seen < ALL_LINKS_WITHIN)


def record_open(send: Send, visit: Visit) -> None:
    """The first time counts; mail programs load the picture again and again."""
    if visit.is_machine(send):
        _scanned(send, visit)
    elif _may_watch(send):
        _opened(send)


def record_click(send: Send, visit: Visit, *, place: int = 0) -> None:
    """Whoever follows the link has seen the mail, though pictures were off.

    place: of the recommended product whose link it was, from 1.
    """
    if visit.is_machine(send):
        _scanned(send, visit)
    elif _may_watch(send):
        _opened(send)
        _first(send, "clicked_at", EventKind.LINK)
        if place:
            record_product_click(send, place, visit.at)


def _opened(send: Send) -> None:
    _first(send, "opened_at", EventKind.OPEN)
    if send.recommendation:
        record_seen(send, timezone.now())


def saw_way_out(send: Send, visit: Visit) -> None:
    """Who looks at the page for leaving in the same breath as at the link follows every link there
    is: a program. The click a moment ago was not hers; the event of it stays in the log."""
    Send.objects.filter(pk=send.pk).update(way_out_seen_at=visit.at)
    just_now = Send.objects.filter(pk=send.pk, clicked_at__gt=visit.at - ALL_LINKS_WITHIN)
    just_now.filter(opened_at__gt=visit.at - ALL_LINKS_WITHIN).update(opened_at=None)
    if just_now.update(clicked_at=None):
        _scanned(send, visit)


def _may_watch(send: Send) -> bool:
    """Her own word about analytics; without one, what the shop does (MARKETING_TRACK_OPENS)."""
    words = send.customer.consents.filter(purpose=Purpose.ANALYTICS)
    last = words.order_by("-recorded_at", "-id").first()
    return last is None or last.granted


def _scanned(send: Send, visit: Visit) -> None:
    Send.objects.filter(pk=send.pk, scanned_at=None).update(scanned_at=visit.at)


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
