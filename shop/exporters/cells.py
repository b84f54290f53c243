"""Values as the importers read them."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

# A spreadsheet runs a cell that begins so. One ' goes before it, also where a ' of the text's own
# stands there already, so that the importers know which one to take off again.
RISKY = re.compile(r"'*[=+\-@\t\r]")


def cell(value: Any) -> str:
    """Text is guarded; numbers, times, yes and no are plain; what is missing is empty."""
    if value is None:
        return ""
    if isinstance(value, str):
        return guarded(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, sort_keys=True)
    if isinstance(value, int | float | Decimal | date):
        return f"{value:f}" if isinstance(value, Decimal) else str(value)
    raise TypeError(f"{type(value).__name__} is nothing that a file can hold")


def guarded(text: str) -> str:
    return f"'{text}" if RISKY.match(text) else text


def moment(value: datetime) -> str:
    """In UTC, to the microsecond where there is one: read back it is the same moment."""
    return value.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"
