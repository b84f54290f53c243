"""One message to one customer: words whose slots are filled with facts, in the form of its channel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _

from language.claims import Fact, fill
from marketing.delivery.mail import address, compose, token_of
from marketing.delivery.ports import Note
from marketing.models import Channel, Send
from marketing.texts.facts import LOCALES, greeting


@dataclass(frozen=True)
class Text:
    """Words with slots, the facts that fill them, and where the link leads."""

    subject: str
    body: str
    language: str
    facts: Sequence[Fact]
    copy_id: int | None = None
    link_url: str = ""
    preheader: str = ""


def composed(send: Send, text: Text) -> Any:
    """What the port of the channel takes. Raises UnknownSlotError when a slot cannot be filled."""
    own = _own_facts(send, text)
    # A name may hold a line break, which would make a header of its own.
    subject, body = " ".join(fill(text.subject, own).split()), fill(text.body, own)
    if send.channel == Channel.EMAIL:
        preheader = " ".join(fill(text.preheader, own).split())
        return compose(send, subject, body, text.language, preheader=preheader)
    link = address("link", send.pk) if text.link_url else ""
    key = token_of(send.pk)
    if send.channel == Channel.PUSH:
        return Note(key, send.customer.push_token, body, title=subject, link=link)
    return Note(key, send.customer.phone, f"{body}\n{_way_out(send, text.language)}", link=link)


def _way_out(send: Send, language: str) -> str:
    with translation.override(LOCALES[language]):
        return f"{_('Unsubscribe')}: {address('unsubscribe', send.pk)}"


def _own_facts(send: Send, text: Text) -> list[Fact]:
    own = {"greeting": greeting(send.customer.name, text.language)}
    if text.link_url:
        own["link"] = address("link", send.pk)
    return [replace(fact, text=own.get(fact.slot, fact.text)) for fact in text.facts]
