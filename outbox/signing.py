"""The signature of a delivery: `t=<seconds>,v1=<hex>`; a receiver's side stands in docs/webhooks.md."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable
from typing import Any

from outbox.models import Message

ID_HEADER = "Backroom-Event-Id"
KIND_HEADER = "Backroom-Event-Kind"
SIGNATURE_HEADER = "Backroom-Signature"


def body_of(message: Message) -> bytes:
    """What is sent, and signed, byte for byte."""
    said: dict[str, Any] = {
        "id": str(message.pk),
        "kind": message.kind,
        "created_at": message.created_at.isoformat(),
        "sequence": message.sequence,
        "data": message.payload,
    }
    return json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()


def signature(secrets: Iterable[str], at_seconds: int, body: bytes) -> str:
    """One `v1` for each secret, so that a receiver may know the old or the new one.

    The time is signed too: a recorded delivery cannot be played again later.
    """
    signed = f"{at_seconds}.".encode() + body
    marks = [hmac.new(one.encode(), signed, hashlib.sha256).hexdigest() for one in secrets]
    return ",".join([f"t={at_seconds}", *(f"v1={mark}" for mark in marks)])
