"""Requests of the shop's own site go past what only pages for people need.

A storefront endpoint is asked by programs with a key: it has no session, no form, no message and
no file. What stands before the view (sessions, CSRF, sign-in, messages, static files) and the search
through all addresses cost a quarter of the work of a short request (docs/performance.md).
"""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.core.handlers.base import BaseHandler
from django.core.handlers.exception import convert_exception_to_response
from django.http import HttpRequest, HttpResponse
from django.urls import ResolverMatch
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.module_loading import import_string

PREFIX = "/api/storefront/v1/"
KEPT = (
    "config.short_way.ReaderLanguage",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
)


class StorefrontShortWay:
    """Middleware, before those that it goes past."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        self.get_response = get_response
        short: Callable = convert_exception_to_response(_Views()._get_response)
        for name in reversed(KEPT):
            short = convert_exception_to_response(import_string(name)(short))
        self.short = short

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info.startswith(PREFIX):
            return self.short(request)
        return self.get_response(request)


class ReaderLanguage:
    """As LocaleMiddleware for addresses that name no language: it looks for one in each all the same."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        language = translation.get_language_from_request(request)
        translation.activate(language)
        request.LANGUAGE_CODE = translation.get_language()
        response = self.get_response(request)
        patch_vary_headers(response, ("Accept-Language",))
        response.headers.setdefault("Content-Language", translation.get_language() or language)
        return response


class _Views(BaseHandler):
    """Django's own innermost step, with no middleware around it."""

    _view_middleware: list = []
    _template_response_middleware: list = []
    _exception_middleware: list = []

    def __init__(self) -> None:
        self._found: dict[tuple[str, str], ResolverMatch] = {}

    def resolve_request(self, request: HttpRequest) -> ResolverMatch:
        """Addresses without a variable part are looked up once: there are few of them."""
        key = (settings.ROOT_URLCONF, request.path_info)
        match = self._found.get(key)
        if match is None or hasattr(request, "urlconf"):
            match = super().resolve_request(request)
            if not match.kwargs and not match.args:
                self._found[key] = match
        request.resolver_match = match
        return match
