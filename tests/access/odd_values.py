"""What no client should send: texts, values and bodies, and ways to put them into good ones."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from urllib.parse import quote

TEXTS = [
    "",
    " ",
    "\x00",
    "a\x00b",
    "\ud800",
    "٣",
    "²",
    "99999999999999999999999999",
    "-1",
    "0",
    "NaN",
    "1e400",
    "null",
    "true",
    "2026-02-30",
    "2026-02-30T25:61:00Z",
    "0001-01-01T00:00:00+23:59",
    "9999-12-31T23:59:59-23:59",
    "١٢٣",
    "' OR 1=1 --",
    "%",
    "../../etc/passwd",
    "x" * 5000,
    "\u202e😀\r\nX-Evil: 1",
]
VALUES = [  # each in the place of each part of a good body
    None,
    True,
    [],
    {},
    [[]],
    [None],
    {"a": {"b": []}},
    0,
    -1,
    2**31,
    2**63,
    -(2**63) - 1,
    10**30,
    10**400,
    1.5,
    1e308,
    *TEXTS[2:10],
    *TEXTS[15:18],
    *TEXTS[-2:],
]
BODIES = [
    "",
    "null",
    "true",
    "1",
    '"text"',
    "[]",
    "[1]",
    "{",
    "nan",
    '{"a": NaN}',
    "\ufeff{}",
    "[" * 900 + "]" * 900,
    "[" * 200_000,
    '{"events":' + "[" * 950 + "]" * 950 + "}",
    '{"lines":[{"sku":{"$gt":""}}]}',
    '{"\\u0000":1,"\\ud800":"\\udfff"}',
    "9" * 5000,
]


def quoted(text: str) -> str:
    return quote(text, safe="", errors="surrogatepass")


def spoiled(body: object) -> Iterator[object]:
    """The body with each of its parts, one at a time, replaced by each odd value."""
    yield from VALUES
    pairs = body.items() if isinstance(body, dict) else enumerate(body)
    for name, part in list(pairs):
        worse = spoiled(part) if isinstance(part, dict | list) else VALUES
        for value in worse:
            copy = deepcopy(body)
            copy[name] = value
            yield copy
