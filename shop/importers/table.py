"""Lines of text into frames, with exact line numbers, whatever stands between the quotes.

Plain lines are split all at once; a line with quotes goes through Python's csv reader; a chunk in
which a quoted field runs over a line's end goes through it as a whole. All three give the same
rows. A broken line costs that line only.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import IO

import polars as pl

LINE = "line"
BROKEN = "broken"  # why a row is no row of the table at all
LONGEST_FIELD = 100_000

Record = tuple[int, list[str], str]


class Table:
    """A file under way: which line comes next."""

    def __init__(self, header: list[str], delimiter: str, file: IO[str]):
        self.header, self.delimiter, self.file = header, delimiter, file
        self.line = 1

    def skip_header(self) -> None:
        reader = _Reader(self.file, self.delimiter)
        next(reader.records(1), None)
        self.line += reader.lines

    def next_frame(self, rows: int) -> pl.DataFrame | None:
        """The rows of the next so many lines; None at the end of the file."""
        lines = list(islice(self.file, rows))
        if not lines:
            return None
        text = pl.Series("text", lines).str.strip_chars_end("\r\n")
        quotes = text.str.count_matches('"', literal=True)
        if (quotes % 2 == 1).any():
            return self._run_over(lines)
        frame = self._split(text, quotes)
        return self._run_over(lines) if frame is None else frame

    def _split(self, text: pl.Series, quotes: pl.Series) -> pl.DataFrame | None:
        """One line, one row. None where a quote stays open after all."""
        marks = text.str.count_matches(self.delimiter, literal=True)
        plain = (quotes == 0) & (marks == len(self.header) - 1) & (text.str.len_bytes() > 0)
        numbers = pl.int_range(self.line, self.line + len(text), eager=True)
        special = ~plain & (text.str.len_bytes() > 0)
        odd = text.filter(special)
        reader = _Reader(iter(odd.to_list()), self.delimiter)
        found = list(reader.records(1))
        if len(found) != len(odd):
            return None
        rows = zip(numbers.filter(special), found, strict=True)
        others = _frame([(line, row, broken) for line, (_n, row, broken) in rows], self.header)
        self.line += len(text)
        return pl.concat([self._fields(text.filter(plain), numbers.filter(plain)), others]).sort(
            LINE
        )

    def _fields(self, text: pl.Series, numbers: pl.Series) -> pl.DataFrame:
        width = len(self.header)
        if width == 1:
            fields = pl.DataFrame({self.header[0]: text})
        else:
            fields = text.str.split_exact(self.delimiter, width - 1).struct.unnest()
            fields.columns = self.header
        return fields.with_columns(
            numbers.cast(pl.Int64).alias(LINE), pl.lit(None, pl.String).alias(BROKEN)
        )

    def _run_over(self, lines: list[str]) -> pl.DataFrame:
        """Records that may be longer than a line: the last may take lines beyond these."""
        reader = _Reader(chain(lines, self.file), self.delimiter)
        found: list[Record] = []
        for record in reader.records(self.line):
            found.append(record)
            if reader.lines >= len(lines):
                break
        self.line += reader.lines
        return _frame(found, self.header)


class _Reader:
    """csv.reader that survives a broken record and knows how many lines it took."""

    def __init__(self, lines: Iterable[str], delimiter: str):
        csv.field_size_limit(LONGEST_FIELD)
        self.reader = csv.reader(lines, delimiter=delimiter)

    @property
    def lines(self) -> int:
        return self.reader.line_num

    def records(self, first_line: int) -> Iterator[Record]:
        """(first line, fields, what is broken) per record; blank lines are no records."""
        while True:
            line = first_line + self.reader.line_num
            try:
                row = next(self.reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield line, [], str(error)
                continue
            if row:
                yield line, row, ""


def records(lines: Iterable[str], delimiter: str) -> Iterator[Record]:
    return _Reader(lines, delimiter).records(1)


def _frame(rows: list[Record], header: list[str]) -> pl.DataFrame:
    """Text columns plus `line` and `broken`; a row of another length keeps what fits."""
    fitted = [_fit(record, len(header)) for record in rows]
    data = {
        name: pl.Series(name, [row[place] for _line, row, _problem in fitted], dtype=pl.String)
        for place, name in enumerate(header)
    }
    return pl.DataFrame(
        data
        | {
            LINE: pl.Series(LINE, [line for line, _row, _problem in fitted], dtype=pl.Int64),
            BROKEN: pl.Series(BROKEN, [problem for *_, problem in fitted], dtype=pl.String),
        }
    )


def _fit(record: Record, width: int) -> tuple[int, list[str], str | None]:
    line, row, problem = record
    if len(row) > width and not any(row[width:]):  # a spreadsheet's empty last columns
        row = row[:width]
    if len(row) != width:
        problem = problem or f"has {len(row)} fields where the header has {width}"
        row = (row + [""] * width)[:width]
    return line, row, problem or None
