"""The two kinds of view that every app's API is made of."""

from __future__ import annotations

from typing import Any, ClassVar

from django.http import Http404
from django.utils.cache import patch_vary_headers
from rest_framework.authentication import SessionAuthentication
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from access.api.authentication import KeyAuthentication, PublishableKeyAuthentication
from access.api.idempotency import IdempotentWrites
from access.api.pagination import Cursor
from access.api.parsers import BoundedJSONParser
from access.api.permissions import PublishableKey, StaffWithRole, StorefrontKey, is_known_origin
from access.api.problems import Problem
from access.api.throttling import AddressThrottle, KeyThrottle


class JsonNegotiation(DefaultContentNegotiation):
    """There is one renderer: who asks for it, or for anything, is not put through the parsing of
    media types, which costs a tenth of a short request."""

    def select_renderer(
        self, request: Request, renderers: Any, format_suffix: str | None = None
    ) -> tuple[Any, str]:
        asked = request.META.get("HTTP_ACCEPT", "*/*")
        if asked in ("*/*", "application/json") and "format=" not in request.META["QUERY_STRING"]:
            return renderers[0], renderers[0].media_type
        return super().select_renderer(request, renderers, format_suffix)


class ApiView(IdempotentWrites, APIView):
    """Bounded bodies, problem details, idempotent writes, cursor pages."""

    max_body_bytes = 256 * 1024
    parser_classes = [BoundedJSONParser]
    content_negotiation_class = JsonNegotiation
    throttle_classes = [KeyThrottle]
    pagination_class: type[Cursor] | None = Cursor

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        length = request.META.get("CONTENT_LENGTH") or "0"
        if length.isdigit() and int(length) > self.max_body_bytes:
            detail = f"{length} bytes; at most {self.max_body_bytes} are read."
            raise Problem("body-too-large", detail, status=413)
        super().initial(request, *args, **kwargs)
        if any("\x00" in str(part) for part in kwargs.values()):
            raise Http404  # nothing is called that, and PostgreSQL would refuse to look

    def checked(self, shape: type[Serializer], data: Any) -> dict[str, Any]:
        """What was sent, cleaned. Raises ValidationError, which names every field at fault."""
        serializer = shape(data=data)
        serializer.is_valid(raise_exception=True)
        return serializer.validated_data

    def page(self, rows: Any, shape: Any = None) -> Response:
        """A cursor page of a queryset; `shape` turns the page's rows into plain dicts at once."""
        pages = self.pagination_class()
        found = pages.paginate_queryset(rows, self.request, view=self)
        return pages.get_paginated_response(shape(found) if shape else found)


class StorefrontView(ApiView):
    """For the shop's own site: a storefront key, never a staff secret."""

    authentication_classes = [KeyAuthentication]
    permission_classes = [StorefrontKey]


class BrowserView(ApiView):
    """For pages in customers' browsers: a publishable key, and CORS for the shop's own origins.

    A body of text/plain needs no question beforehand (a "simple request" of the Fetch standard).
    """

    authentication_classes = [PublishableKeyAuthentication]
    permission_classes = [PublishableKey]
    throttle_classes = [AddressThrottle, KeyThrottle]

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(request, response, *args, **kwargs)
        patch_vary_headers(response, ["Origin"])
        origin = request.headers.get("Origin")
        if origin and is_known_origin(origin):
            response["Access-Control-Allow-Origin"] = origin
            if request.method == "OPTIONS":
                response["Access-Control-Allow-Methods"] = "POST"
                response["Access-Control-Allow-Headers"] = "Content-Type, X-Api-Key"
                response["Access-Control-Max-Age"] = "86400"
        return response


class MerchantView(ApiView):
    """For staff: a session, or a key that acts for a user; each method names its permission."""

    authentication_classes = [KeyAuthentication, SessionAuthentication]
    permission_classes = [StaffWithRole]
    needs: ClassVar[dict[str, str]] = {}
