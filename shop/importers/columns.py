"""What a column of a file may hold. Whole columns are checked at once; each bad value is named.

A column turns text into a typed polars column and a reason per refused value. Blank is null, and
null is refused only where the column is required.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl
from django.conf import settings
from django.utils.timezone import get_default_timezone_name

from shop.money import minor_digits

from .moments import parse_moments

BIGGEST_MINOR = 10**15
SCALE = 6  # decimals kept: the fractions of a cent that a price list may hold
AMOUNT = pl.Decimal(38, SCALE)
NUMBER = r"^[+-]?(\d{1,15}(\.\d{0,20})?|\.\d{1,20})$"
WHOLE = r"^[+-]?\d{1,15}(\.0*)?$"
GROUPED = {".": r"^[+-]?\d{1,3}(,\d{3})+(\.\d+)?$", ",": r"^[+-]?\d{1,3}(\.\d{3})+(,\d+)?$"}
YES = ("yes", "y", "true", "t", "1", "是")
NO = ("no", "n", "false", "f", "0", "否")


@dataclass(frozen=True)
class Reading:
    """How this file writes numbers and dates, found out once per file."""

    decimal: str = "."
    day_first: bool = True
    time_zone: str = field(default_factory=get_default_timezone_name)
    dates_proved: bool = True  # False: 03/04/2011 and its like only


@dataclass(frozen=True)
class Column:
    """`parse(text, reading)` gives the typed expression: null where the text is no such value."""

    name: str
    parse: Callable[[pl.Expr, Reading], pl.Expr]
    wrong: str
    required: bool = False
    checks: tuple[tuple[Callable[[pl.Expr], pl.Expr], str], ...] = ()
    default: Any = None
    aliases: tuple[str, ...] = ()
    about: str = ""
    kind: str = "text"


def text(name: str, *, max_length: int = 300, default: Any = "", **options: Any) -> Column:
    """Any text up to a length; outer blanks are trimmed."""
    too_long = (lambda value: value.str.len_chars() > max_length, f"longer than {max_length}")
    return Column(
        name, lambda value, _: value, "is no text", checks=(too_long,), default=default, **options
    )


def code(name: str, *, max_length: int = 64, **options: Any) -> Column:
    """A key of the shop: no spaces, no slashes."""
    checks = (
        (lambda value: value.str.contains(r"[\s/]"), "has a space or a slash"),
        (lambda value: value.str.len_chars() > max_length, f"longer than {max_length}"),
    )
    return Column(name, lambda value, _: value, "is no code", checks=checks, **options)


def choice(name: str, choices: Sequence[str], **options: Any) -> Column:
    """One of a few words, in any case."""
    words = [str(word) for word in choices]
    lower = {word.lower(): word for word in words}

    def parse(value: pl.Expr, _: Reading) -> pl.Expr:
        return value.str.to_lowercase().replace_strict(lower, default=None, return_dtype=pl.String)

    return Column(name, parse, f"is none of {', '.join(words)}", **options)


def yes_no(name: str, **options: Any) -> Column:
    table = dict.fromkeys(YES, True) | dict.fromkeys(NO, False)

    def parse(value: pl.Expr, _: Reading) -> pl.Expr:
        return value.str.to_lowercase().replace_strict(table, default=None, return_dtype=pl.Boolean)

    return Column(name, parse, "is neither yes nor no", **options)


def number_text(value: pl.Expr, reading: Reading) -> pl.Expr:
    """The number in plain digits with a point, or null: group marks only where they belong."""
    return value.map_batches(
        lambda series: _plain_digits(series, reading.decimal), return_dtype=pl.String
    )


def _plain_digits(text: pl.Series, decimal: str) -> pl.Series:
    if decimal == "," or text.str.contains(",", literal=True).any():
        mark = "," if decimal == "." else "."
        grouped = text.str.contains(GROUPED[decimal])
        ungrouped = text.str.replace_all(mark, "", literal=True)
        text = ungrouped.zip_with(grouped.fill_null(False), text)
    if decimal == ",":
        foreign = text.str.contains(".", literal=True).fill_null(False)
        text = text.str.replace(",", ".", literal=True).set(foreign, None)
    fits = text.str.contains(NUMBER)
    return text if fits.all() else text.set(~fits, None)


def decimal_of(value: pl.Expr, reading: Reading) -> pl.Expr:
    """Exact to the sixth decimal, never a float."""
    return number_text(value, reading).cast(AMOUNT, strict=False)


def number(name: str, *, low: float | None = None, high: float | None = None, **options: Any):
    """A number as a float, for measures; money is `money`, counts are `whole`."""

    def parse(value: pl.Expr, reading: Reading) -> pl.Expr:
        return number_text(value, reading).cast(pl.Float64, strict=False)

    return Column(name, parse, "is no number", checks=_limits(low, high), kind="number", **options)


def whole(
    name: str, *, low: int | None = None, high: int | None = 2**31 - 1, **options: Any
) -> Column:
    """A whole number; `6.0` and `1,200` are whole numbers too."""

    def parse(value: pl.Expr, reading: Reading) -> pl.Expr:
        plain = number_text(value, reading)
        digits = plain.str.replace(r"\..*$", "").cast(pl.Int64, strict=False)
        return pl.when(plain.str.contains(WHOLE)).then(digits)

    return Column(
        name, parse, "is no whole number", checks=_limits(low, high), kind="number", **options
    )


def money(name: str, *, low: int | None = 0, digits: int | None = None, **options: Any) -> Column:
    """An amount as whole minor units of the shop's currency; finer fractions are refused."""
    places = minor_digits(settings.SHOP_CURRENCY) if digits is None else digits

    def parse(value: pl.Expr, reading: Reading) -> pl.Expr:
        micro = micros(decimal_of(value, reading))
        step = 10 ** (SCALE - places)
        return pl.when(micro % step == 0).then((micro // step).cast(pl.Int64))

    wrong = f"is no amount with at most {places} decimals"
    return Column(name, parse, wrong, checks=_limits(low, BIGGEST_MINOR), kind="number", **options)


def exact(name: str, **options: Any) -> Column:
    """An exact amount with fractions of a cent, which the importer itself rounds."""
    return Column(name, decimal_of, "is no number", kind="number", **options)


def micros(amount: pl.Expr) -> pl.Expr:
    """Millionths as a 128-bit integer: products and sums of money without a float or overflow."""
    return (amount * 10**SCALE).cast(pl.Int128)


def micros_of_minor(name: str) -> pl.Expr:
    """A `money` column in millionths of the currency's unit."""
    step = 10 ** (SCALE - minor_digits(settings.SHOP_CURRENCY))
    return pl.col(name).cast(pl.Int128) * step


def moment(name: str, **options: Any) -> Column:
    """Date and time → aware UTC. Without an offset it is the shop's own clock."""
    return Column(name, _moment, "is no date and time", kind="moment", **options)


def day(name: str, **options: Any) -> Column:
    """A calendar day of the shop."""

    def parse(value: pl.Expr, reading: Reading) -> pl.Expr:
        return _moment(value, reading).dt.convert_time_zone(reading.time_zone).dt.date()

    return Column(name, parse, "is no date", kind="moment", **options)


def checked(name: str, fits: Callable[[pl.Expr], pl.Expr], wrong: str, **options: Any) -> Column:
    """A text that a test on the whole column accepts."""
    checks = ((lambda value: ~fits(value), wrong),)
    return Column(name, lambda value, _: value, "is no text", checks=checks, **options)


def email(name: str, **options: Any) -> Column:
    pattern = r"^[^@\s,;<>\"]+@[^@\s,;<>\"]+\.[^@\s,;<>\"]+$"
    checks = (
        (lambda value: ~value.str.contains(pattern), "is no e-mail address"),
        (lambda value: value.str.len_chars() > 254, "longer than 254"),
    )
    return Column(name, lambda value, _: value, "is no text", checks=checks, **options)


def _moment(value: pl.Expr, reading: Reading) -> pl.Expr:
    return value.map_batches(
        lambda series: parse_moments(series, reading.day_first, reading.time_zone),
        return_dtype=pl.Datetime("us", "UTC"),
    )


def _limits(low: float | None, high: float | None):
    checks = []
    if low is not None:
        checks.append((lambda value: value < low, f"less than {low}"))
    if high is not None:
        checks.append((lambda value: value > high, f"more than {high}"))
    return tuple(checks)
