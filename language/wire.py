"""One streamed request to an OpenAI-compatible endpoint, and every way in which it can end."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from openai import OpenAI

GoingOn = Callable[[], None]
# A Retry-After up to a minute is waited for by the client; a longer one is answered by templates.
RETRIES = 2
MAX_ANSWER_CHARACTERS = 60_000


@dataclass(frozen=True)
class Limits:
    """timeout_seconds: for a silence and, times two, for the whole answer. max_tokens: its length."""

    timeout_seconds: float = 30
    max_tokens: int = 4000


@dataclass(frozen=True)
class Call:
    model: str
    messages: list[dict[str, str]]
    response_format: dict[str, Any]
    seed: int

    @property
    def prompt(self) -> str:
        return "\n\n".join(f"[{m['role']}]\n{m['content']}" for m in self.messages)


@dataclass(frozen=True)
class Answer:
    """What came: outcome is one of language.models.CallOutcome, or `denied_format` on the way.

    was_charged: False when the endpoint turned the request away before working on it.
    """

    outcome: str
    text: str = ""
    detail: str = ""
    tokens_in: int | None = None
    tokens_out: int | None = None
    was_charged: bool = True


class Endpoint(Protocol):
    url: str
    key: str
    limits: Limits


def ask(endpoint: Endpoint, call: Call, going_on: GoingOn) -> Answer:
    """Send it and read the stream to its end. Only what `going_on` raises comes out of here."""
    import openai  # a second of import: only a process that drafts pays it

    client = openai.OpenAI(
        base_url=endpoint.url,
        api_key=endpoint.key or "none",
        timeout=endpoint.limits.timeout_seconds,
        max_retries=RETRIES,  # 429 and 5xx, with back-off and Retry-After
    )
    seconds = f"{endpoint.limits.timeout_seconds:g}"
    slow = Answer("timeout", detail=f"the endpoint gave no answer within {seconds} seconds")
    with client:
        try:
            stream = _open(client, call, endpoint.limits)
        except openai.APITimeoutError:
            return slow
        except openai.APIStatusError as error:
            return _turned_away(error.status_code, error.response.headers.get("retry-after", ""))
        except openai.OpenAIError as error:
            detail = f"the endpoint cannot be reached: {error}"
            return Answer("unreachable", detail=detail, was_charged=False)
        try:
            return _read(stream, endpoint.limits, going_on)
        except (openai.APITimeoutError, DeadlineError):
            return slow
        except (openai.OpenAIError, ValueError) as error:
            # An error event, a connection that closed in the middle, a line that is no JSON.
            return Answer("broken", detail=f"the endpoint's answer broke off: {error}")
        finally:
            stream.close()


class DeadlineError(Exception):
    """Words still came, but not the last one in time."""


def _open(client: OpenAI, call: Call, limits: Limits) -> Any:
    options = {"response_format": call.response_format} if call.response_format else {}
    return client.chat.completions.create(  # type: ignore[call-overload]
        model=call.model,
        messages=call.messages,
        seed=call.seed,
        temperature=0.7,
        max_tokens=limits.max_tokens,
        stream=True,
        stream_options={"include_usage": True},
        **options,
    )


def _read(stream: Any, limits: Limits, going_on: GoingOn) -> Answer:
    """The pieces put together. A read timeout ends a silence, the deadline an answer that drips."""
    deadline = time.monotonic() + 2 * limits.timeout_seconds
    pieces: list[str] = []
    reason, usage, length = None, None, 0
    for chunk in stream:
        going_on()
        if time.monotonic() > deadline:
            raise DeadlineError
        usage = getattr(chunk, "usage", None) or usage
        for choice in getattr(chunk, "choices", None) or []:
            words = (choice.delta.content if choice.delta else None) or ""
            pieces.append(words)
            length += len(words)
            reason = choice.finish_reason or reason
        if length > MAX_ANSWER_CHARACTERS:
            return Answer("unusable", "".join(pieces), "the endpoint's answer never ended")
    text = "".join(pieces)
    tokens = (usage.prompt_tokens, usage.completion_tokens) if usage else (None, None)
    if reason is None:
        detail = "the endpoint's answer broke off" if text else "the endpoint answered nothing"
        return Answer("broken", text, detail, *tokens)
    if reason == "length":
        return Answer("cut", text, "the endpoint's answer was cut off", *tokens)
    return Answer("answered", text, "", *tokens)


def _turned_away(status: int, wait: str) -> Answer:
    detail = f"the endpoint answered {status}"
    if status == 429:
        detail += f" and asks to wait {wait} seconds" if wait.isdecimal() else ""
        return Answer("busy", detail=detail, was_charged=False)
    if status in (400, 422):
        return Answer("denied_format", detail=detail, was_charged=False)
    if status >= 500:
        return Answer("failed", detail=detail, was_charged=False)
    return Answer("denied", detail=detail, was_charged=False)
