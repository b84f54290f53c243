"""Tell guests who wait that it is back: one letter per wish, first come first told, at most once.

They stand in one queue with customers, and share what is there with them. The words are those of
the live journey “back in stock”; without one nobody is told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Lower
from django.utils import timezone

from language.claims import UnknownSlotError, fill
from marketing.definitions.journey_plan import read_plan
from marketing.definitions.journey_sends import unasked_copy
from marketing.delivery.answers import PortDownError, RefusedError
from marketing.delivery.mail import Envelope, guest_address, guest_token_of, letter
from marketing.delivery.messages import Text
from marketing.delivery.ports import Port
from marketing.delivery.quiet_hours import is_quiet, quiet_hours_of, zone_of
from marketing.models import (
    Channel,
    Enrolment,
    EnrolmentState,
    GuestNotice,
    Journey,
    JourneyState,
    Refusal,
    SendState,
    SkipReason,
    Suppression,
)
from marketing.services.journeys.journey_review import pulled_steps
from marketing.services.journeys.journey_words import words_about
from marketing.services.sending.channel_health import ChannelClosedError
from marketing.services.sending.hand_over import BATCH, MessagePortError, opened
from shop.models import Variant
from shop.services import waitlist

TRIGGER = "back_in_stock"
INTERRUPTED_AFTER = timedelta(minutes=10)
# A letter that found the shelf empty is tried again at the next receipt, not at the next minute.
AGAIN_AFTER = timedelta(hours=1)
PASSES = (SkipReason.SOLD_OUT, SkipReason.NOTHING_TRUE, SkipReason.NOT_TAKEN)


def back_in_stock_offer(at: datetime) -> waitlist.Offer:
    """Who may be told what is back. Whoever could not be told today makes room for the next."""
    today = timezone.localtime(at).replace(hour=0, minute=0, second=0, microsecond=0)
    tried = Enrolment.objects.filter(
        key__startswith="waitlist:", entered_at__gte=today, journey__state=JourneyState.LIVE
    ).exclude(state=EnrolmentState.UNDER_WAY)
    passed = {found.get("waitlist") for found in tried.values_list("context", flat=True)}
    notices = GuestNotice.objects.filter(entry__state="waiting").filter(
        Q(state=SendState.SKIPPED, claimed_at__gt=at - AGAIN_AFTER)
        | Q(state=SendState.SKIPPED, reason=SkipReason.SUPPRESSED)
        | Q(state=SendState.FAILED)
    )
    passed |= set(notices.values_list("pk", flat=True))
    return waitlist.Offer(
        settings.WAITLIST_OFFER_FACTOR, only_agreed=True, passed_over=frozenset(passed - {None})
    )


def tell_guests(at: datetime) -> int:
    """One round: claim, hand over, tell the waitlist. Returns how many letters left.

    Raises MessagePortError when the way out is closed, and whatever a port breaks with.
    """
    texts = _texts()
    if texts is None or _is_night(at):
        return 0
    stuck = GuestNotice.objects.filter(
        state=SendState.SENDING, handed_over_at__lt=at - INTERRUPTED_AFTER
    )
    stuck.update(state=SendState.UNKNOWN)
    _claim(at)
    sent = 0
    waiting = GuestNotice.objects.filter(state=SendState.CLAIMED).order_by("entry__created_at")
    pks = list(waiting.values_list("pk", flat=True)[: waitlist.SERVED_AT_ONCE])
    for start in range(0, len(pks), BATCH):
        try:
            with opened(Channel.EMAIL) as ports:
                sent += _hand_over(_decide(pks[start : start + BATCH], texts, at), ports[0])
        except ChannelClosedError:
            break  # for a while; they wait
    told = GuestNotice.objects.filter(
        state__in=(SendState.SENT, SendState.UNKNOWN), entry__state="waiting"
    )
    waitlist.tell(told.values_list("pk", flat=True))
    return sent


def unsubscribe_guest(notice: GuestNotice, at: datetime | None = None) -> None:
    """Nothing more to this address: all it waits for closes, and it is forgotten. Twice is once."""
    now = at or timezone.now()
    GuestNotice.objects.filter(pk=notice.pk, unsubscribed_at=None).update(unsubscribed_at=now)
    waitlist.leave_everything(notice.entry.contact, at=now)


def back_in_stock_journeys() -> QuerySet[Journey]:
    """Those that are live, the oldest first: guests get the words of the first that has an e-mail."""
    live = Journey.objects.filter(
        state=JourneyState.LIVE, live_version__definition__trigger__on=TRIGGER
    )
    return live.select_related("live_version").order_by("pk")


def _texts() -> Mapping[str, Mapping[str, str]] | None:
    """Language → words of the first e-mail of the live journey; None where there is none."""
    for journey in back_in_stock_journeys():
        if journey.live_version is None:
            continue
        plan = read_plan(journey.live_version.definition)
        for step in plan.sends:
            if step.data["channel"] == Channel.EMAIL:
                version = journey.live_version.pk
                name, texts = unasked_copy(step.data)
                is_pulled = (version, step.step, name) in pulled_steps([version])
                return None if is_pulled else texts
    return None


def _is_night(at: datetime) -> bool:
    """By the shop's clock: a guest's is unknown."""
    hours = quiet_hours_of(Channel.EMAIL)
    return hours is not None and is_quiet(at, zone_of(""), hours)


def _claim(at: datetime) -> None:
    """A row for each guest who can be served; who found it sold out before gets another try."""
    found = waitlist.can_be_served(at=at, offer=back_in_stock_offer(at))
    guests = {one.entry.pk: one.variant for one in found if one.entry.contact}
    again = GuestNotice.objects.filter(pk__in=guests, state=SendState.SKIPPED, reason__in=PASSES)
    again.update(state=SendState.CLAIMED, reason="", claimed_at=at)
    GuestNotice.objects.bulk_create(
        [
            GuestNotice(entry_id=pk, variant=variant, claimed_at=at)
            for pk, variant in guests.items()
        ],
        ignore_conflicts=True,
    )


@dataclass(frozen=True)
class _Due:
    notice: GuestNotice
    to: str
    text: Text


@transaction.atomic
def _decide(pks: Sequence[int], texts: Mapping[str, Any], at: datetime) -> list[_Due]:
    """Asked again at the last moment; what comes back is marked as being handed over."""
    locked = GuestNotice.objects.select_for_update(of=("self",), skip_locked=True)
    notices = list(
        locked.filter(pk__in=pks, state=SendState.CLAIMED)
        .select_related("entry", "variant__product")
        .order_by("pk")
    )
    contacts = {notice.entry.contact for notice in notices}
    off = Suppression.objects.filter(channel=Channel.EMAIL)
    off = off.annotate(address=Lower("customer__email")).filter(address__in=contacts)
    suppressed = set(off.values_list("address", flat=True))
    sellable = _can_be_bought([notice.variant_id for notice in notices], at)
    due = []
    for notice in notices:
        found = _why_not(notice, suppressed, sellable)
        words = found or words_about(texts, "", [notice.variant], at)
        if isinstance(words, Text):
            due.append(_Due(notice, notice.entry.contact, words))
        else:
            GuestNotice.objects.filter(pk=notice.pk).update(state=SendState.SKIPPED, reason=words)
    marked = GuestNotice.objects.filter(pk__in=[one.notice.pk for one in due])
    marked.update(state=SendState.SENDING, handed_over_at=at)
    return due


def _why_not(notice: GuestNotice, suppressed: set[str], sellable: set[int]) -> SkipReason | None:
    if not notice.entry.is_open:
        return SkipReason.TAKEN_BACK
    if notice.entry.contact in suppressed:
        return SkipReason.SUPPRESSED
    return None if notice.variant_id in sellable else SkipReason.SOLD_OUT


def _can_be_bought(variant_ids: Sequence[int], at: datetime) -> set[int]:
    found = Variant.objects.sellable(at).filter(pk__in=variant_ids)
    return set(found.values_list("pk", flat=True))


def _hand_over(due: Sequence[_Due], port: Port) -> int:
    """One by one. What was not in hand when the way out closed or broke waits again."""
    sent = 0
    for place, one in enumerate(due):
        try:
            sent += _left(one, port)
        except Exception:
            behind = [other.notice.pk for other in due[place + 1 :]]
            GuestNotice.objects.filter(pk__in=behind).update(state=SendState.CLAIMED)
            raise
    return sent


def _left(one: _Due, port: Port) -> bool:
    row = GuestNotice.objects.filter(pk=one.notice.pk)
    text, pk = one.text, one.notice.pk
    try:
        subject = " ".join(fill(text.subject, text.facts).split())
        body = fill(text.body, text.facts)
        envelope = Envelope(one.to, guest_token_of(pk), guest_address(pk), was_wished=True)
        message = letter(envelope, subject, body, text.language)
    except UnknownSlotError:
        row.update(state=SendState.SKIPPED, reason=SkipReason.NOTHING_TRUE)
        return False
    try:
        port.hand_over(message)
    except RefusedError as error:
        if error.answer.is_temporary:
            reason, said = SkipReason.NOT_TAKEN, error.answer.text
            row.update(state=SendState.SKIPPED, reason=reason, error=said)
            return False
        row.update(state=SendState.FAILED, error=error.answer.text)
        if error.answer.meaning == Refusal.GONE:
            waitlist.leave(one.notice.entry)
        return False
    except PortDownError as error:
        state = SendState.UNKNOWN if error.is_unknown else SendState.CLAIMED
        row.update(state=state)
        raise MessagePortError(str(error)) from error
    except Exception as fault:
        row.update(state=SendState.UNKNOWN, error=f"{type(fault).__name__}: {fault}"[:200])
        raise
    row.update(state=SendState.SENT, sent_at=timezone.now())
    return True
