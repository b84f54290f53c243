"""Figures as a person reads them: rounded, grouped, with a minus that is one.

Nobody else writes a number that may have places. Django's `number_format` cuts them off (73.9 to no
place reads 73), Python's own formats take the even neighbour of a half (2.5 reads 2, 3.5 reads 4), and
two pages then show two figures of one row. A half goes away from zero here, as it does with money.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import ROUND_HALF_UP, Context, Decimal
from math import floor, isfinite, log10

from django.utils.formats import number_format

Number = int | float | Decimal
UNKNOWN = "–"
LEAST_WRITTEN_OUT = 1e-4  # below it a figure reads 1.2e-07
_ROOM = Context(prec=400)  # a float has up to 309 digits before the point


def figure(value: Number | None, digits: int = 0, *, signed: bool = False) -> str:
    """1234.55 to one digit → 1,234.6, −0.3 to none → 0; `signed`: +1,234.6. Unknown: a dash."""
    if value is None or not isfinite(value):
        return UNKNOWN
    rounded = _rounded(_exact(value), digits)
    return _sign(rounded, signed) + str(
        number_format(abs(rounded), digits, use_l10n=True, force_grouping=True)
    )


def percent(share: Number | None, digits: int = 0, *, signed: bool = False) -> str:
    """A share of 0 to 1: 0.739 → 74 %. Unknown: a dash."""
    if share is None or not isfinite(share):
        return UNKNOWN
    return f"{points(share, digits, signed=signed)} %"


def points(share: Number | None, digits: int = 0, *, signed: bool = False) -> str:
    """A share in hundredths without their sign, for words that bring it along."""
    if share is None or not isfinite(share):
        return UNKNOWN
    return figure(_exact(share).scaleb(2, _ROOM), digits, signed=signed)


def significant(value: Number | None, digits: int = 4) -> str:
    """As many digits as say something, and all that stand before the point: 12345.6 → 12,346,
    0.123456 → 0.1235, 2.50 → 2.5. Unknown: a dash."""
    if value is None or not isfinite(value) or not value:
        return figure(value)
    size: float = abs(float(value))
    if size < LEAST_WRITTEN_OUT:
        return f"{'−' if value < 0 else ''}{size:.{digits}g}"
    places = max(0, digits - 1 - floor(log10(size)))
    kept = _rounded(_exact(value), places).normalize(_ROOM)
    return figure(kept, max(0, -int(kept.as_tuple().exponent)))


def _exact(value: Number) -> Decimal:
    """The number as it is written, not as its nearest binary fraction is."""
    if isinstance(value, Decimal):
        return value
    return Decimal(value) if isinstance(value, int) else Decimal(str(float(value)))


def _rounded(value: Decimal, digits: int) -> Decimal:
    return value.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP, _ROOM)


def _sign(value: Number, signed: bool) -> str:
    if value < 0:
        return "−"
    return "+" if signed and value > 0 else ""


def with_sign(value: Number, written: Callable[[float], str]) -> str:
    """What another unit writes of its size, e.g. money, with + or −; none before a nought."""
    text = written(abs(float(value)))
    is_nought = not any(digit in text for digit in "123456789")
    return text if is_nought else _sign(value, True) + text
