"""`Idempotency-Key` on writes: the same key and request get the first answer, byte for byte."""

from __future__ import annotations

import hashlib
from functools import partial
from typing import Any

from django.http import HttpResponse
from rest_framework.request import Request
from rest_framework.response import Response

from access.api.problems import Problem
from access.models import ApiKey, IdempotentAnswer
from access.services import answers

WRITES = ("POST", "PUT", "PATCH", "DELETE")
MAX_KEY_LENGTH = 150  # with the scope before it, it is still a key of 200 in the services


class AlreadyAnsweredError(Exception):
    def __init__(self, answer: IdempotentAnswer):
        self.answer = answer


def key_of(request: Request, required: bool) -> str:
    """The request's key, checked; "" for reads and for writes that bring none."""
    if request.method not in WRITES:
        return ""
    key = request.headers.get("Idempotency-Key", "")
    if not key and required:
        raise Problem("idempotency-key-missing", status=400, errors=[_header_error()])
    if len(key) > MAX_KEY_LENGTH or not key.isprintable():
        raise Problem("invalid", status=400, errors=[_header_error()])
    return key


def _claim(scope: str, key: str, request_sha256: str) -> answers.Claim:
    try:
        claimed = answers.claim(scope, key, request_sha256)
    except answers.KeyReusedError as error:
        raise Problem("idempotency-key-reused", errors=[_header_error()]) from error
    except answers.StillWorkingError as error:
        raise Problem("still-working", wait=1) from error
    if isinstance(claimed, IdempotentAnswer):
        raise AlreadyAnsweredError(claimed)
    return claimed


def scope_of(request: Request) -> str:
    if isinstance(request.auth, ApiKey):
        return f"key:{request.auth.pk}"
    return f"user:{request.user.pk}"


def service_key(request: Request) -> str:
    """The caller's key, made its own, for the service that carries the write out."""
    return f"{scope_of(request)}:{request.headers['Idempotency-Key']}"


def fingerprint(request: Request) -> str:
    raw = request._request
    head = f"{raw.method} {raw.get_full_path()} {raw.content_type}\n"
    return hashlib.sha256(head.encode() + raw.body).hexdigest()


def keep_answer(claimed: answers.Claim, response: Response) -> None:
    """After rendering: keep what had an effect or was refused for good, free the key otherwise."""
    if response.status_code < 300 or response.status_code == 409:
        answers.store(
            claimed,
            response.status_code,
            response.content.decode(),
            response.get("Content-Type", ""),
        )
    else:
        answers.release(claimed)


def replay(answer: IdempotentAnswer) -> HttpResponse:
    response = HttpResponse(answer.body, status=answer.status, content_type=answer.content_type)
    response["Idempotency-Replayed"] = "true"
    return response


class IdempotentWrites:
    """For views: claims the key once the caller is known, keeps the answer when it is rendered.

    Methods in `known_by_their_rows` keep no answer: what the service wrote under the key is the
    record, and the answer is made of it again. One write less for the busiest endpoint.
    """

    needs_idempotency_key: tuple[str, ...] = ()
    known_by_their_rows: tuple[str, ...] = ()
    _claimed: answers.Claim | None = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)  # type: ignore[misc]
        key = key_of(request, request.method in self.needs_idempotency_key)
        if key and request.method not in self.known_by_their_rows:
            self._claimed = _claim(scope_of(request), key, fingerprint(request))

    def handle_exception(self, error: Exception) -> Any:
        if isinstance(error, AlreadyAnsweredError):
            return replay(error.answer)
        answered = False
        try:
            response = super().handle_exception(error)  # type: ignore[misc]
            answered = True
        finally:
            if not answered and self._claimed:
                answers.release(self._claimed)
        return response

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(request, response, *args, **kwargs)  # type: ignore[misc]
        if self._claimed and isinstance(response, Response):
            response.add_post_render_callback(partial(keep_answer, self._claimed))
        return response


def _header_error() -> dict[str, str]:
    return {
        "field": "Idempotency-Key",
        "message": f"A header of 1 to {MAX_KEY_LENGTH} printable characters.",
        "code": "idempotency_key",
    }
