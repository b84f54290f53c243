"""The way out of the house: one small port per channel. E-mail goes through Django's backends; SMS
and push through a file (the default) or a webhook that a provider's adapter listens on."""

from __future__ import annotations

import json
import smtplib
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection

from marketing.models import Channel
from outbox.signing import SIGNATURE_HEADER, signature
from outbox.wire import AddressRefusedError, NoAnswerError, post

# The server says that this mailbox does not exist: RFC 5321, 4.2.3.
MAILBOX_GONE = frozenset({550, 551, 553})
TIMEOUT_SECONDS = 10.0


class RefusedError(Exception):
    """The other side took this one message not, and would not take it later either."""

    def __init__(self, code: str, *, is_gone: bool = False):
        super().__init__(code)
        self.code, self.is_gone = code, is_gone


class PortDownError(Exception):
    """The way out is closed now. `is_unknown`: the message in hand may have left all the same."""

    def __init__(self, reason: str, *, is_unknown: bool):
        super().__init__(reason)
        self.is_unknown = is_unknown


@dataclass(frozen=True)
class Note:
    """An SMS or a push message. `key` is the same in every attempt, so that a provider can tell."""

    key: str
    to: str
    text: str
    title: str = ""
    link: str = ""
    extra: dict[str, Any] = field(default_factory=dict)

    def as_json(self) -> bytes:
        said = {"key": self.key, "to": self.to, "title": self.title, "text": self.text}
        return json.dumps(
            said | {"link": self.link} | self.extra, ensure_ascii=False, sort_keys=True
        ).encode()


class Port(Protocol):
    """Open it, hand messages over one by one, close it."""

    def open(self) -> None:
        """Raises PortDownError: then nothing has left."""

    def hand_over(self, message: Any) -> None:
        """Raises RefusedError or PortDownError; returns once the other side has taken it."""

    def close(self) -> None: ...


class EmailPort:
    def __init__(self) -> None:
        self.connection = get_connection()

    def open(self) -> None:
        try:
            self.connection.open()
        except (OSError, smtplib.SMTPException) as error:
            raise PortDownError(
                f"the mail server cannot be reached: {error}", is_unknown=False
            ) from error

    def hand_over(self, message: EmailMultiAlternatives) -> None:
        try:
            self.connection.send_messages([message])
        except smtplib.SMTPRecipientsRefused as error:
            code = next(iter(error.recipients.values()), (0, b""))[0]
            raise RefusedError(str(code), is_gone=code in MAILBOX_GONE) from error
        except smtplib.SMTPServerDisconnected as error:
            raise PortDownError(str(error), is_unknown=True) from error
        except smtplib.SMTPResponseException as error:
            raise RefusedError(str(error.smtp_code)) from error
        except OSError as error:
            raise PortDownError(str(error), is_unknown=True) from error

    def close(self) -> None:
        try:
            self.connection.close()
        except (OSError, smtplib.SMTPException):
            # Everything was answered for before: a line that breaks at "quit" loses nothing.
            return


class FilePort:
    """A line of JSON per message: what a shop without a provider sees, and tests read."""

    def __init__(self, channel: str, folder: Path):
        self.path = folder / f"{channel}.jsonl"

    def open(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.file = self.path.open("ab")

    def hand_over(self, message: Note) -> None:
        try:
            self.file.write(message.as_json() + b"\n")
            self.file.flush()
        except OSError as error:
            raise PortDownError(str(error), is_unknown=True) from error

    def close(self) -> None:
        self.file.close()


class WebhookPort:
    """POSTs each message, signed like our webhooks, with an Idempotency-Key; 2xx means taken."""

    def __init__(self, url: str, secrets: Iterable[str]):
        self.url, self.secrets = url, list(secrets)

    def open(self) -> None:
        return

    def hand_over(self, message: Note) -> None:
        body = message.as_json()
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": message.key,
            SIGNATURE_HEADER: signature(self.secrets, int(time.time()), body),
        }
        try:
            answer = post(
                self.url, body, headers, timeout_seconds=TIMEOUT_SECONDS, allow_private=True
            )
        except AddressRefusedError as error:
            raise PortDownError(str(error), is_unknown=False) from error
        except NoAnswerError as error:
            raise PortDownError(str(error), is_unknown=True) from error
        if answer.status >= 500 or answer.status == 429:
            raise PortDownError(f"answered {answer.status}", is_unknown=answer.status != 429)
        if answer.status >= 300:
            raise RefusedError(str(answer.status), is_gone=answer.status in (404, 410))

    def close(self) -> None:
        return


def port_of(channel: str) -> Port:
    """The configured way out of a channel."""
    if channel == Channel.EMAIL:
        return EmailPort()
    url = {Channel.SMS: settings.SMS_URL, Channel.PUSH: settings.PUSH_URL}[Channel(channel)]
    if url:
        return WebhookPort(url, [settings.MESSAGE_SECRET])
    return FilePort(channel, Path(settings.MESSAGE_FOLDER))
