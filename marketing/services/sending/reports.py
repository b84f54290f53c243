"""What a provider reports of messages that left: delivered, bounced, complained about."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal

import msgspec
from django.db import transaction
from django.utils import timezone

from marketing.delivery.mail import BadTokenError, send_id_of
from marketing.models import Send, Suppression
from marketing.services.sending.outcomes import suppress
from shop.payments.signatures import Signature
from shop.services.customers import record_consent

MOST_REPORTS = 1000


class Report(msgspec.Struct, frozen=True):
    """One message and what became of it. `message` is the token that travelled with it."""

    message: Annotated[str, msgspec.Meta(max_length=200)]
    kind: Literal["delivered", "bounced", "complained"]
    at: datetime | None = None
    is_permanent: bool = True


class Reports(msgspec.Struct, frozen=True):
    reports: Annotated[list[Report], msgspec.Meta(max_length=MOST_REPORTS)]


def read_reports(body: bytes) -> list[Report]:
    """Raises msgspec.ValidationError or msgspec.DecodeError with the place."""
    return msgspec.json.decode(body, type=Reports).reports


def take(reports: Sequence[Report]) -> dict[str, int]:
    """Write them down. The first report of a kind counts; again, or in another order, changes nothing."""
    counts = {"taken": 0, "repeated": 0, "unknown": 0}
    for report in reports:
        counts[_take(report)] += 1
    return counts


@transaction.atomic
def _take(report: Report) -> str:
    try:
        send_id = send_id_of(report.message)
    except BadTokenError:
        return "unknown"
    send = (
        Send.objects.select_related("customer", "campaign", "enrolment").filter(pk=send_id).first()
    )
    if send is None:
        return "unknown"
    column, at = f"{report.kind}_at", report.at or timezone.now()
    fresh = Send.objects.filter(pk=send.pk, **{f"{column}__isnull": True})
    if not fresh.update(**{column: at}):
        return "repeated"
    if report.kind == "bounced" and report.is_permanent:
        suppress(send.customer_id, send.channel, Suppression.Reason.BOUNCED)
    if report.kind == "complained":
        suppress(send.customer_id, send.channel, Suppression.Reason.COMPLAINED)
        record_consent(send.customer, send.purpose, granted=False, source=f"complaint about {send}")
    return "taken"


def signature_of(header: str) -> Signature:
    """`t=<seconds>,v1=<hex>`, the form of our own webhooks."""
    parts = [part.strip().partition("=") for part in header.split(",")]
    times = [value for name, _sign, value in parts if name == "t"]
    marks = tuple(value for name, _sign, value in parts if name == "v1")
    return Signature(times[0] if times else "", marks)
