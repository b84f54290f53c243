"""Send a campaign: at most once per customer whatever dies, and nobody who may not be written to.

1. Claim: a row per customer, unique in the database, before anything else.
2. Ask again, now: address, consent, suppression, frequency cap, ordered in the meantime.
3. Mark the row as being handed over (compare-and-set), hand the mail over, mark it sent.

A row found half-way (being handed over) after a crash becomes `unknown` and is never repeated; a
claimed one was never handed over and goes on.
"""

from __future__ import annotations

import smtplib
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.mail import get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db.models import Count, Exists, OuterRef
from django.utils import timezone
from django.utils.translation import gettext_noop

from language.claims import Fact
from marketing.facts import campaign_facts
from marketing.mail import compose
from marketing.models import (
    Audience,
    AudienceMember,
    Campaign,
    CampaignState,
    CopyVariant,
    Goal,
    Send,
    SendState,
    SkipReason,
    Suppression,
)
from marketing.rules import reachable
from marketing.services import campaigns
from marketing.services.results import send_counts
from shop.models import Customer, EventKey, EventKind, Order, OrderState
from shop.services.events import record_events

BATCH = 50
# The server says that this mailbox does not exist: RFC 5321, 4.2.3.
MAILBOX_GONE = frozenset({550, 551, 553})
STOPS_AT_AN_ORDER = frozenset({Goal.WIN_BACK, Goal.SECOND_ORDER})


class MailServerError(Exception):
    """The mail server cannot be used now: the job is tried again later."""


def send_campaign(progress: Any, campaign_id: int) -> dict:
    """Send what is not sent yet. Run again after a crash it goes on where it was."""
    campaign = _begin(Campaign.objects.get(pk=campaign_id))
    if campaign.state != CampaignState.SENDING:
        return send_counts(campaign)
    _settle_interrupted(campaign)
    total = Audience.objects.get(campaigns=campaign).recipient_count
    while batch := _next_batch(campaign):
        progress.still_mine()
        progress(campaign.sends.count() - len(batch), total, gettext_noop("sending"))
        if not _may_go_on(campaign):
            return send_counts(campaign)
        _send_batch(campaign, batch)
    log_missing(campaign)
    campaigns.move(campaign, CampaignState.SENT, finished_at=timezone.now())
    progress(total, total)
    return send_counts(campaign)


def skip_reasons(
    customers: Iterable[Customer], campaign: Campaign, at: datetime
) -> dict[int, SkipReason]:
    """Why each of these customers gets nothing now; who may be written to is absent."""
    found = {customer.pk: customer for customer in customers}
    suppressed = set(
        Suppression.objects.filter(customer__in=found, channel=campaign.channel).values_list(
            "customer_id", flat=True
        )
    )
    allowed = set(
        reachable(Customer.objects.filter(pk__in=found), campaign.channel).values_list(
            "pk", flat=True
        )
    )
    tired = _written_to_often(found, at)
    bought = _bought_since(found, campaign)
    reasons: dict[int, SkipReason] = {}
    for pk, customer in found.items():
        if not customer.email:
            reasons[pk] = SkipReason.NO_ADDRESS
        elif pk in suppressed:
            reasons[pk] = SkipReason.SUPPRESSED
        elif pk not in allowed:
            reasons[pk] = SkipReason.NO_CONSENT
        elif pk in tired:
            reasons[pk] = SkipReason.FREQUENCY_CAP
        elif pk in bought:
            reasons[pk] = SkipReason.BOUGHT
    return reasons


def _begin(campaign: Campaign) -> Campaign:
    if campaign.state == CampaignState.APPROVED:
        started = campaign.started_at or timezone.now()
        campaigns.move(campaign, CampaignState.SENDING, started_at=started)
    return campaign


def _settle_interrupted(campaign: Campaign) -> None:
    """An earlier attempt died while handing over: whether the mail left, nobody knows."""
    campaign.sends.filter(state=SendState.SENDING).update(state=SendState.UNKNOWN)


def _next_batch(campaign: Campaign) -> list[Send]:
    """Claimed sends: those an earlier attempt left, then new ones."""
    claimed = campaign.sends.filter(state=SendState.CLAIMED).select_related("customer")
    if left := list(claimed.order_by("pk")[:BATCH]):
        return left
    has_row = Send.objects.filter(campaign=campaign, customer=OuterRef("customer"))
    waiting = AudienceMember.objects.filter(
        ~Exists(has_row), audience=campaign.audience, is_holdout=False
    )
    customers = list(waiting.order_by("pk").values_list("customer_id", flat=True)[:BATCH])
    Send.objects.bulk_create(
        [Send(campaign=campaign, customer_id=pk) for pk in customers], ignore_conflicts=True
    )
    return list(claimed.filter(customer__in=customers).order_by("pk"))


def _may_go_on(campaign: Campaign) -> bool:
    """Nobody paused it, and every fact still says what was approved."""
    campaign.refresh_from_db(fields=["state", "approved_facts"])
    if campaign.state != CampaignState.SENDING:
        return False
    if changed := campaigns.changed_fact(campaign, timezone.now()):
        campaigns.pause(campaign, changed)
        return False
    return True


