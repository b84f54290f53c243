"""RFC 9457 problem details: a stable type, the field, and what to do."""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext_lazy as _
from django.views import defaults
from rest_framework import exceptions, status
from rest_framework.response import Response
from rest_framework.views import exception_handler

CONTENT_TYPE = "application/problem+json"

# code → (what is wrong in general, what to do). A code is part of the contract: never renamed.
PROBLEMS: dict[str, tuple[Any, Any]] = {
    "invalid": (
        _("The request has fields that cannot be used."),
        _("Correct the fields named in `errors` and send the request again."),
    ),
    "malformed": (
        _("The body is not valid JSON."),
        _("Send one JSON document in UTF-8 with Content-Type: application/json."),
    ),
    "not-authenticated": (
        _("The request names no key."),
        _("Send the header `Authorization: Bearer bk_…` or `X-Api-Key: bk_…`."),
    ),
    "authentication-failed": (
        _("The key is not valid."),
        _("Ask the merchant for a new key: this one is unknown, expired or revoked."),
    ),
    "permission-denied": (
        _("This key or role may not do that."),
        _("Ask the owner of the shop for a role or a key that may."),
    ),
    "not-found": (_("There is no such thing."), _("Check the address and the identifier in it.")),
    "method-not-allowed": (
        _("This address does not take that method."),
        _("Use one of the methods in the `Allow` header."),
    ),
    "not-acceptable": (_("Only JSON is spoken here."), _("Send `Accept: application/json`.")),
    "unsupported-media-type": (
        _("Only JSON is read here."),
        _("Send the body with Content-Type: application/json."),
    ),
    "throttled": (
        _("Too many requests for this key."),
        _("Wait for the number of seconds in the `Retry-After` header."),
    ),
    "body-too-large": (_("The body is too large."), _("Send less in one request.")),
    "idempotency-key-missing": (
        _("This write needs a key of its own."),
        _(
            "Send `Idempotency-Key: ` with a new UUID, and the same one when you repeat the request."
        ),
    ),
    "idempotency-key-reused": (
        _("This key belongs to another request."),
        _("Use a new Idempotency-Key for a new request."),
    ),
    "still-working": (
        _("The first request with this key is still being worked on."),
        _("Ask again with the same key after the seconds in `Retry-After`."),
    ),
    "conflict": (
        _("The state of things does not allow that now."),
        _("Read the current state, then decide again."),
    ),
    "server-error": (
        _("Something failed on our side."),
        _("Try again later; a write with an Idempotency-Key can be repeated safely."),
    ),
}


class Problem(exceptions.APIException):
    """A refusal with a code of PROBLEMS or of an app's own (see `describe`).

    errors: `{"field", "message", "code"}` per offending field.
    """

    def __init__(
        self, code: str, detail: Any = "", *, status: int = 409, errors: Any = (), wait: int = 0
    ):
        super().__init__(detail or PROBLEMS[code][0], code)
        self.status_code = status
        self.problem_code = code
        self.errors = list(errors)
        if wait:
            self.wait = wait


def describe(code: str, title: Any, what_to_do: Any) -> None:
    """An app adds a problem of its own, once, where its API is defined."""
    PROBLEMS[code] = (title, what_to_do)


def problem_details(error: Exception, context: dict[str, Any]) -> Response | None:
    """Shape every API error alike; unknown exceptions stay exceptions (a 500 is logged, not hidden)."""
    response = exception_handler(error, context)
    if response is None:
        return None
    errors = list(_errors_of(error))
    code = _code_of(error, response.status_code)
    # A list of fields says it all; otherwise the exception's own words are the detail.
    detail = "" if isinstance(error, exceptions.ValidationError) else response.data["detail"]
    response.data = problem_body(code, response.status_code, detail=detail, errors=errors)
    response.content_type = CONTENT_TYPE
    return response


def problem_body(code: str, status: int, *, detail: Any = "", errors: Any = ()) -> dict[str, Any]:
    title, what_to_do = PROBLEMS[code]
    body: dict[str, Any] = {
        "type": f"/problems/{code}",
        "title": str(title),
        "status": status,
        "detail": _storable(detail or title),
        "what_to_do": str(what_to_do),
    }
    if errors:
        body["errors"] = errors
    return body


def _code_of(error: Exception, status_code: int) -> str:
    if isinstance(error, Problem):
        return error.problem_code
    by_status = {
        status.HTTP_401_UNAUTHORIZED: _code_of_401(error),
        status.HTTP_403_FORBIDDEN: "permission-denied",
        status.HTTP_404_NOT_FOUND: "not-found",
        status.HTTP_405_METHOD_NOT_ALLOWED: "method-not-allowed",
        status.HTTP_406_NOT_ACCEPTABLE: "not-acceptable",
        status.HTTP_415_UNSUPPORTED_MEDIA_TYPE: "unsupported-media-type",
        status.HTTP_429_TOO_MANY_REQUESTS: "throttled",
    }
    if isinstance(error, exceptions.ParseError):
        return "malformed"
    return by_status.get(status_code, "invalid")


def _code_of_401(error: Exception) -> str:
    missing = isinstance(error, exceptions.NotAuthenticated)
    return "not-authenticated" if missing else "authentication-failed"


def _errors_of(error: Exception) -> Iterator[dict[str, str]]:
    if isinstance(error, Problem):
        yield from error.errors
    elif isinstance(error, exceptions.ValidationError):
        yield from _flat(error.get_full_details(), "")


def _flat(details: Any, path: str) -> Iterator[dict[str, str]]:
    """`{"lines": [{}, {"sku": […]}]}` becomes one entry with the field `lines.1.sku`."""
    if isinstance(details, dict) and set(details) == {"message", "code"}:
        yield {
            "field": path or "non_field_errors",
            "message": _storable(details["message"]),
            "code": str(details["code"]),
        }
        return
    if isinstance(details, list) and all(_is_leaf(item) for item in details):
        for item in details:
            yield from _flat(item, path)
        return
    pairs = details.items() if isinstance(details, dict) else enumerate(details)
    for name, inner in pairs:
        yield from _flat(inner, f"{path}.{name}" if path else str(name))


def _storable(message: Any) -> str:
    """A message may repeat what was sent; half a surrogate pair cannot be written as UTF-8."""
    return str(message).encode(errors="replace").decode()


def _is_leaf(details: Any) -> bool:
    return isinstance(details, dict) and set(details) == {"message", "code"}


def _page(request: HttpRequest, code: str, http: HTTPStatus) -> HttpResponse | None:
    if not request.path.startswith("/api/"):
        return None
    return JsonResponse(problem_body(code, int(http)), status=int(http), content_type=CONTENT_TYPE)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(request, "invalid", HTTPStatus.BAD_REQUEST) or defaults.bad_request(
        request, exception
    )


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(request, "permission-denied", HTTPStatus.FORBIDDEN) or defaults.permission_denied(
        request, exception
    )


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(request, "not-found", HTTPStatus.NOT_FOUND) or defaults.page_not_found(
        request, exception
    )


def server_error(request: HttpRequest) -> HttpResponse:
    return _page(
        request, "server-error", HTTPStatus.INTERNAL_SERVER_ERROR
    ) or defaults.server_error(request)
