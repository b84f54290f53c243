"""Issue, rotate and revoke API keys. The secret leaves this module once and is never stored."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from access.models import ApiKey
from access.services.known_keys import forget_keys

USE_IS_NOTED_EVERY = timedelta(minutes=1)


class KeyClosedError(Exception):
    """The key is revoked or expired: it cannot be rotated."""


class IssuedKey(NamedTuple):
    key: ApiKey
    secret: str


def issue_key(
    name: str,
    *,
    user: Any = None,
    publishable: bool = False,
    rate_per_minute: int = 600,
    expires_at: datetime | None = None,
) -> IssuedKey:
    """Make a key. The secret is returned here and nowhere else."""
    secret = ApiKey.new_secret(publishable=publishable)
    key = ApiKey.objects.create(
        name=name,
        user=user,
        is_publishable=publishable,
        prefix=ApiKey.prefix_of(secret),
        secret_sha256=ApiKey.hash_of(secret),
        rate_per_minute=rate_per_minute,
        expires_at=expires_at,
    )
    return IssuedKey(key, secret)


def rotate_key(key: ApiKey, *, overlap_hours: int = 24) -> IssuedKey:
    """A new key with the same rights; the old one stays valid for a while, so that nobody is cut off.

    Raises KeyClosedError for a key that is not valid any more.
    """
    now = timezone.now()
    ends_at = now + timedelta(hours=overlap_hours)
    with transaction.atomic():
        # Compare-and-set: of two rotations at once, one finds the end already brought forward.
        open_keys = ApiKey.objects.valid(now).filter(pk=key.pk, expires_at=key.expires_at)
        if key.expires_at is None:
            open_keys = ApiKey.objects.valid(now).filter(pk=key.pk, expires_at__isnull=True)
        soonest = min(ends_at, key.expires_at or ends_at)
        if not open_keys.update(expires_at=soonest):
            raise KeyClosedError(_("This key is revoked, expired or already being rotated."))
        issued = issue_key(
            key.name,
            user=key.user,
            publishable=key.is_publishable,
            rate_per_minute=key.rate_per_minute,
        )
    key.expires_at = soonest
    forget_keys()
    return issued


def revoke_key(key: ApiKey) -> None:
    """Stop a key, here at once and in other processes within seconds. Twice equals once."""
    ApiKey.objects.filter(pk=key.pk, revoked_at__isnull=True).update(revoked_at=timezone.now())
    key.refresh_from_db(fields=["revoked_at"])
    forget_keys()


def note_use(key: ApiKey, at: datetime) -> None:
    """Remember the last use, with one write a minute at most: not one for each request."""
    stale = at - USE_IS_NOTED_EVERY
    if key.last_used_at is not None and key.last_used_at > stale:
        return
    ApiKey.objects.filter(
        Q(last_used_at__isnull=True) | Q(last_used_at__lte=stale), pk=key.pk
    ).update(last_used_at=at)
    key.last_used_at = at  # a key that is remembered is not asked for again
