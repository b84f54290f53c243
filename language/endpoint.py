"""Drafts from any OpenAI-compatible endpoint, hosted or on the merchant's own machine."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from language.providers import Draft, DraftRequest, ProviderError, without_personal_data

if TYPE_CHECKING:
    from openai import OpenAI

SCHEMA = {
    "type": "object",
    "properties": {
        "drafts": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"subject": {"type": "string"}, "body": {"type": "string"}},
                "required": ["subject", "body"],
                "additionalProperties": False,
            },
        }
    },
    "required": ["drafts"],
    "additionalProperties": False,
}
# Servers differ in what they can be held to: the strictest first (DeepSeek and several local
# servers refuse json_schema, one with a 500), then the next; the answer is validated each time.
FORMATS: tuple[dict[str, Any], ...] = (
    {
        "type": "json_schema",
        "json_schema": {"name": "drafts", "strict": True, "schema": SCHEMA},
    },
    {"type": "json_object"},
    {},
)
LENGTHS = {
    "email": "a subject line and a body of at most 120 words that begins with {greeting}",
    "sms": "an empty subject and a body of at most 140 characters",
    "push": "a title of at most 40 characters as subject and a body of at most 100 characters",
    "social": "an empty subject and a body of at most 60 words",
}
GOAL_WORDS = {
    "win_back": "welcome back a customer who has not ordered for a while",
    "second_order": "suggest something that goes with a first order",
    "announce": "present the product",
    "thank": "thank a loyal customer",
}
MAX_CHARACTERS = 4000


class EndpointProvider:
    """`draft` asks once per format until an answer can be used; retries are bounded by the client."""

    def __init__(self, *, url: str, key: str, model: str, timeout_seconds: float = 30) -> None:
        self.url, self.key, self.model = url, key, model
        self.timeout_seconds = timeout_seconds
        self.name = f"endpoint:{model}"

    def draft(self, request: DraftRequest) -> list[Draft]:
        import openai  # a second of import: only a process that drafts pays it

        client = openai.OpenAI(
            base_url=self.url,
            api_key=self.key or "none",
            timeout=self.timeout_seconds,
            max_retries=2,  # 429 and 5xx, with back-off and Retry-After
        )
        with client:
            return self._draft(client, request)

    def _draft(self, client: OpenAI, request: DraftRequest) -> list[Draft]:
        """The first format whose answer is usable. Only a refusal of the format tries the next."""
        import openai

        last = "the endpoint gave no usable answer"
        for response_format in FORMATS:
            try:
                return parse_drafts(self._ask(client, request, response_format), request.count)
            except UnusableAnswerError as error:
                last = str(error)
            except (
                openai.BadRequestError,
                openai.UnprocessableEntityError,
                openai.InternalServerError,
            ) as error:
                last = f"the endpoint answered {error.status_code}"
            except openai.APITimeoutError as error:
                raise ProviderError(
                    f"the endpoint gave no answer within {self.timeout_seconds:g} seconds"
                ) from error
            except openai.APIStatusError as error:
                raise ProviderError(f"the endpoint answered {error.status_code}") from error
            except openai.OpenAIError as error:
                raise ProviderError(f"the endpoint cannot be reached: {error}") from error
        raise ProviderError(last)

    def _ask(self, client: OpenAI, request: DraftRequest, response_format: dict) -> str:
        options: dict[str, Any] = {"response_format": response_format} if response_format else {}
        answer = client.chat.completions.create(
            model=self.model,
            messages=[
                {"role": "system", "content": system_message(request)},
                {"role": "user", "content": user_message(request)},
            ],
            seed=request.seed,
            temperature=0.7,
            **options,
        )
        if not getattr(answer, "choices", None) or answer.choices[0].message is None:
            raise UnusableAnswerError("the endpoint answered without a message")
        if answer.choices[0].finish_reason == "length":
            raise UnusableAnswerError("the endpoint's answer was cut off")
        return answer.choices[0].message.content or ""


class UnusableAnswerError(Exception):
    """The endpoint answered, but not with drafts."""


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
        '- Answer with JSON only: {"drafts": [{"subject": "…", "body": "…"}]}'
    )


def user_message(request: DraftRequest) -> str:
    lines = [
        f"Write {request.count} different drafts to {GOAL_WORDS[request.goal]}.",
        f"Each has {LENGTHS[request.channel]}.",
    ]
    if request.brief:
        lines.append(f"Brief: {without_personal_data(request.brief)}")
    lines.append("Facts:")
    for note in request.facts:
        shown = f" ({note.text})" if note.text else ""
        lines.append(f"- {{{note.slot}}}: {note.meaning}{shown}")
    return "\n".join(lines)


def parse_drafts(content: str, count: int) -> list[Draft]:
    """Drafts out of an answer, with or without a code fence around it. Raises UnusableAnswerError."""
    match = re.search(r"\{.*\}", content, re.DOTALL)
    try:
        answer = json.loads(match.group()) if match else None
    except ValueError as error:
        raise UnusableAnswerError("the endpoint's answer is no JSON") from error
    rows = answer.get("drafts") if isinstance(answer, dict) else None
    if not isinstance(rows, list):
        raise UnusableAnswerError("the endpoint's answer holds no drafts")
    drafts = [draft for draft in map(_draft_of, rows) if draft]
    if not drafts:
        raise UnusableAnswerError("the endpoint's answer holds no drafts")
    return drafts[:count]


def _draft_of(row: Any) -> Draft | None:
    if not isinstance(row, dict) or not isinstance(row.get("body"), str):
        return None
    subject = row.get("subject")
    body = row["body"].strip()[:MAX_CHARACTERS]
    subject = subject.strip()[:200] if isinstance(subject, str) else ""
    return Draft(body, " ".join(subject.split())) if body else None
