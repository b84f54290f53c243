"""Drafts from any OpenAI-compatible endpoint, hosted or on the merchant's own machine."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any, Protocol

from language.providers import FIELDS, Draft, DraftRequest, ProviderError, without_personal_data
from language.wire import Answer, Call, GoingOn, Limits, ask

# What a server that cannot be held to a format answers with: the next format is worth a try.
NEXT_FORMAT = frozenset({"unusable", "cut", "denied_format", "failed"})
LENGTHS = {
    "email": "a subject line of at most 60 characters, a preheader of at most 90 characters that goes on"
    " where the subject ends, and a body of at most 120 words that begins with {greeting}",
    "sms": "a body of at most 140 characters",
    "push": "a title of at most 40 characters as subject and a body of at most 100 characters",
    "social": "a body of at most 60 words",
    "description": "a body of two to four sentences for the product's own page",
    "landing": "a headline of at most 60 characters as subject, a body of at most 60 words, and a"
    " button of at most 25 characters",
}
GOAL_WORDS = {
    "win_back": "welcome back a customer who has not ordered for a while",
    "second_order": "suggest something that goes with a first order",
    "announce": "present the product",
    "thank": "thank a loyal customer",
}
MAX_CHARACTERS, LINE = 4000, 200


class Log(Protocol):
    """Who must be asked before a call, and told after it."""

    def earlier(self, model: str, prompt: str) -> str:
        """A usable answer to the same words that was kept; empty when there is none."""

    def begin(self, model: str, prompt: str, max_tokens: int) -> Any:
        """Raises ProviderError when the call may not be made."""

    def end(self, call: Any, answer: Answer) -> None: ...


class NoLog:
    """For tests of the protocol alone."""

    def earlier(self, model: str, prompt: str) -> str:
        return ""

    def begin(self, model: str, prompt: str, max_tokens: int) -> Any:
        return None

    def end(self, call: Any, answer: Answer) -> None:
        pass


class EndpointProvider:
    """`draft` asks once per format until an answer can be used; retries are bounded by the client."""

    def __init__(
        self,
        *,
        url: str,
        key: str,
        model: str,
        limits: Limits | None = None,
        log: Log | None = None,
    ) -> None:
        self.url, self.key, self.model = url, key, model
        self.limits, self.log = limits or Limits(), log or NoLog()
        self.name = f"endpoint:{model}"

    def draft(self, request: DraftRequest, *, going_on: GoingOn = lambda: None) -> list[Draft]:
        """`going_on` is called while words come in; what it raises stops the call."""
        last = "the endpoint gave no usable answer"
        messages = [
            {"role": "system", "content": system_message(request)},
            {"role": "user", "content": user_message(request)},
        ]
        for response_format in formats_of(request.channel):
            call = Call(self.model, messages, response_format, request.seed)
            if kept := self.log.earlier(self.model, call.prompt):
                return parse_drafts(kept, request.count, request.channel)
            answer, drafts = self._logged(call, request, going_on)
            if drafts:
                return drafts
            last = answer.detail
            if answer.outcome not in NEXT_FORMAT:
                break
        raise ProviderError(last)

    def _logged(
        self, call: Call, request: DraftRequest, going_on: GoingOn
    ) -> tuple[Answer, list[Draft]]:
        """Ask under the log: whatever happens in between, the row gets its end."""
        row = self.log.begin(self.model, call.prompt, self.limits.max_tokens)
        answer, drafts = Answer("stopped", detail="stopped by a person"), []
        try:
            answer = ask(self, call, going_on)
            if answer.outcome == "answered":
                drafts = parse_drafts(answer.text, request.count, request.channel)
        except UnusableAnswerError as error:
            answer = replace(answer, outcome="unusable", detail=str(error))
        finally:
            self.log.end(row, answer)
        return answer, drafts


class UnusableAnswerError(Exception):
    """The endpoint answered, but not with drafts."""


def formats_of(channel: str) -> tuple[dict[str, Any], ...]:
    """Servers differ in what they can be held to: the strictest first (DeepSeek and several local
    servers refuse json_schema, one with a 500), then the next; the answer is validated each time."""
    schema = {"name": "drafts", "strict": True, "schema": schema_of(channel)}
    return ({"type": "json_schema", "json_schema": schema}, {"type": "json_object"}, {})


def schema_of(channel: str) -> dict[str, Any]:
    """The JSON schema of an answer for this channel: nothing missing, nothing more."""
    names = FIELDS[channel]
    draft = {
        "type": "object",
        "properties": {name: {"type": "string"} for name in names},
        "required": list(names),
        "additionalProperties": False,
    }
    return {
        "type": "object",
        "properties": {"drafts": {"type": "array", "items": draft}},
        "required": ["drafts"],
        "additionalProperties": False,
    }


def system_message(request: DraftRequest) -> str:
    """Persona and rules here, facts with the user: small models else write the persona down."""
    language = {"en": "British English", "zh": "Simplified Chinese"}[request.language]
    persona = without_personal_data(request.persona) or "the shop's own friendly voice"
    return (
        f"You write short marketing texts in {language}, in a {request.tone} tone, as {persona}.\n"
        "Rules:\n"
        "- Never write a number, price, percentage, date, quantity, currency sign or web address,"
        " neither in digits nor in words. Write the slot in braces instead, exactly as given.\n"
        "- Use only the slots in the list. Claim nothing that is not in the list: nothing free, no"
        " guarantee, no scarcity, no superlatives, no delivery times, no effects on health.\n"
        "- No placeholders in square brackets, no markdown.\n"
        f"{_voice(request)}"
        f'- Answer with JSON only: {{"drafts": [{{{_shape(request.channel)}}}]}}'
    )


def _voice(request: DraftRequest) -> str:
    """The shop's own rules of writing, as further lines."""
    return "".join(f"- {without_personal_data(line)}\n" for line in request.voice)


