"""Plain reads with a storefront's key, answered without DRF's request, negotiation and response.

Those take a fifth of the processor time of the busiest read of a shop's site (docs/recommendations.md,
Serving). Whatever is not plain goes the usual way and is refused or answered there: an unknown key, one
over its limit, another method, an idempotency key, a body, a wanted format, a parameter that is wrong.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils import timezone
from rest_framework.exceptions import APIException

from access.api.throttling import count_request
from access.models import ApiKey
from access.services.keys import note_use
from access.services.known_keys import known_key

ALLOWED = "GET, HEAD, OPTIONS"
PLAIN_ACCEPT = ("*/*", "application/json")


class QuickReads:
    """Before StorefrontView, of a view that has `get` alone and says it in two parts: `read` checks
    the parameters (raises APIException) and writes nothing, `answer` does the rest."""

    @staticmethod
    def read(params: QueryDict) -> Any:
        raise NotImplementedError

    @staticmethod
    def answer(asked: Any) -> HttpResponse:
        raise NotImplementedError

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Callable[..., Any]:
        usual = super().as_view(**initkwargs)  # type: ignore[misc]

        @wraps(usual)
        def view(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            return _quick(cls, request) or usual(request, *args, **kwargs)

        return view


def _quick(view: type[QuickReads], request: HttpRequest) -> HttpResponse | None:
    key = _plain_key(request)
    if key is None:
        return None
    try:
        asked = view.read(request.GET)
    except APIException:
        return None
    if count_request(f"key:{key.pk}", time.time()) > key.rate_per_minute:
        return None
    note_use(key, timezone.now())
    response = view.answer(asked)
    response.headers["Allow"] = ALLOWED
    return response


def _plain_key(request: HttpRequest) -> ApiKey | None:
    """The storefront's key, if it was valid here seconds ago and the request is a plain one."""
    meta = request.META
    kind, _blank, secret = meta.get("HTTP_AUTHORIZATION", "").partition(" ")
    if (
        request.method != "GET"
        or kind != "Bearer"
        or not secret.isascii()
        or meta.get("HTTP_ACCEPT", "*/*") not in PLAIN_ACCEPT
        or meta.get("CONTENT_LENGTH") not in (None, "", "0")
        or "HTTP_IDEMPOTENCY_KEY" in meta
        or "format=" in meta["QUERY_STRING"]
    ):
        return None
    key = known_key(ApiKey.hash_of(secret))
    if key is None or key.is_for_merchant or key.is_publishable:
        return None
    return key if key.is_valid(timezone.now()) else None
