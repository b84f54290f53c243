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

from marketing.delivery.answers import (
    CLOSING,
    LONGEST,
    Answer,
    PortDownError,
    RefusedError,
    http_answer,
    smtp_answer,
)
from marketing.models import Channel, Refusal
from outbox.signing import SIGNATURE_HEADER, signature
from outbox.wire import AddressRefusedError, NoAnswerError, post

TIMEOUT_SECONDS = 10.0


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
    """Django's e-mail backend: SMTP, or a provider's interface by django-anymail."""

    def __init__(self) -> None:
        self.connection = get_connection()
        self._is_over = False  # the server said that it closes

    def open(self) -> None:
        try:
            self.connection.open()
        except OSError as error:  # every SMTPException is one
            raise PortDownError(
                f"the mail server cannot be reached: {error}", is_unknown=False
            ) from error

    def hand_over(self, message: EmailMultiAlternatives) -> None:
        if self._is_over:
            self.close()
            self.open()
            self._is_over = False
        try:
            self.connection.send_messages([message])
        except smtplib.SMTPServerDisconnected as error:
            self._is_over = True
            raise PortDownError(str(error), is_unknown=True) from error
        except smtplib.SMTPException as error:
            raise self._refused(error) from error
        except OSError as error:
            raise PortDownError(str(error), is_unknown=True) from error

    def _refused(self, error: smtplib.SMTPException) -> RefusedError:
        code: int
        said: bytes | str
        if isinstance(error, smtplib.SMTPRecipientsRefused):
            code, said = next(iter(error.recipients.values()), (0, b""))
        elif isinstance(error, smtplib.SMTPResponseException):
            code, said = error.smtp_code, error.smtp_error
        else:  # an address that this server cannot write, say
            return RefusedError(Answer(Refusal.OTHER, str(error)[:LONGEST]))
        # smtplib has hung up already; the next message needs another line.
        self._is_over = code == CLOSING
        of_sender = isinstance(error, smtplib.SMTPSenderRefused)
        return RefusedError(smtp_answer(code, said, of_sender=of_sender))

    def close(self) -> None:
        try:
            self.connection.close()
        except OSError:
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
            raise RefusedError(http_answer(answer.status))

    def close(self) -> None:
        return


def port_of(channel: str) -> Port:
    """The configured way out of a channel."""
    if channel == Channel.EMAIL:
        if settings.EMAIL_BACKEND.startswith("anymail."):
            from marketing.delivery.providers import ProviderPort  # not every shop has anymail

            return ProviderPort()
        return EmailPort()
    url = {Channel.SMS: settings.SMS_URL, Channel.PUSH: settings.PUSH_URL}[Channel(channel)]
    if url:
        return WebhookPort(url, [settings.MESSAGE_SECRET])
    return FilePort(channel, Path(settings.MESSAGE_FOLDER))