def _send_batch(campaign: Campaign, batch: list[Send]) -> None:
    at = timezone.now()
    reasons = skip_reasons([send.customer for send in batch], campaign, at)
    for send in batch:
        if send.customer_id in reasons:
            _settle(send, SendState.CLAIMED, SendState.SKIPPED, reason=reasons[send.customer_id])
    due = [send for send in batch if send.customer_id not in reasons]
    if not due:
        return
    copies = {copy.language: copy for copy in campaigns.chosen_copies(campaign)}
    facts = {language: campaign_facts(campaign, language, at) for language in copies}
    with _open_connection() as connection:
        sent = [send for send in due if _hand_over(send, campaign, (copies, facts), connection)]
    _log(sent, campaign)


def _hand_over(
    send: Send,
    campaign: Campaign,
    words: tuple[dict[str, CopyVariant], dict[str, list[Fact]]],
    connection: BaseEmailBackend,
) -> bool:
    copies, facts = words
    language = send.customer.language if send.customer.language in copies else campaign.language
    copy = copies[language]
    mail = compose(send, copy, facts[language], connection)
    if not _settle(send, SendState.CLAIMED, SendState.SENDING, copy=copy):
        return False
    try:
        mail.send()
    except smtplib.SMTPRecipientsRefused as error:
        _refused(send, error)
        return False
    except smtplib.SMTPServerDisconnected as error:
        _settle(send, SendState.SENDING, SendState.UNKNOWN)
        raise MailServerError(str(error)) from error
    except smtplib.SMTPResponseException as error:
        _settle(send, SendState.SENDING, SendState.FAILED, error=f"{error.smtp_code}")
        return False
    except OSError as error:
        _settle(send, SendState.SENDING, SendState.UNKNOWN)
        raise MailServerError(str(error)) from error
    # Whoever called this row unknown in the meantime is put right: the mail did leave.
    Send.objects.filter(pk=send.pk).update(state=SendState.SENT, sent_at=timezone.now())
    return True


def _settle(send: Send, from_state: str, to_state: str, **fields: Any) -> bool:
    """One conditional UPDATE; False when another worker was faster."""
    return bool(Send.objects.filter(pk=send.pk, state=from_state).update(state=to_state, **fields))


def _refused(send: Send, error: smtplib.SMTPRecipientsRefused) -> None:
    code = next(iter(error.recipients.values()), (0, b""))[0]
    _settle(send, SendState.SENDING, SendState.FAILED, error=f"{code}")
    if code in MAILBOX_GONE:
        Suppression.objects.get_or_create(
            customer=send.customer,
            channel=send.campaign.channel,
            defaults={"reason": Suppression.Reason.BOUNCED},
        )


def _open_connection() -> BaseEmailBackend:
    connection = get_connection()
    try:
        connection.open()
    except (OSError, smtplib.SMTPException) as error:
        raise MailServerError(f"the mail server cannot be reached: {error}") from error
    return connection


def _written_to_often(customer_ids: Iterable[int], at: datetime) -> set[int]:
    since = at - timedelta(days=settings.MARKETING_CAP_DAYS)
    lately = Send.objects.filter(
        customer__in=customer_ids,
        claimed_at__gte=since,
        state__in=[SendState.SENDING, SendState.SENT, SendState.UNKNOWN],
    )
    counted = lately.order_by().values("customer").annotate(mails=Count("pk"))
    often = counted.filter(mails__gte=settings.MARKETING_CAP_MESSAGES)
    return set(often.values_list("customer_id", flat=True))


def _bought_since(customer_ids: Iterable[int], campaign: Campaign) -> set[int]:
    if campaign.goal not in STOPS_AT_AN_ORDER or campaign.audience is None:
        return set()
    orders = Order.objects.filter(
        customer__in=customer_ids, placed_at__gte=campaign.audience.frozen_at
    ).exclude(state=OrderState.CANCELLED)
    return set(orders.values_list("customer_id", flat=True))


def _log(sent: list[Send], campaign: Campaign) -> None:
    """The event log is written after the mail: a crash in between is made good by `log_missing`."""
    record_events(
        [
            {
                "event_id": f"send:{send.pk}",
                "kind": EventKind.SEND,
                "customer": send.customer.code,
                "properties": {"campaign": campaign.pk, "channel": campaign.channel},
            }
            for send in sent
        ]
    )


def log_missing(campaign: Campaign) -> int:
    """Events of sends that left while the worker died before it could log them."""
    sent = campaign.sends.filter(state=SendState.SENT).select_related("customer")
    missing, last = 0, 0
    while chunk := list(sent.filter(pk__gt=last).order_by("pk")[:500]):
        last = chunk[-1].pk
        ids = {f"send:{send.pk}": send for send in chunk}
        logged = set(EventKey.objects.filter(pk__in=ids).values_list("pk", flat=True))
        lost = [send for event_id, send in ids.items() if event_id not in logged]
        _log(lost, campaign)
        missing += len(lost)
    return missing
