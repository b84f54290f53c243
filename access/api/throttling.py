"""So many requests a minute for each key, counted with one atomic step."""

from __future__ import annotations

import time

from django.conf import settings
from django.core.cache import cache
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from access.models import ApiKey

WINDOW_SECONDS = 60


def count_request(who: str, at: float) -> int:
    """This request's number within the minute: `incr` and `add` are atomic in every cache we name.

    DRF's own throttle reads, decides and writes back, so that a burst passes as one request.
    """
    window = f"throttle:{who}:{int(at // WINDOW_SECONDS)}"
    try:
        return cache.incr(window)  # one step for all but the minute's first
    except ValueError:
        first = cache.add(window, 1, timeout=2 * WINDOW_SECONDS)
        return 1 if first else cache.incr(window)


class KeyThrottle(BaseThrottle):
    def allow_request(self, request: Request, view: APIView) -> bool:
        self.now = time.time()
        who, limit = caller_and_rate(request)
        return count_request(who, self.now) <= limit

    def wait(self) -> float:
        return WINDOW_SECONDS - int(self.now) % WINDOW_SECONDS


class AddressThrottle(KeyThrottle):
    """One browser cannot use up what all of them share. Behind a proxy, TRUSTED_PROXIES says how
    many entries of X-Forwarded-For are ours; otherwise anybody could write their own."""

    def allow_request(self, request: Request, view: APIView) -> bool:
        self.now = time.time()
        who = f"address:{self.get_ident(request)}"
        return count_request(who, self.now) <= settings.COLLECTOR_RATE_PER_MINUTE


def caller_and_rate(request: Request) -> tuple[str, int]:
    if isinstance(request.auth, ApiKey):
        return f"key:{request.auth.pk}", request.auth.rate_per_minute
    return f"user:{request.user.pk}", settings.API_USER_RATE_PER_MINUTE
