"""HMAC-SHA256 over `timestamp.body`: who sent it, unchanged, and not long ago."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from typing import NamedTuple

TOLERANCE_SECONDS = 300


class SignatureError(Exception):
    """The message is not signed with the secret, or not now; its text says which."""


class MessageError(Exception):
    """The message is signed, but cannot be read as this provider's; its text says where."""


class Signature(NamedTuple):
    """What the headers say. `timestamp` as it was sent: it is part of what was signed."""

    timestamp: str
    candidates: tuple[str, ...]


def check(signature: Signature, body: bytes, secrets: Iterable[str], now: float) -> None:
    """Raises SignatureError unless one candidate is right and the time within five minutes.

    Every candidate is compared with every secret in constant time.
    """
    if not signature.timestamp.isascii() or not signature.timestamp.isdigit():
        raise SignatureError("the signature has no timestamp")
    signed = signature.timestamp.encode() + b"." + body
    expected = [hmac.new(one.encode(), signed, hashlib.sha256).hexdigest() for one in secrets]
    right = [
        hmac.compare_digest(one.encode(), candidate.encode())
        for one in expected
        for candidate in signature.candidates
    ]
    if not any(right):
        raise SignatureError("the signature is not right")
    if abs(now - int(signature.timestamp)) > TOLERANCE_SECONDS:
        raise SignatureError("the signature is more than five minutes old, or of the future")
