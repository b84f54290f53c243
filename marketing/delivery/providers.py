"""E-mail by a provider's own interface: django-anymail, which a shop installs beside the rest.

Its answers are read like a mail server's. Imported only where such a backend is chosen.
"""

from __future__ import annotations

from anymail.exceptions import (
    AnymailAPIError,
    AnymailError,
    AnymailRecipientsRefused,
)
from django.core.mail import EmailMultiAlternatives

from marketing.delivery.answers import LONGEST, Answer, PortDownError, RefusedError
from marketing.delivery.mail import MESSAGE_HEADER, REPORTED_AS
from marketing.delivery.ports import EmailPort
from marketing.models import Refusal

# Wrong key, no money, not allowed to send: the account is ours to mend.
OUR_ACCOUNT = frozenset({401, 402, 403})
NOT_NOW = frozenset({408, 425, 429})
NOT_TAKEN = frozenset({"invalid", "rejected", "failed"})


class ProviderPort(EmailPort):
    def hand_over(self, message: EmailMultiAlternatives) -> None:
        token = message.extra_headers.get(MESSAGE_HEADER, "")
        message.metadata = {REPORTED_AS: token}  # type: ignore[attr-defined]
        try:
            taken = self.connection.send_messages([message])
        except AnymailRecipientsRefused as error:
            raise RefusedError(_of_recipient(message)) from error
        except AnymailAPIError as error:
            raise _of_interface(error) from error
        except AnymailError as error:
            raise RefusedError(_other(error)) from error
        except OSError as error:
            raise PortDownError(str(error), is_unknown=True) from error
        if not taken or _statuses(message) <= NOT_TAKEN:
            raise RefusedError(_of_recipient(message))


def _statuses(message: EmailMultiAlternatives) -> set[str]:
    status = getattr(message, "anymail_status", None)
    return set(getattr(status, "status", None) or ())


def _of_recipient(message: EmailMultiAlternatives) -> Answer:
    """invalid: no address at all. rejected: on the provider's own list, for a reason that a report
    tells: it suppresses nobody here."""
    found = _statuses(message)
    meaning = Refusal.GONE if found == {"invalid"} else Refusal.OTHER
    return Answer(meaning, ", ".join(sorted(found)) or "cancelled")


def _of_interface(error: AnymailAPIError) -> RefusedError | PortDownError:
    status = error.status_code
    said = f"{error.esp_name or 'provider'}: {status}"[:LONGEST]
    if status is None:
        return PortDownError(f"no answer from {error.esp_name or 'the provider'}", is_unknown=True)
    if status >= 500 or status in NOT_NOW:
        return PortDownError(said, is_unknown=status >= 500)
    if status in OUR_ACCOUNT:
        return RefusedError(Answer(Refusal.US, said, is_temporary=True))
    return RefusedError(Answer(Refusal.OTHER, said))


def _other(error: AnymailError) -> Answer:
    return Answer(Refusal.OTHER, f"{type(error).__name__}: {error}".splitlines()[0][:LONGEST])
