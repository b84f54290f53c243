"""What a provider of e-mail reports through django-anymail, in the words of our own reports."""

from __future__ import annotations

import re
from typing import Any

from marketing.delivery.answers import smtp_answer
from marketing.delivery.mail import REPORTED_AS, BadTokenError, send_id_of
from marketing.models import Refusal, Send
from marketing.services.sending import reports, tracking

REPLY = re.compile(r"\b([45]\d\d)[ -]*(.*)", re.DOTALL)
NO_MAILBOX = frozenset(
    {"invalid", "bounced"}
)  # anymail's reasons, where no server's words are there


def take_event(sender: Any, event: Any, esp_name: str, **kwargs: Any) -> None:
    """A receiver of anymail's signal `tracking`; twice and in any order changes nothing more."""
    token = (event.metadata or {}).get(REPORTED_AS, "")
    if not token:
        return
    if event.event_type == "unsubscribed" or event.reject_reason == "unsubscribed":
        _unsubscribe(token)
    elif found := report_of(event, token):
        reports.take([found])


def report_of(event: Any, token: str) -> reports.Report | None:
    """None of what we count ourselves, and of what is still on its way."""
    if event.event_type == "delivered":
        return reports.Report(token, "delivered", event.timestamp)
    if event.event_type == "complained" or event.reject_reason == "spam":
        return reports.Report(token, "complained", event.timestamp)
    if event.event_type in ("bounced", "rejected", "failed"):
        return reports.Report(token, "bounced", event.timestamp, is_permanent=_is_gone(event))
    return None


def _is_gone(event: Any) -> bool:
    """Whether it is about the mailbox: by the server's own words, else by the provider's."""
    if reply := REPLY.search(event.mta_response or ""):
        return smtp_answer(int(reply[1]), reply[2]).meaning == Refusal.GONE
    return event.reject_reason in NO_MAILBOX


def _unsubscribe(token: str) -> None:
    try:
        pk = send_id_of(token)
    except BadTokenError:
        return
    found = Send.objects.select_related("customer", "campaign", "enrolment").filter(pk=pk).first()
    if found is not None and found.unsubscribed_at is None:
        tracking.unsubscribe(found)
