"""Files that leave for a spreadsheet and never come back: no cell of them is carried out.

A spreadsheet runs a cell that begins like a formula, and names, codes and addresses are what
strangers typed. Files that are read in again guard theirs so that the quote comes off again
(shop/exporters/cells.py, shop/importers/rejects.py). Source: OWASP, CSV Injection.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from io import StringIO
from typing import Any, Protocol

# Wide signs too: spreadsheets in Japanese and Chinese read them as the narrow ones.
RISKY = re.compile(r"[=+\-@\t\r\n＝＋－＠]")
NUMBER = re.compile(r"[+-]?\d[\d .,]*")  # −12.50, and a telephone's +44 20 7946 0958


class Writable(Protocol):
    def write(self, text: str, /) -> Any: ...


def inert(value: Any) -> Any:
    """Text that begins like a formula, behind a quote; whatever else as it is."""
    if isinstance(value, str) and RISKY.match(value) and not NUMBER.fullmatch(value):
        return f"'{value}"
    return value


def write_rows(file: Writable, rows: Iterable[Iterable[Any]]) -> None:
    csv.writer(file).writerows([inert(value) for value in row] for row in rows)


def lines_of(rows: Iterable[Iterable[Any]], ends: str = "\r\n") -> Iterator[str]:
    """Each row as a line of its own, so that nothing is gathered in memory."""
    for row in rows:
        kept = StringIO()
        csv.writer(kept, lineterminator=ends).writerow([inert(value) for value in row])
        yield kept.getvalue()
