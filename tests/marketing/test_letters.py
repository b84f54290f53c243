"""A letter put together from pieces reads as the template says, whatever stands in it."""

import pytest
from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation

from marketing.facts import LOCALES
from marketing.mail import Envelope, _footer, letter, paragraphs

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
