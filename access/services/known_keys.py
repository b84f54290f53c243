"""Storefront keys seen in the last seconds: a burst of requests asks the database once for its key.

Only storefront keys: what a merchant's key may do depends on its user, who may be changed any time.
"""

from __future__ import annotations

import time
from typing import NamedTuple

from django.conf import settings
from django.db import transaction

from access.models import ApiKey


class _Known(NamedTuple):
    key: ApiKey
    until: float  # on the monotonic clock


_known: dict[str, _Known] = {}
_forgotten = 0  # how many times something was forgotten


def known_key(secret_sha256: str) -> ApiKey | None:
    """The key, as it was at most API_KEY_CACHE_SECONDS ago. Its expiry is the caller's to check."""
    found = _known.get(secret_sha256)
    return found.key if found and found.until > time.monotonic() else None


def moment() -> int:
    """To be taken before the key is read, and given to `remember`."""
    return _forgotten


def remember(key: ApiKey, read_at: int) -> None:
    """Unless a key was revoked since it was read: then it may be this one."""
    if key.is_for_merchant or read_at != _forgotten:
        return
    _known[key.secret_sha256] = _Known(key, time.monotonic() + settings.API_KEY_CACHE_SECONDS)


def forget_keys() -> None:
    """In this process at once; other processes ask again within API_KEY_CACHE_SECONDS."""
    _forget()
    transaction.on_commit(_forget)  # somebody may have read the old row until then


def _forget() -> None:
    global _forgotten
    _forgotten += 1
    _known.clear()
