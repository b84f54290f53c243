"""A letter put together from pieces reads as the template says, whatever stands in it."""

import pickle
import re

import pytest
from django.conf import settings
from django.core.mail import BadHeaderError, EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils import translation

from marketing.delivery.mail import Envelope, _footer, letter, paragraphs
from marketing.texts.facts import LOCALES

WAY_OUT = "http://127.0.0.1:8000/m/u/7.s<>&ig"


def whole(envelope, subject, text, language, preheader):
    """The same letter by the template alone."""
    with translation.override(LOCALES[language]):
        return render_to_string(
            "marketing/email.html",
            {
                "subject": subject,
                "preheader": preheader,
                "address": settings.SHOP_ADDRESS,
                "paragraphs": paragraphs(text),
                "footer": _footer(language, envelope.was_wished)[0],
                "way_out": envelope.way_out,
                "shop": settings.SHOP_NAME,
                "language": language,
                "pixel": envelope.pixel,
            },
        )


@pytest.mark.parametrize("address", ["", "1 <High> Street"])
@pytest.mark.parametrize("pixel", ["", "http://127.0.0.1:8000/m/o/7.gif?a=1&b=2"])
@pytest.mark.parametrize(("language", "was_wished"), [("en", False), ("en", True), ("zh", False)])
@pytest.mark.parametrize(
    ("subject", "text", "preheader"),
    [
        ("Tea", "Hello,", ""),
        ("Tea & <b>", "Hello Ana <b>,\n\nTwo\nlines http://127.0.0.1:8000/m/l/7", "Peek & <i>"),
        ("", "", "only this"),
        ("您好", "您好：\n\n\n\n再见", ""),
    ],
)
def test_a_letter_is_what_the_template_says(
    settings, subject, text, preheader, language, was_wished, pixel, address
):
    settings.SHOP_ADDRESS = address
    for to in ("ana@example.com", "ben@example.com"):  # the second finds the pieces
        envelope = Envelope(to, "7.sig", f"{WAY_OUT}{to}", pixel, was_wished)
        made = letter(envelope, subject, text, language, preheader=preheader)
        html = made.alternatives[0].content
        assert html == whole(envelope, subject, text, language, preheader)
        assert (made.to, envelope.way_out in made.body) == ([to], True)


def plain(made):
    """The same letter by Django's own class."""
    mail = EmailMultiAlternatives(made.subject, made.body, to=made.to, headers=made.extra_headers)
    mail.from_email = made.from_email
    for content, kind in made.alternatives:
        mail.attach_alternative(content, kind)
    return mail.message()


CHANCE = re.compile(rb"={15}\d+={2}|Message-ID: .*|Date: .*")


def alike(message, linesep):
    return CHANCE.sub(b"?", message.as_bytes(linesep=linesep))


@pytest.mark.parametrize("linesep", ["\n", "\r\n"])
@pytest.mark.parametrize(
    ("subject", "text"),
    [
        ("Tea", "Hello,\n\nThank you."),
        ("A subject that is longer than one line of a header may be, and goes on, " * 3, "From me"),
        ("您好 " * 40, "您好：\r\n\r\n再见\rEnd\x0c\u2028of it\n\n"),
        ("Grüße & <b>", "." + "x" * 300 + "\n.\n"),
        ("", " "),
    ],
)
def test_a_letter_is_written_to_the_byte_as_django_writes_it(subject, text, linesep):
    for digits in range(20, 70):  # around the length from which a header is folded
        token, way_out = "7" * digits, "https://shop.example/m/u/" + "7" * digits
        made = letter(Envelope("ana.b+c@mail.example.com", token, way_out), subject, text, "en")
        written = made.message()
        assert type(written).__name__ == "Written"
        assert alike(written, linesep) == alike(plain(made), linesep)
    assert written["Message-ID"].encode() in written.as_bytes()
    assert pickle.loads(pickle.dumps(written)).as_bytes() == written.as_bytes()


def test_what_is_not_plain_takes_djangos_way():
    def kind(**changed):
        made = letter(Envelope("ana@example.com", "7.sig", "http://x/7"), "Tea", "Hello", "en")
        for name, value in changed.items():
            setattr(made, name, value)
        return type(made.message()).__name__

    assert kind() == "Written"
    for changed in (
        {"to": ["Ana <ana@example.com>"]},
        {"to": ["änne@example.com"]},
        {"to": ["ana@example.com", "ben@example.com"]},
        {"cc": ["ben@example.com"]},
        {"body": "x" * 999},
        {"extra_headers": {"X-Two": "two words"}},
        {"extra_headers": {"Message-ID": "<mine@example.com>"}},
        {"encoding": "iso-8859-1"},
    ):
        assert kind(**changed) == "SafeMIMEMultipart", changed


@pytest.mark.parametrize("value", ["7\nBcc: all@example.com", "7\r\nX: y"])
def test_no_header_can_be_smuggled_in(value):
    made = letter(Envelope("ana@example.com", "7.sig", "http://x/7"), "Tea", "Hello", "en")
    made.extra_headers["X-Backroom-Message"] = value
    with pytest.raises(BadHeaderError):
        made.message().as_bytes()
    made = letter(Envelope("ana@example.com", "7.sig", "http://x/7"), value, "Hello", "en")
    with pytest.raises(BadHeaderError):
        made.message().as_bytes()
