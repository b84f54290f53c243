"""Endpoints: added, tested, their secrets rotated, switched off when nobody answers for days."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from outbox.kinds import TEST, all_kinds
from outbox.models import Delivery, DeliveryState, Endpoint, Message, new_secret
from outbox.wire import AddressRefusedError, check_address

OFF_FAILING = gettext_noop("No delivery has succeeded for days.")
OFF = gettext_noop("The webhook was off.")


class EndpointError(Exception):
    """Why it cannot be done; its text is meant for the merchant."""

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""


class EndpointOffError(EndpointError):
    """The webhook is switched off."""


class SecretMovedError(EndpointError):
    """Somebody else rotated the secret at the same time."""


class Issued(NamedTuple):
    endpoint: Endpoint
    secret: str  # shown once


def check_endpoint(url: str, kinds: Sequence[str]) -> None:
    """Raises EndpointError for an address or a kind that cannot be."""
    try:
        check_address(url, allow_private=settings.WEBHOOK_ALLOW_PRIVATE)
    except AddressRefusedError as refusal:
        raise EndpointError(gettext(str(refusal))) from refusal
    if unknown := sorted(set(kinds) - {kind.name for kind in all_kinds()}):
        raise EndpointError(gettext("There is no such kind: %s.") % ", ".join(unknown))


def add_endpoint(
    url: str,
    *,
    kinds: Sequence[str] = (),
    description: str = "",
    key: str | None = None,
    by: Any = None,
) -> Issued:
    """From now on this address hears of these kinds; of every kind when none is named.

    The same key again returns the first endpoint.
    """
    check_endpoint(url, kinds)
    fields = {
        "url": url,
        "kinds": sorted(set(kinds)),
        "description": description,
        "created_by": by,
    }
    if key is None:
        endpoint = Endpoint.objects.create(**fields)
    else:
        endpoint, _made = Endpoint.objects.get_or_create(key=key, defaults=fields)
    return Issued(endpoint, endpoint.secret)


def rotate_secret(endpoint: Endpoint, *, overlap_hours: int = 24) -> Issued:
    """A new secret; for a while each delivery is signed with the old one too.

    Raises SecretMovedError when it was rotated since the endpoint was read.
    """
    secret = new_secret()
    unmoved = Endpoint.objects.filter(pk=endpoint.pk, secret=endpoint.secret)
    if not unmoved.update(
        secret=secret,
        previous_secret=endpoint.secret,
        previous_secret_until=timezone.now() + timedelta(hours=overlap_hours),
    ):
        raise SecretMovedError(_("The secret was rotated by somebody else; reload the page."))
    endpoint.refresh_from_db()
    return Issued(endpoint, secret)


def send_test(endpoint: Endpoint, *, key: str = "") -> Delivery:
    """A message for this endpoint alone, whatever kinds it wants. The same key: the same message.

    Raises EndpointOffError.
    """
    if not endpoint.is_active:
        raise EndpointOffError(_("This webhook is off. Switch it on first."))
    key = f"test:{endpoint.pk}:{key or uuid.uuid4()}"
    with transaction.atomic():
        message, _made = Message.objects.get_or_create(
            key=key, defaults={"kind": TEST, "payload": {"note": "It works."}}
        )
        return Delivery.objects.get_or_create(message=message, endpoint=endpoint)[0]


def switch_off(endpoint: Endpoint, *, reason: str = "") -> bool:
    """Stop delivering. What waits is given up, to be sent again by hand when it is on again."""
    with transaction.atomic():
        on = Endpoint.objects.filter(pk=endpoint.pk, is_active=True)
        changed = on.update(is_active=False, off_reason=reason, off_at=timezone.now())
        waiting = Delivery.objects.filter(endpoint=endpoint, state=DeliveryState.WAITING)
        waiting.update(state=DeliveryState.DEAD, lease_token="", lease_until=None, last_error=OFF)
    endpoint.refresh_from_db()
    return bool(changed)


def switch_on(endpoint: Endpoint) -> bool:
    """Deliver again, new messages only: what was given up meanwhile is sent again by hand."""
    off = Endpoint.objects.filter(pk=endpoint.pk, is_active=False)
    changed = off.update(is_active=True, off_reason="", off_at=None, failing_since=None)
    endpoint.refresh_from_db()
    return bool(changed)


def note_success(endpoint: Endpoint, at: datetime) -> None:
    if endpoint.failing_since is not None:
        Endpoint.objects.filter(pk=endpoint.pk).update(failing_since=None)


def note_failure(endpoint: Endpoint, at: datetime) -> None:
    """Remember since when nothing works; after WEBHOOK_OFF_DAYS of that, stop trying."""
    Endpoint.objects.filter(pk=endpoint.pk, failing_since__isnull=True).update(failing_since=at)
    too_long = Q(failing_since__lt=at - timedelta(days=settings.WEBHOOK_OFF_DAYS))
    if Endpoint.objects.filter(too_long, pk=endpoint.pk, is_active=True).exists():
        switch_off(endpoint, reason=OFF_FAILING)
