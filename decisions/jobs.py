"""The register of job handlers. An app marks its own in `<app>/tasks.py` with `@job`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from django.utils.module_loading import autodiscover_modules

if TYPE_CHECKING:
    from decisions.models import Job


class CancelledError(Exception):
    """A person asked for the job to stop; raised by the handler's next call to `progress`."""


class LeaseLostError(Exception):
    """The lease ran out and another worker may hold the job: this attempt must write nothing."""


class GiveUpError(Exception):
    """A handler's way to fail without another attempt; `result` is kept on the job."""

    def __init__(self, reason: str, result: dict | None = None):
        super().__init__(reason)
        self.result = result or {}


class Progress(Protocol):
    """What a handler gets: tells how far it is, and learns whether it should go on."""

    job_id: int

    def __call__(self, done: int, total: int = 0, note: str = "") -> None:
        """Raises CancelledError or LeaseLostError when the job must stop."""

    def still_mine(self) -> None:
        """Raises LeaseLostError unless this attempt holds the job, CancelledError if it must end.

        Called as the first line of a transaction it holds the job's row until the commit, so
        that no other attempt can start before what this one writes is visible.
        """

    def run_step(self, step: Job) -> Job:
        """Run a child job here and now, in this process, under its own row and bar."""


@dataclass(frozen=True)
class Handler:
    kind: str
    label: Any
    run: Callable[..., dict | None]
    queue: str
    max_attempts: int


_handlers: dict[str, Handler] = {}


def job(
    kind: str, *, label: Any = "", queue: str = "backroom", max_attempts: int = 5
) -> Callable[[Callable[..., dict | None]], Callable[..., dict | None]]:
    """Register `def handler(progress, **payload) -> dict | None` under a kind.

    The dict is stored as the job's result. A handler may be run again after it died at any line.
    queue="ml" for anything that trains or loads numeric libraries.
    """

    def mark(run: Callable[..., dict | None]) -> Callable[..., dict | None]:
        _handlers[kind] = Handler(kind, label or kind, run, queue, max_attempts)
        return run

    return mark


def handler_of(kind: str) -> Handler:
    """Raises KeyError for a kind that nobody registered."""
    if kind not in _handlers:
        autodiscover_modules("tasks")
    return _handlers[kind]


def find_handler(kind: str) -> Handler | None:
    """For rows that outlive the app that wrote them."""
    try:
        return handler_of(kind)
    except KeyError:
        return None


def all_handlers() -> list[Handler]:
    autodiscover_modules("tasks")
    return sorted(_handlers.values(), key=lambda handler: handler.kind)
