"""Which messages there are and what each says.

An app registers its kinds in `<app>/webhooks.py`; docs/webhooks.md is written from this register,
and `publish` refuses a payload that has other fields than the page promises.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.module_loading import autodiscover_modules

TEST = "webhook.test"


class UnknownKindError(Exception):
    """No app registered a message of that kind."""


class PayloadError(Exception):
    """The payload has other fields than its kind promises."""


@dataclass(frozen=True)
class Field:
    """One field of a payload, as the receiver's programmer reads it."""

    shape: str  # "string", "integer", "string or null", "time" …
    meaning: str
    example: Any


@dataclass(frozen=True)
class MessageKind:
    """name: `noun.verb_in_the_past`. label: for the back office. when: one sentence for the docs."""

    name: str
    label: Any
    when: str
    fields: Mapping[str, Field]

    @property
    def example(self) -> dict[str, Any]:
        return {name: field.example for name, field in self.fields.items()}

    def check(self, payload: Mapping[str, Any]) -> None:
        """Raises PayloadError naming the fields that are missing or not promised."""
        if payload.keys() != self.fields.keys():
            odd = sorted(payload.keys() ^ self.fields.keys())
            raise PayloadError(f"{self.name}: missing or not promised: {', '.join(odd)}")


_kinds: dict[str, MessageKind] = {}


def register(kind: MessageKind) -> MessageKind:
    _kinds[kind.name] = kind
    return kind


def kind_of(name: str) -> MessageKind:
    """Raises UnknownKindError for a kind that no installed app registered."""
    if name not in _kinds:
        autodiscover_modules("webhooks")
    if name not in _kinds:
        raise UnknownKindError(f"{name}: register it in the app's webhooks.py")
    return _kinds[name]


def all_kinds() -> list[MessageKind]:
    autodiscover_modules("webhooks")
    return sorted(_kinds.values(), key=lambda kind: kind.name)
