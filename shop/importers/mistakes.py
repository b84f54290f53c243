"""Text in, typed columns and named mistakes out. Whole columns at a time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

from .columns import Column, Reading
from .moments import puts_day_first
from .table import BROKEN, LINE

COMMA_DECIMAL = r"^[+-]?(\d+|\d{1,3}(\.\d{3})+),(\d{1,2}|\d{4,})$"
POINT_DECIMAL = r"^[+-]?(\d+|\d{1,3}(,\d{3})+)\.(\d{1,2}|\d{4,})$"
# One ' before what a spreadsheet would run, also where a ' of its own stands there already: exports
# put it on (shop/exporters/cells.py), so that nothing is lost on the way there and back.
GUARDED = r"^'('*[=+\-@\t\r])"
MISTAKE = pl.Schema({LINE: pl.Int64, "column": pl.String, "value": pl.String, "reason": pl.String})


@dataclass(frozen=True)
class Checked:
    """typed: every row, null where a value was refused. mistakes: line, column, value, reason."""

    typed: pl.DataFrame
    mistakes: pl.DataFrame

    @property
    def good(self) -> pl.DataFrame:
        if self.mistakes.is_empty():
            return self.typed
        return self.typed.join(self.mistakes.select(LINE), on=LINE, how="anti")


def names_in_file(columns: Iterable[Column], header: list[str]) -> dict[str, str]:
    """Which header name holds which column: case, blanks, `_` and `-` make no difference."""
    plain = {_plain(name): name for name in reversed(header)}
    found = {}
    for column in columns:
        for name in (column.name, *column.aliases):
            if _plain(name) in plain:
                found[column.name] = plain[_plain(name)]
                break
    return found


def check(
    frame: pl.DataFrame, columns: tuple[Column, ...], names: dict[str, str], reading: Reading
) -> Checked:
    """Parse every column; the first mistake of each value is kept, in the order of columns."""
    clean = frame.select(LINE, BROKEN, *(_cleaned(c, names) for c in columns))
    present = [column for column in columns if column.name in names]
    typed = clean.select(LINE, *(_typed(column, names, reading) for column in columns))
    mistakes = [_mistakes(clean, typed, column) for column in present]
    broken = clean.filter(pl.col(BROKEN).is_not_null()).select(
        LINE, column=pl.lit(""), value=pl.lit(""), reason=pl.col(BROKEN)
    )
    if not broken.is_empty():  # its fields stand in the wrong columns: one mistake says it all
        mistakes = [m.join(broken.select(LINE), on=LINE, how="anti") for m in mistakes]
        sound = pl.col(LINE).is_in(broken[LINE].implode()).not_()
        typed = typed.with_columns(pl.when(sound).then(pl.exclude(LINE)))
    every = pl.concat([broken.cast(MISTAKE), *(m.cast(MISTAKE) for m in mistakes)])
    typed = typed.with_columns(
        pl.col(c.name).fill_null(c.default) for c in columns if c.default is not None
    )
    return Checked(typed, every.sort(LINE, maintain_order=True))


def reading_of(columns: tuple[Column, ...], names: dict[str, str], frames) -> Reading:
    """How the file writes decimals and dates, from the first values that tell."""
    decimal, day_first, iso = None, None, True
    dates = [names[c.name] for c in columns if c.kind == "moment" and c.name in names]
    numbers = [names[c.name] for c in columns if c.kind == "number" and c.name in names]
    for frame in frames:
        decimal = decimal or _decimal_of(frame.select(numbers))
        for name in dates if day_first is None else []:
            day_first = puts_day_first(frame[name].str.strip_chars())
        iso = iso and _iso(frame, dates)
        if (decimal or not numbers) and (day_first is not None or iso):
            break
    proved = iso or day_first is not None
    return Reading(decimal or ".", day_first is not False, dates_proved=proved)


def _iso(frame: pl.DataFrame, dates: list[str]) -> bool:
    return all(frame[n].drop_nulls().str.contains(r"^\s*(\d{4}[-/]|$)").all() for n in dates)


def _decimal_of(numbers: pl.DataFrame) -> str | None:
    """What most of the numbers say, over all columns: one odd value is no proof of a habit."""
    points = commas = 0
    for name in numbers.columns:
        value = numbers[name].str.strip_chars()
        points += int(value.str.contains(POINT_DECIMAL).sum())
        commas += int(value.str.contains(COMMA_DECIMAL).sum())
    if not points and not commas:
        return None
    return "," if commas > points else "."


def _cleaned(column: Column, names: dict[str, str]) -> pl.Expr:
    """Trimmed text, blank as null; the guard that an export put on is taken off again."""
    if column.name not in names:
        return pl.lit(None, pl.String).alias(column.name)
    value = pl.col(names[column.name]).str.strip_chars()
    value = value.str.replace(GUARDED, "${1}")
    return pl.when(value != "").then(value).alias(column.name)


def _typed(column: Column, names: dict[str, str], reading: Reading) -> pl.Expr:
    return column.parse(pl.col(column.name), reading).alias(column.name)


def _mistakes(clean: pl.DataFrame, typed: pl.DataFrame, column: Column) -> pl.DataFrame:
    name = column.name
    both = pl.DataFrame({LINE: clean[LINE], "raw": clean[name], "value": typed[name]})
    raw, value = pl.col("raw"), pl.col("value")
    reason = (
        pl.when(raw.str.contains("\x00", literal=True))
        .then(pl.lit("holds a NUL character"))
        .when(raw.is_not_null() & value.is_null())
        .then(pl.lit(column.wrong))
    )
    for wrong, why in column.checks:
        reason = reason.when(wrong(value)).then(pl.lit(why))
    if column.required:
        reason = reason.when(raw.is_null()).then(pl.lit("is missing"))
    return (
        both.with_columns(reason=reason)
        .filter(pl.col("reason").is_not_null())
        .select(LINE, column=pl.lit(name), value=raw.fill_null(""), reason=pl.col("reason"))
    )


def _plain(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter not in " _-")
