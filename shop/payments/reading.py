"""Fields of a signed JSON message, checked as they are read."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from shop.payments.signatures import MessageError

MAX_MINOR = 10**15
MAX_TEXT = 120


def document(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise MessageError("the body is not JSON") from error
    if not isinstance(found, dict):
        raise MessageError("the body is not a JSON object")
    return found


def inside(found: dict[str, Any], name: str) -> dict[str, Any]:
    value = found.get(name)
    if not isinstance(value, dict):
        raise MessageError(f"{name} is not an object")
    return value


def text(found: dict[str, Any], name: str, *, empty: bool = False) -> str:
    value = found.get(name, "" if empty else None)
    if value is None and empty:
        return ""
    if not isinstance(value, str) or len(value) > MAX_TEXT or not value.isprintable():
        raise MessageError(f"{name} is not a text of at most {MAX_TEXT} characters")
    if not value and not empty:
        raise MessageError(f"{name} is empty")
    return value


def whole(found: dict[str, Any], name: str, *, most: int = MAX_MINOR) -> int:
    value = found.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= most:
        raise MessageError(f"{name} is not a whole number from 0 to {most}")
    return value


def sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()
