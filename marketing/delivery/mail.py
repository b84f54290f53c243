"""One e-mail to one customer: text and HTML with her own links, and the way out in every one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from django.conf import settings
from django.core import signing
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from marketing.models import Send
from marketing.texts.facts import LOCALES

PLACE = "TOKEN"
_signer = signing.Signer(salt="marketing.send", sep=".")
_guest_signer = signing.Signer(salt="marketing.guest", sep=".")


class BadTokenError(Exception):
    """The address was not made by us."""


def token_of(send_id: int) -> str:
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


def compose(
    send: Send, subject: str, text: str, language: str, *, preheader: str = ""
) -> EmailMultiAlternatives:
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
) -> EmailMultiAlternatives:
    """Text and HTML with the way out in both, and for one click in the mail program."""
    way_out = envelope.way_out
    footer, leave = _footer(language, envelope.was_wished)
    with translation.override(LOCALES[language]):
        context = {
            "subject": subject,
            "preheader": preheader,
            "address": settings.SHOP_ADDRESS,
            "paragraphs": paragraphs(text),
            "footer": footer,
            "way_out": way_out,
            "shop": settings.SHOP_NAME,
            "language": language,
            "pixel": envelope.pixel,
        }
        html = render_to_string("marketing/email.html", context)
    mail = EmailMultiAlternatives(
        subject=subject,
        body=f"{text}\n\n--\n{footer}\n{_postal()}{leave}: {way_out}\n",
        to=[envelope.to],
        headers={
            # One click in the mail program itself: RFC 8058.
            "List-Unsubscribe": f"<{way_out}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            # Reports of a provider name the message by it.
            "X-Backroom-Message": envelope.token,
        },
    )
    mail.attach_alternative(html, "text/html")
    return mail


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
    """Escaped paragraphs. Only our own addresses can be clicked, not what a name may hold."""
    own = rf"({re.escape(settings.PUBLIC_URL.rstrip('/'))}/\S+)"
    return [
        mark_safe(  # escaped in the same breath
            re.sub(own, r'<a href="\1">\1</a>', escape(part)).replace("\n", "<br>")
        )
        for part in text.split("\n\n")
    ]
