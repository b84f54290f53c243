"""One e-mail to one customer: text and HTML with her own links, and the way out in every one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from secrets import token_hex

from django.conf import settings
from django.core import signing
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.html import conditional_escape, escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from marketing.delivery.letters import Letter
from marketing.models import Send
from marketing.texts.facts import LOCALES

PLACE = "TOKEN"
MESSAGE_HEADER = "X-Backroom-Message"
REPORTED_AS = "backroom_message"  # what providers call it in their reports
_signer = signing.Signer(salt="marketing.send", sep=".")
_CUT = token_hex(16)  # stands where letters differ; nobody who writes one can know it
_guest_signer = signing.Signer(salt="marketing.guest", sep=".")


class BadTokenError(Exception):
    """The address was not made by us."""


@lru_cache(maxsize=1024)
def token_of(send_id: int) -> str:
    """Signed once a message: it stands in four of its addresses."""
    return _signer.sign(str(send_id))


def guest_token_of(entry_id: int) -> str:
    return _guest_signer.sign(str(entry_id))


def guest_entry_of(token: str) -> int:
    """Raises BadTokenError."""
    try:
        return int(_guest_signer.unsign(token))
    except (signing.BadSignature, ValueError) as error:
        raise BadTokenError(token) from error


def send_id_of(token: str) -> int:
    """Raises BadTokenError."""
    try:
        return int(_signer.unsign(token))
    except (signing.BadSignature, ValueError) as error:
        raise BadTokenError(token) from error


def address(view: str, send_id: int) -> str:
    """`open`, `link` or `unsubscribe` of one send, with the shop's public address."""
    return _pattern(view, settings.PUBLIC_URL).replace(PLACE, token_of(send_id))


def recommended_address(send_id: int, place: int) -> str:
    """Of the product at this place of a letter, from 1."""
    return f"{address('recommended', send_id)}/{place}"


@lru_cache(maxsize=16)
def _pattern(view: str, public_url: str) -> str:
    """The address with a place for the token: looked up once, not once a mail."""
    return public_url.rstrip("/") + reverse(f"marketing:{view}", args=[PLACE])


def guest_address(entry_id: int) -> str:
    """Where a guest leaves, with the shop's public address."""
    return _pattern("guest", settings.PUBLIC_URL).replace(PLACE, guest_token_of(entry_id))


@dataclass(frozen=True)
class Envelope:
    """What a letter has beside its words. token: by which reports name it; pixel: empty for none.
    was_wished: she asked for this very letter."""

    to: str
    token: str
    way_out: str
    pixel: str = ""
    was_wished: bool = False


def compose(send: Send, subject: str, text: str, language: str, *, preheader: str = "") -> Letter:
    """The finished mail of words whose slots are filled."""
    envelope = Envelope(
        send.customer.email,
        token_of(send.pk),
        address("unsubscribe", send.pk),
        address("open", send.pk) if settings.MARKETING_TRACK_OPENS else "",
        send.was_wished,
    )
    return letter(envelope, subject, text, language, preheader=preheader)


def letter(
    envelope: Envelope, subject: str, text: str, language: str, *, preheader: str = ""
) -> Letter:
    """Text and HTML with the way out in both, and for one click in the mail program."""
    way_out = envelope.way_out
    footer, leave = _footer(language, envelope.was_wished)
    form = _Form(subject, preheader, language, envelope.was_wished, bool(envelope.pixel))
    around = _around(form, settings.SHOP_NAME, settings.SHOP_ADDRESS)
    html = around.filled(paragraphs(text), way_out, envelope.pixel)
    mail = Letter(
        subject=subject,
        body=f"{text}\n\n--\n{footer}\n{_postal()}{leave}: {way_out}\n",
        to=[envelope.to],
        headers={
            # One click in the mail program itself: RFC 8058.
            "List-Unsubscribe": f"<{way_out}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            # Reports of a provider name the message by it.
            MESSAGE_HEADER: envelope.token,
        },
    )
    mail.attach_alternative(html, "text/html")
    return mail


@dataclass(frozen=True)
class _Form:
    """What makes two letters differ in more than their paragraphs and addresses."""

    subject: str
    preheader: str
    language: str
    was_wished: bool
    is_tracked: bool


@dataclass(frozen=True)
class _Around:
    """The HTML of a letter in pieces: to the first paragraph, between two, to the way out, to the
    pixel, to the end."""

    begin: str
    between: str
    before_way_out: str
    before_pixel: str
    end: str = ""

    def filled(self, paragraphs: Sequence[str], way_out: str, pixel: str) -> str:
        words = self.between.join(paragraphs)
        way_out, pixel = conditional_escape(way_out), conditional_escape(pixel)
        return "".join(
            (self.begin, words, self.before_way_out, way_out, self.before_pixel, pixel, self.end)
        )


@lru_cache(maxsize=64)
def _around(form: _Form, shop: str, address: str) -> _Around:
    """The template is rendered once for letters that are alike, and cut where they differ."""
    footer, _leave = _footer(form.language, form.was_wished)
    with translation.override(LOCALES[form.language]):
        context = {
            "subject": form.subject,
            "preheader": form.preheader,
            "address": address,
            "paragraphs": [_CUT, _CUT],
            "footer": footer,
            "way_out": _CUT,
            "shop": shop,
            "language": form.language,
            "pixel": _CUT if form.is_tracked else "",
        }
        pieces = render_to_string("marketing/email.html", context).split(_CUT)
    return _Around(*pieces)


def _postal() -> str:
    return f"{settings.SHOP_NAME}, {settings.SHOP_ADDRESS}\n" if settings.SHOP_ADDRESS else ""


@lru_cache(maxsize=8)
def _footer(language: str, was_wished: bool) -> tuple[str, str]:
    """Why she gets it, and the word for leaving."""
    with translation.override(LOCALES[language]):
        why = _("You get this e-mail because you agreed to news from %(shop)s.")
        if was_wished:
            why = _("You get this e-mail because you asked %(shop)s to tell you once it is back.")
        return why % {"shop": settings.SHOP_NAME}, _("Unsubscribe")


def paragraphs(text: str) -> list[SafeString]:
    """Escaped paragraphs. Only our own addresses can be clicked, not what a name may hold.

    Of a recommended product its name is the link, not the address below it.
    """
    own, product = _own_address(settings.PUBLIC_URL), _product(settings.PUBLIC_URL)
    found = []
    for part in map(escape, text.split("\n\n")):
        shown = product.fullmatch(part)
        linked = _as_product(*shown.groups()) if shown else own.sub(r'<a href="\1">\1</a>', part)
        found.append(mark_safe(linked.replace("\n", "<br>")))  # escaped above
    return found


def _as_product(name: str, why: str, address: str) -> str:
    return f'<a href="{address}"><strong>{name}</strong></a>{why}'


@lru_cache(maxsize=16)
def _product(public_url: str) -> re.Pattern:
    """The paragraph of a recommended product: its name and price, the reason, its address."""
    base = re.escape(_pattern("recommended", public_url).removesuffix(PLACE))
    return re.compile(rf"([^\n]+)((?:\n[^\n]+)?)\n({base}\S+)")


@lru_cache(maxsize=16)
def _own_address(public_url: str) -> re.Pattern:
    return re.compile(rf"({re.escape(public_url.rstrip('/'))}/\S+)")
