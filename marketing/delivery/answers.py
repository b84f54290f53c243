"""What the other side's "no" is about: this mailbox, this message, or us.

A server may answer 550 to an unknown mailbox, and as well to a whole list because it does not
want us. Only what speaks of the mailbox may end writing to it, so the enhanced status code is read
(RFC 3463; its registry: RFC 5248), and the words only where there is none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta

from marketing.models import Refusal

STATUS = re.compile(r"\s*([245])\.(\d{1,3})\.(\d{1,3})\b")
# (subject, detail) of a permanent answer. RFC 3463, 3.2 and 3.3; RFC 7505 (null MX).
NO_MAILBOX = frozenset({(1, 1), (1, 2), (1, 3), (1, 6), (1, 10), (2, 1)})
FULL_MAILBOX = (2, 2)
OUR_ADDRESS = frozenset({(1, 7), (1, 8)})
POLICY = 7  # the subject "security or policy": it is about whoever sends
MAY_BE_A_MAILBOX = frozenset({550, 551, 553})  # RFC 5321, 4.2.3
CLOSING = 421
OURS = re.compile(
    r"spam|block(ed|ing|list)|black.?list|denied|polic(y|ies)|reputation|\bdns.?bl\b|\brbl\b|relay"
    r"|authenticat|\bspf\b|\bdkim\b|\bdmarc\b|banned|not (allowed|authori[sz]ed|permitted)",
    re.IGNORECASE,
)
NOBODY = re.compile(
    r"no such (user|recipient|mailbox|address|person)|(user|recipient|mailbox) unknown|unknown "
    r"(user|recipient|mailbox)|invalid (recipient|mailbox)|no mailbox here|(user|recipient|mailbox|"
    r"address|account)( \S+)? (does not exist|doesn.t exist|not found|is unknown|is disabled)",
    re.IGNORECASE,
)
ADDRESS = re.compile(r"<?[^\s<>@]+@[^\s<>@]+>?")
LONGEST = 150
# After the first refusal, the second … Then it is final.
AGAIN_AFTER: tuple[timedelta, ...] = (
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=8),
)
# "We do not want you" is asked once more, when somebody may have mended it.
US_AGAIN_AFTER: tuple[timedelta, ...] = (timedelta(hours=4),)


@dataclass(frozen=True)
class Answer:
    """text: what was said, without addresses. is_temporary: the same may be taken later."""

    meaning: Refusal
    text: str
    is_temporary: bool = False

    def again_after(self, tries: int) -> timedelta | None:
        """How long to wait after so many tries; None: this was the last."""
        waits: tuple[timedelta, ...] = AGAIN_AFTER if self.is_temporary else ()
        if self.meaning == Refusal.US and not self.is_temporary:
            waits = US_AGAIN_AFTER
        return waits[tries - 1] if tries <= len(waits) else None


class RefusedError(Exception):
    """The other side did not take this one message; `answer` says what that is about."""

    def __init__(self, answer: Answer):
        super().__init__(answer.text)
        self.answer = answer


class PortDownError(Exception):
    """The way out is closed now. `is_unknown`: the message in hand may have left all the same."""

    def __init__(self, reason: str, *, is_unknown: bool):
        super().__init__(reason)
        self.is_unknown = is_unknown


def smtp_answer(code: int, said: bytes | str, *, of_sender: bool = False) -> Answer:
    """A reply of 400 or more. of_sender: it was the answer to who sends, not to who receives."""
    text = said.decode(errors="replace") if isinstance(said, bytes) else str(said)
    found = STATUS.match(text)
    status = (int(found[2]), int(found[3])) if found else None
    words = f"{code} {' '.join(ADDRESS.sub('…', text).split())}".strip()[:LONGEST]
    is_temporary = of_sender or code < 500
    return Answer(_meaning(code, status, text, of_sender), words, is_temporary)


def _meaning(code: int, status: tuple[int, int] | None, text: str, of_sender: bool) -> Refusal:
    if of_sender or code == CLOSING:
        return Refusal.US
    if code < 500:
        return Refusal.LATER
    if status in OUR_ADDRESS or (status and status[0] == POLICY):
        return Refusal.US
    if status in NO_MAILBOX:
        return Refusal.GONE
    if status == FULL_MAILBOX:
        return Refusal.FULL
    if status and status[1] != 0:  # x.y.0 says no more than that there is a problem
        return Refusal.OTHER
    return _by_words(code, text)


def _by_words(code: int, text: str) -> Refusal:
    if OURS.search(text):
        return Refusal.US
    if code in MAY_BE_A_MAILBOX and NOBODY.search(text):
        return Refusal.DOUBTFUL
    return Refusal.OTHER


def http_answer(status: int) -> Answer:
    """Of the adapter of a provider of SMS or push messages (docs/journeys.md)."""
    meaning = {
        410: Refusal.GONE,
        404: Refusal.DOUBTFUL,  # the recipient's address, or the adapter's own
        401: Refusal.US,
        403: Refusal.US,
    }.get(status, Refusal.OTHER)
    return Answer(meaning, str(status))
