"""RFC 9457 problem details: a stable type, the field, and what to do."""

from __future__ import annotations

from typing import Any

from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import exception_handler


def problem_details(error: Exception, context: dict[str, Any]) -> Response | None:
    """Shape every API error alike; unknown exceptions stay exceptions (a 500 is logged, not hidden)."""
    response = exception_handler(error, context)
    if response is None:
        return None
    detail = response.data.get("detail") if isinstance(response.data, dict) else None
    body: dict[str, Any] = {
        "type": f"/problems/{_code(error)}",
        "title": str(detail or "The request cannot be carried out."),
        "status": response.status_code,
    }
    if detail is None:
        body["errors"] = response.data
    response.data = body
    response.content_type = "application/problem+json"
    return response


def _code(error: Exception) -> str:
    if isinstance(error, exceptions.ValidationError):
        return "invalid"
    codes = error.get_codes() if isinstance(error, exceptions.APIException) else "error"
    return codes if isinstance(codes, str) else "invalid"
