"""Lines of text into frames, with exact line numbers, whatever stands between the quotes.

Plain lines are split all at once; a line with quotes goes through Python's csv reader; a chunk in
which a quoted field runs over a line's end is read record by record. All three give the same rows.
A broken line costs that line only: where a quote opens and never closes, the next line is a row again.
No line and no record is read beyond a limit, so a file without line ends cannot fill the memory.
"""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterable, Iterator
from typing import IO

import polars as pl

from .encodings import UnusableFileError

LINE = "line"
BROKEN = "broken"  # why a row is no row of the table at all
LONGEST_FIELD = 100_000
LONGEST_LINE = 1_000_000
LONGEST_RECORD = 250_000  # over several lines: as far as an open quote is followed
CHUNK_CHARACTERS = 4_000_000
SENTINEL = "\x00end of the line\x00"
OPEN = "opens a quote that does not close"

Record = tuple[int, list[str], str]


class Lines:
    """The lines of a file, one after the other; those that were read too far go back."""

    def __init__(self, file: IO[str]):
        self.file, self.back = file, deque[str]()
        self.number = 1  # of the line that comes next

    def __iter__(self) -> Iterator[str]:
        while line := self.next():
            yield line

    def next(self) -> str:
        """ "" at the end of the file. Raises UnusableFileError for a line that is no line."""
        line = self.back.popleft() if self.back else self.file.readline(LONGEST_LINE + 1)
        if len(line) > LONGEST_LINE:
            raise UnusableFileError(
                f"Line {self.number:,} is longer than {LONGEST_LINE:,} characters: this is no table, "
                "or its lines do not end."
            )
        self.number += bool(line)
        return line

    def push_back(self, lines: list[str]) -> None:
        self.back.extendleft(reversed(lines))
        self.number -= len(lines)

    def take(self, count: int) -> list[str]:
        """The next lines: so many, or fewer where they are long."""
        taken: list[str] = []
        characters = 0
        while len(taken) < count and characters < CHUNK_CHARACTERS and (line := self.next()):
            taken.append(line)
            characters += len(line)
        return taken


class Table:
    """A file under way: which line comes next."""

    def __init__(self, header: list[str], delimiter: str, file: IO[str]):
        # The reader's own limit would end a record in its middle and make two rows of it.
        csv.field_size_limit(LONGEST_LINE + LONGEST_RECORD)
        self.header, self.delimiter, self.lines = header, delimiter, Lines(file)

    def read_header(self) -> list[str] | None:
        """The first record that is not empty; None in a file without any."""
        while line := self.lines.next():
            if fields := self._one_line(line):
                return fields
            if fields is None:
                return (self._several_lines(line) or ([], 0))[0]
        return None

    def next_frame(self, rows: int) -> pl.DataFrame | None:
        """The rows of the next so many lines; None at the end of the file."""
        first = self.lines.number
        lines = self.lines.take(rows)
        if not lines:
            return None
        text = pl.Series("text", lines).str.strip_chars_end("\r\n")
        quotes = text.str.count_matches('"', literal=True)
        frame = None if (quotes % 2 == 1).any() else self._split(text, quotes, first)
        return self._run_over(lines) if frame is None else frame

    def _split(self, text: pl.Series, quotes: pl.Series, first: int) -> pl.DataFrame | None:
        """One line, one row. None where a quote stays open after all."""
        marks = text.str.count_matches(self.delimiter, literal=True)
        plain = (quotes == 0) & (marks == len(self.header) - 1) & (text.str.len_bytes() > 0)
        numbers = pl.int_range(first, first + len(text), eager=True)
        special = ~plain & (text.str.len_bytes() > 0)
        odd = text.filter(special)
        found = list(_every_line(odd.to_list(), self.delimiter))
        if len(found) != len(odd):
            return None
        records = [(line, *row) for line, row in zip(numbers.filter(special), found, strict=True)]
        others = _frame(records, self.header)
        plain_rows = self._fields(text.filter(plain), numbers.filter(plain))
        return pl.concat([plain_rows, others]).sort(LINE)

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
        """Record by record: the last may take lines beyond these."""
        end = self.lines.number
        self.lines.push_back(lines)
        found: list[Record] = []
        while self.lines.number < end:
            if record := self._record():
                found.append(record)
        return _frame(found, self.header)

    def _record(self) -> Record | None:
        """None for a blank line."""
        number, line = self.lines.number, self.lines.next()
        try:
            fields = self._one_line(line)
        except csv.Error as error:
            return number, [], str(error)
        if fields is not None:
            return (number, fields, "") if fields else None
        found = self._several_lines(line)
        return (number, [line.strip()], OPEN) if found is None else (number, found[0], "")

    def _one_line(self, line: str) -> list[str] | None:
        """The fields of a record that ends with its line; None where a quote stays open."""
        reader = csv.reader([line, SENTINEL], delimiter=self.delimiter)
        fields = next(reader)
        return fields if reader.line_num == 1 else None

    def _several_lines(self, first: str) -> tuple[list[str], int] | None:
        """Its fields and lines. None, and nothing read, where no closing quote makes a row of it."""
        taken = [first]
        reader = csv.reader(self._following(taken), delimiter=self.delimiter, strict=True)
        try:
            fields = next(reader)
        except csv.Error:
            fields = []
        if fields and (self._fits(fields) or not self._holds_rows(taken[1:])):
            return fields, len(taken)
        self.lines.push_back(taken[1:])
        return None

    def _following(self, taken: list[str]) -> Iterator[str]:
        yield taken[0]
        characters = len(taken[0])
        while characters < LONGEST_RECORD and (line := self.lines.next()):
            taken.append(line)
            characters += len(line)
            yield line

    def _fits(self, fields: list[str]) -> bool:
        return not self.header or len(fields) == len(self.header)

    def _holds_rows(self, lines: list[str]) -> bool:
        """Whether one of them is a row of its own: then the quote before it was never meant."""
        width = len(self.header)
        return any(len(self._one_line(line) or []) == width for line in lines)


def _every_line(lines: Iterable[str], delimiter: str) -> Iterator[tuple[list[str], str]]:
    """Fields and what is broken, line by line; fewer than lines where a quote stays open."""
    reader = csv.reader(lines, delimiter=delimiter)
    while True:
        try:
            yield next(reader), ""
        except StopIteration:
            return
        except csv.Error as error:
            yield [], str(error)


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
    if any(len(value) > LONGEST_FIELD for value in row):
        problem = problem or f"has a field longer than {LONGEST_FIELD:,} characters"
    if len(row) != width:
        problem = problem or f"has {len(row)} fields where the header has {width}"
        row = (row + [""] * width)[:width]
    return line, row, problem or None
