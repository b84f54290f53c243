"""Who drafts a text: phrases of our own, or any OpenAI-compatible endpoint.

A provider gets slots and their meaning, never a price, a date, a stock count or a person. What it
returns is checked by `language.claims` like everything else: a provider is not trusted.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from django.conf import settings

from language.phrases import BANKS, GOALS, TONES, Phrase

if TYPE_CHECKING:
    from language.endpoint import Log

# What a draft of each channel consists of.
FIELDS = {
    "email": ("subject", "preheader", "body"),
    "sms": ("body",),
    "push": ("subject", "body"),
    "social": ("body",),
    "description": ("body",),
    "landing": ("subject", "body", "button"),
}
CHANNELS = tuple(FIELDS)
LANGUAGES = tuple(BANKS)
ENDS_IN_LINK = frozenset({"short", "social"})
LINK_AT_END = re.compile(r"[\s:：–]*\{link\}$")
TRIES_PER_DRAFT = 40
MOST_SPECS = 6

_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
# Eight or more digits with the separators people put between them: phones, cards, ID numbers.
_LONG_NUMBER = re.compile(r"(?<!\w)\+?\d(?:[\s().-]?\d){7,}(?!\w)")


class ProviderError(Exception):
    """No draft, and why: a sentence for the person who asked."""


@dataclass(frozen=True)
class SlotNote:
    """A slot as the provider may see it: its name, what it stands for, its words if harmless."""

    slot: str
    meaning: str
    text: str = ""


@dataclass(frozen=True)
class DraftRequest:
    """What to write. It has no field for a person and none for a number."""

    channel: str
    goal: str
    language: str = "en"
    tone: str = "warm"
    persona: str = ""
    brief: str = ""
    audience: str = ""
    voice: tuple[str, ...] = ()
    experience: tuple[str, ...] = ()
    facts: tuple[SlotNote, ...] = ()
    count: int = 3
    seed: int = 0

    def __post_init__(self) -> None:
        for value, allowed in (
            (self.channel, CHANNELS),
            (self.goal, GOALS),
            (self.language, LANGUAGES),
            (self.tone, TONES),
        ):
            if value not in allowed:
                raise ValueError(f"{value!r} is none of {', '.join(allowed)}")

    @property
    def slots(self) -> set[str]:
        return {note.slot for note in self.facts}


@dataclass(frozen=True)
class Draft:
    """The parts of FIELDS; those that the channel does not have are empty."""

    body: str
    subject: str = ""
    preheader: str = ""
    button: str = ""


@dataclass(frozen=True)
class Drafted:
    """Drafts and who wrote them; `note` says what went wrong on the way."""

    drafts: list[Draft]
    provider: str
    note: str = ""


class Provider(Protocol):
    name: str

    def draft(self, request: DraftRequest, *, going_on: Callable[[], None] = ...) -> list[Draft]:
        """Up to `request.count` different drafts. Raises ProviderError when there is none."""


class TemplateProvider:
    """Phrases with slots, put together by a seeded generator: the same request, the same drafts."""

    name = "templates"

    def draft(
        self, request: DraftRequest, *, going_on: Callable[[], None] = lambda: None
    ) -> list[Draft]:
        generator = random.Random(
            f"{request.seed}:{request.channel}:{request.goal}:{request.language}:{request.tone}"
        )
        made: dict[str, Draft] = {}
        for _try in range(TRIES_PER_DRAFT * request.count):
            draft = _compose(request, generator)
            if draft.body:
                made.setdefault(draft.body, draft)
            if len(made) == request.count:
                break
        return list(made.values())


def provider_from_settings(log: Log | None = None) -> Provider:
    """The endpoint that the settings name, its calls under `log`; else the templates."""
    if not settings.TEXT_PROVIDER_URL:
        return TemplateProvider()
    from language.endpoint import EndpointProvider
    from language.wire import Limits

    return EndpointProvider(
        url=settings.TEXT_PROVIDER_URL,
        key=settings.TEXT_PROVIDER_KEY,
        model=settings.TEXT_PROVIDER_MODEL,
        limits=Limits(settings.TEXT_PROVIDER_TIMEOUT_SECONDS, settings.TEXT_PROVIDER_MAX_TOKENS),
        log=log,
    )


def draft_texts(
    request: DraftRequest, provider: Provider, *, going_on: Callable[[], None] = lambda: None
) -> Drafted:
    """Drafts from the provider; from templates, and saying so, when it has none."""
    try:
        return Drafted(provider.draft(request, going_on=going_on), provider.name)
    except ProviderError as error:
        templates = TemplateProvider()
        return Drafted(templates.draft(request), templates.name, note=str(error))


def without_personal_data(text: str) -> str:
    """E-mail addresses and long numbers out, before a text leaves the house."""
    return _LONG_NUMBER.sub("…", _EMAIL.sub("…", text))


def _compose(request: DraftRequest, generator: random.Random) -> Draft:
    def one(part: str) -> str:
        return _one(part, request, generator)

    if request.channel == "email":
        return _email(request, generator)
    if request.channel == "push":
        return Draft(one("line"), one("title"))
    if request.channel == "description":
        return Draft(_description(request, generator))
    if request.channel == "landing":
        return Draft(one("block"), one("headline"), button=one("button"))
    return Draft(one({"sms": "short", "social": "social"}[request.channel]))


def _description(request: DraftRequest, generator: random.Random) -> str:
    """Mood around what the catalogue says: every property is a slot of its own."""
    glue = " " if request.language == "en" else ""
    stop = {"en": ".", "zh": "。"}[request.language]
    specs = sorted(slot for slot in request.slots if slot.startswith("spec_"))
    generator.shuffle(specs)
    facts = glue.join(f"{{{slot}}}{stop}" for slot in specs[:MOST_SPECS])
    sentences = [_one(part, request, generator) for part in ("about", "use")]
    return "\n\n".join(part for part in (glue.join(filter(None, sentences)), facts) if part)


def _without_link(text: str, request: DraftRequest) -> str:
    """A short text whose address nobody gave: the sentence ends before it."""
    text = LINK_AT_END.sub("", text)
    return text if text[-1] in ".!?。！？" else text + {"en": ".", "zh": "。"}[request.language]


def _email(request: DraftRequest, generator: random.Random) -> Draft:
    middle = [_one(part, request, generator) for part in ("product", "more", "offer")]
    product, more, offer = middle
    if offer and "{price}" in offer:  # "until … it is {price}" says the price already
        product = _one("product", request, generator, without="price")
    glue = " " if request.language == "en" else ""
    paragraphs = [
        "{greeting}",
        _one("opening", request, generator),
        glue.join(sentence for sentence in (product, offer, more) if sentence),
        _one("closing", request, generator),
        _one("farewell", request, generator),
    ]
    body = "\n\n".join(paragraph for paragraph in paragraphs if paragraph)
    subject = _one("subject", request, generator)
    return Draft(body, subject, _one("preheader", request, generator))


def _one(part: str, request: DraftRequest, generator: random.Random, *, without: str = "") -> str:
    """A phrase whose slots all can be filled; empty when none fits (an offer without a discount)."""
    slots = request.slots - {without}
    fitting = [p.text for p in _fitting(part, request, slots)]
    return generator.choice(fitting) if fitting else ""


def _fitting(part: str, request: DraftRequest, slots: set[str]) -> Iterator[Phrase]:
    """Phrases of the asked tone; of any tone when the bank has none of it."""
    bank = BANKS[request.language][part]
    if part in ENDS_IN_LINK and "link" not in slots:
        bank = tuple(replace(phrase, text=_without_link(phrase.text, request)) for phrase in bank)
    of_tone = [phrase for phrase in bank if phrase.fits(request.goal, request.tone, slots)]
    yield from of_tone or [
        phrase for phrase in bank if any(phrase.fits(request.goal, tone, slots) for tone in TONES)
    ]
