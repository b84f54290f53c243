"""A form that makes a row makes it once, however often its button is pressed."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from django.http import HttpRequest

from access.models import IdempotentAnswer
from access.services import answers

FIELD = "once"


def token() -> str:
    """For a hidden field of the form; a page that is loaded anew may make another row."""
    return str(uuid.uuid4())


def made_once(request: HttpRequest, make: Callable[[], int | None]) -> int | None:
    """The key of the row that this form made, now or by the click before; None when nothing was.

    make: makes the row and returns its key, or None where it was refused. Raises StillWorkingError
    while another click's request is at it.
    """
    given = request.POST.get(FIELD, "")[:64]
    if not given.isprintable() or not given:
        return make()
    claimed = answers.claim(f"form:{request.user.pk}", given, request.path[:64])
    if isinstance(claimed, IdempotentAnswer):
        return int(claimed.body)
    pk = None
    try:
        pk = make()
    finally:
        if pk is None:
            answers.release(claimed)
    if pk is not None:
        answers.store(claimed, 302, str(pk), "text/plain")
    return pk
