"""One e-mail to one customer: text and HTML with her own links, and the way out in every one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from django.conf import settings
from django.core import signing
from django.core.mail import EmailMultiAlternatives
from django.core.mail.backends.base import BaseEmailBackend
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from language.claims import Fact, fill
from marketing.facts import LOCALES, greeting
from marketing.models import CopyVariant, Send

_signer = signing.Signer(salt="marketing.send", sep=".")


class BadTokenError(Exception):
    """The address was not made by us."""


def token_of(send_id: int) -> str:
    return _signer.sign(str(send_id))


def send_id_of(token: str) -> int:
    """Raises BadTokenError."""
    try:
        return int(_signer.unsign(token))
    except (signing.BadSignature, ValueError) as error:
        raise BadTokenError(token) from error


def address(view: str, send_id: int) -> str:
    """`open`, `link` or `unsubscribe` of one send, with the shop's public address."""
    return settings.PUBLIC_URL.rstrip("/") + reverse(f"marketing:{view}", args=[token_of(send_id)])


def compose(
    send: Send, copy: CopyVariant, facts: Sequence[Fact], connection: BaseEmailBackend | None = None
) -> EmailMultiAlternatives:
    """The finished mail. Raises UnknownSlotError when a slot cannot be filled."""
    own = _own_facts(send, facts, copy.language)
    # A name may hold a line break, which would make a header of its own.
    subject, text = " ".join(fill(copy.subject, own).split()), fill(copy.body, own)
    way_out = address("unsubscribe", send.pk)
    with translation.override(LOCALES[copy.language]):
        footer = _("You get this e-mail because you agreed to news from %(shop)s.") % {
            "shop": settings.SHOP_NAME
        }
        context = {
            "subject": subject,
            "paragraphs": paragraphs(text),
            "footer": footer,
            "way_out": way_out,
            "shop": settings.SHOP_NAME,
            "language": copy.language,
            "pixel": address("open", send.pk) if settings.MARKETING_TRACK_OPENS else "",
        }
        html = render_to_string("marketing/email.html", context)
        plain = f"{text}\n\n--\n{footer}\n{_('Unsubscribe')}: {way_out}\n"
    mail = EmailMultiAlternatives(
        subject=subject,
        body=plain,
        to=[send.customer.email],
        connection=connection,
        headers={
            # One click in the mail program itself: RFC 8058.
            "List-Unsubscribe": f"<{way_out}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        },
    )
    mail.attach_alternative(html, "text/html")
    return mail


def paragraphs(text: str) -> list[SafeString]:
    """Escaped paragraphs. Only our own addresses can be clicked, not what a name may hold."""
    own = rf"({re.escape(settings.PUBLIC_URL.rstrip('/'))}/\S+)"
    return [
        mark_safe(  # escaped in the same breath
            re.sub(own, r'<a href="\1">\1</a>', escape(part)).replace("\n", "<br>")
        )
        for part in text.split("\n\n")
    ]


def _own_facts(send: Send, facts: Sequence[Fact], language: str) -> list[Fact]:
    own = {
        "greeting": greeting(send.customer.name, language),
        "link": address("link", send.pk),
    }
    return [replace(fact, text=own.get(fact.slot, fact.text)) for fact in facts]
