"""The two kinds of view that every app's API is made of."""

from __future__ import annotations

from typing import Any, ClassVar

from django.http import Http404
from rest_framework.authentication import SessionAuthentication
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from access.api.authentication import KeyAuthentication
from access.api.idempotency import IdempotentWrites
from access.api.pagination import Cursor
from access.api.parsers import BoundedJSONParser
from access.api.permissions import StaffWithRole, StorefrontKey
from access.api.problems import Problem
from access.api.throttling import KeyThrottle


class ApiView(IdempotentWrites, APIView):
    """Bounded bodies, problem details, idempotent writes, cursor pages."""

    max_body_bytes = 256 * 1024
    parser_classes = [BoundedJSONParser]
    throttle_classes = [KeyThrottle]
    pagination_class = Cursor

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


class MerchantView(ApiView):
    """For staff: a session, or a key that acts for a user; each method names its permission."""

    authentication_classes = [KeyAuthentication, SessionAuthentication]
    permission_classes = [StaffWithRole]
    needs: ClassVar[dict[str, str]] = {}