def _shape(channel: str) -> str:
    return ", ".join(f'"{name}": "…"' for name in FIELDS[channel])


def user_message(request: DraftRequest) -> str:
    lines = [
        f"Write {request.count} different drafts to {GOAL_WORDS[request.goal]}.",
        f"Each has {LENGTHS[request.channel]}.",
    ]
    if request.audience:
        lines.append(f"Readers: {without_personal_data(request.audience)}")
    for experience in request.experience:
        lines.append(f"Earlier texts: {experience}")
    if request.brief:
        lines.append(f"Brief: {without_personal_data(request.brief)}")
    lines.append("Facts:")
    for note in request.facts:
        shown = f" ({note.text})" if note.text else ""
        lines.append(f"- {{{note.slot}}}: {note.meaning}{shown}")
    return "\n".join(lines)


def parse_drafts(content: str, count: int, channel: str = "email") -> list[Draft]:
    """Drafts out of an answer, with or without a code fence around it. Raises UnusableAnswerError."""
    match = re.search(r"\{.*\}", content, re.DOTALL)
    try:
        answer = json.loads(match.group()) if match else None
    except ValueError as error:
        raise UnusableAnswerError("the endpoint's answer is no JSON") from error
    rows = answer.get("drafts") if isinstance(answer, dict) else None
    if not isinstance(rows, list):
        raise UnusableAnswerError("the endpoint's answer holds no drafts")
    drafts = [draft for row in rows if (draft := _draft_of(row, channel))]
    if not drafts:
        raise UnusableAnswerError("the endpoint's answer holds no drafts")
    return drafts[:count]


def _draft_of(row: Any, channel: str) -> Draft | None:
    """A draft with every field of its channel as text; what else the model wrote is left behind."""
    if not isinstance(row, dict):
        return None
    found = {}
    for name in FIELDS[channel]:
        if not isinstance(row.get(name), str) or not (words := row[name].strip()):
            return None
        found[name] = words if name == "body" else " ".join(words.split())
    found["body"] = found["body"][:MAX_CHARACTERS]
    return Draft(
        **{name: words[:LINE] if name != "body" else words for name, words in found.items()}
    )
