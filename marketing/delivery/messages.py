"""One message to one customer: words whose slots are filled with facts, in the form of its channel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _

from language.claims import Fact, fill_words
from language.slots import slots_of
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
    own: Mapping[str, str] = field(default_factory=dict)  # the recipient's, by slot: her coupon
    coupon_id: int | None = None

    @property
    def slots(self) -> set[str]:
        return slots_of(self.subject) | slots_of(self.preheader) | slots_of(self.body)

    @cached_property
    def words(self) -> dict[str, str]:
        """By slot, the same for every recipient: a campaign asks a thousand times."""
        return {fact.slot: fact.text for fact in self.facts}


def composed(send: Send, text: Text) -> Any:
    """What the port of the channel takes. Raises UnknownSlotError when a slot cannot be filled."""
    own = _own_words(send, text)
    # A name may hold a line break, which would make a header of its own.
    subject, body = " ".join(fill_words(text.subject, own).split()), fill_words(text.body, own)
    if send.channel == Channel.EMAIL:
        preheader = " ".join(fill_words(text.preheader, own).split())
        return compose(send, subject, body, text.language, preheader=preheader)
    link = address("link", send.pk) if text.link_url else ""
    key = token_of(send.pk)
    if send.channel == Channel.PUSH:
        return Note(key, send.customer.push_token, body, title=subject, link=link)
    return Note(key, send.customer.phone, f"{body}\n{_way_out(send, text.language)}", link=link)


def _way_out(send: Send, language: str) -> str:
    with translation.override(LOCALES[language]):
        return f"{_('Unsubscribe')}: {address('unsubscribe', send.pk)}"


def _own_words(send: Send, text: Text) -> dict[str, str]:
    """The facts' words by slot, with what is the recipient's own in the place of what stands for it."""
    own = dict(text.words) | dict(text.own)
    if "greeting" in own:
        own["greeting"] = greeting(send.customer.name, text.language)
    if "link" in own and text.link_url:
        own["link"] = address("link", send.pk)
    return own
