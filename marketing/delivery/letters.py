"""A letter that is written out as Django and the standard library write it, in a tenth of the time.

Their way parses every address, folds every header and walks the tree of parts once per message:
three quarters of what it costs to send one. A letter of a campaign is always alike: one recipient,
text and HTML, short headers. Those are put together here, to the byte as there
(tests/marketing/test_letters.py); everything else takes their way.
"""

from __future__ import annotations

import random
import re
import sys
from email import policy
from email.utils import formatdate, make_msgid
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.core.mail.message import RFC5322_EMAIL_LINE_LENGTH_LIMIT, forbid_multi_line_headers
from django.core.mail.utils import DNS_NAME

PLAIN_ADDRESS = re.compile(r"[A-Za-z0-9_+-]+(\.[A-Za-z0-9_+-]+)*@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")
LONGEST_LINE = 78  # of a header before it is folded: RFC 5322, 2.1.1
BROKEN_LINE = re.compile("\r\n|\r|\n")
# Written by Django in a place of their own.
TAKEN = frozenset({"from", "to", "cc", "reply-to", "date", "message-id", "subject"})


class Letter(EmailMultiAlternatives):
    def message(self, **kept: Any) -> Any:
        """What a backend takes: quick where the letter is plain, else Django's own."""
        return Written(self) if self._is_plain() else super().message(**kept)

    def _is_plain(self) -> bool:
        if len(self.to) != 1 or self.cc or self.bcc or self.reply_to or self.attachments:
            return False
        if [kind for _html, kind in self.alternatives] != ["text/html"] or not self.body:
            return False
        if self.encoding or settings.DEFAULT_CHARSET != "utf-8":
            return False
        headers = self.extra_headers.items()
        return (
            PLAIN_ADDRESS.fullmatch(self.to[0]) is not None
            and len(self.to[0]) <= LONGEST_LINE - len("To: ")
            and not any(name.lower() in TAKEN for name in self.extra_headers)
            and all(f"{name}{value}".isascii() and _is_one_word(value) for name, value in headers)
            and all(_is_short(part) for part in self.texts())
        )

    def texts(self) -> tuple[str, str]:
        """As text and as HTML."""
        html, _kind = self.alternatives[0]
        return str(self.body), str(html)


def _is_one_word(value: str) -> bool:
    return value.isprintable() and " " not in value and value != ""


def _is_short(text: str) -> bool:
    """No line that Django would have to encode; and text that can be encoded at all."""
    try:
        lines = text.encode().splitlines()
    except UnicodeEncodeError:
        return False
    return max(map(len, lines), default=0) <= RFC5322_EMAIL_LINE_LENGTH_LIMIT


class Written:
    """A finished message, as far as backends look at it: they ask for its bytes. Whatever else is
    asked is answered by the message that Django makes of the same letter."""

    def __init__(self, letter: Letter):
        self._letter = letter
        self._date = formatdate(localtime=settings.EMAIL_USE_LOCALTIME)
        self._id = make_msgid(domain=str(DNS_NAME))
        self._boundary = f"==============={random.randrange(sys.maxsize):019d}=="

    def as_bytes(self, unixfrom: bool = False, linesep: str = "\n") -> bytes:
        if unixfrom:
            return self._plain().as_bytes(unixfrom=True, linesep=linesep)
        return linesep.join(BROKEN_LINE.split("\n".join(self._lines()))).encode()

    def _lines(self) -> list[str]:
        letter, boundary = self._letter, self._boundary
        text, html = letter.texts()
        return [
            f'Content-Type: multipart/alternative;\n boundary="{boundary}"',
            "MIME-Version: 1.0",
            _folded("Subject", str(letter.subject)),
            _folded("From", str(letter.from_email)),
            f"To: {letter.to[0]}",
            f"Date: {self._date}",
            f"Message-ID: {self._id}",
            *(_of_one_word(name, value) for name, value in letter.extra_headers.items()),
            "",
            *_part(text, "plain", boundary),
            *_part(html, "html", boundary),
            f"--{boundary}--",
            "",
        ]

    def _plain(self) -> Any:
        found = EmailMultiAlternatives.message(self._letter)
        for name, value in (("Date", self._date), ("Message-ID", self._id)):
            del found[name]
            found[name] = value
        found.set_boundary(self._boundary)
        return found

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):  # a copy that is being made has no letter yet
            raise AttributeError(name)
        return getattr(self._plain(), name)

    def __getitem__(self, name: str) -> Any:
        return self._plain()[name]


@lru_cache(maxsize=256)
def _folded(name: str, value: str) -> str:
    """A header in lines, as Django and the standard library write it. Raises BadHeaderError."""
    checked = forbid_multi_line_headers(name, value, settings.DEFAULT_CHARSET)
    return policy.compat32.fold(*checked).removesuffix("\n")


def _of_one_word(name: str, value: str) -> str:
    is_long = len(name) + len(": ") + len(value) > LONGEST_LINE
    return f"{name}: \n {value}" if is_long else f"{name}: {value}"


def _part(text: str, kind: str, boundary: str) -> tuple[str, ...]:
    return (
        f"--{boundary}",
        f'Content-Type: text/{kind}; charset="utf-8"',
        "MIME-Version: 1.0",
        f"Content-Transfer-Encoding: {'7bit' if text.isascii() else '8bit'}",
        "",
        text,
    )
