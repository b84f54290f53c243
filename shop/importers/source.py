"""A file as frames of text. Streams: never more than one chunk in memory, however big the file.

Python's own csv reader is used on purpose: it keeps exact line numbers through quoted newlines and
a broken line costs that line only.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Protocol

import polars as pl

CHUNK_ROWS = 25_000
LONGEST_FIELD = 100_000
READ_BYTES = 1 << 20
LINE = "line"
BROKEN = "broken"  # why a row is no row of the table at all
ENCODINGS = ("utf-8", "gb18030")
UTF8_PAIR = re.compile(rb"[\xc2-\xf4][\x80-\xbf]")
DELIMITERS = (",", ";", "\t", "|")


class UnusableFileError(ValueError):
    """The file cannot be read at all. The message is one sentence for the person who sent it."""


class Source(Protocol):
    """What can be imported: frames of text columns with `line`, as often as asked for."""

    header: list[str]
    name: str

    def frames(self) -> Iterator[pl.DataFrame]: ...


@dataclass
class FrameSource:
    """Frames made by a program (the simulator). Without a `line` column rows count from 1."""

    given: list[pl.DataFrame]
    name: str = "frames"
    header: list[str] = field(init=False)

    def __post_init__(self) -> None:
        self.header = [c for c in self.given[0].columns if c != LINE] if self.given else []

    def frames(self) -> Iterator[pl.DataFrame]:
        before = 0
        for frame in self.given:
            for start in range(0, frame.height, CHUNK_ROWS):
                part = frame.slice(start, CHUNK_ROWS)
                if LINE not in part.columns:
                    part = part.with_row_index(LINE, offset=before + start + 1)
                yield _as_text(part)
            before += frame.height


@dataclass
class CsvSource:
    """A `.csv` or `.csv.gz` file: UTF-8 (with or without a mark), GB18030 or a named encoding."""

    path: Path
    encoding: str = ""
    chunk_rows: int = CHUNK_ROWS
    header: list[str] = field(init=False)
    delimiter: str = field(init=False)
    rows_expected: int | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self.path = Path(self.path)
        if not self.path.is_file():
            raise UnusableFileError(f"There is no file {self.path}.")
        self.encoding = self.encoding or _encoding_of(self.path)
        self.delimiter = _delimiter_of(self._first_line())
        self.header = self._read_header()

    @property
    def name(self) -> str:
        return self.path.name

    def frames(self) -> Iterator[pl.DataFrame]:
        try:
            with self._open() as file:
                records = _records(csv.reader(file, delimiter=self.delimiter))
                next(records)
                yield from self._chunks(records)
        except (UnicodeDecodeError, EOFError, OSError, zlib.error) as error:
            raise UnusableFileError(f"{self.name} is damaged: {error}.") from error

    def _chunks(self, records: Iterator[tuple[int, list[str], str]]) -> Iterator[pl.DataFrame]:
        rows: list[tuple[int, list[str], str]] = []
        for record in records:
            rows.append(record)
            if len(rows) == self.chunk_rows:
                yield _frame(rows, self.header)
                rows = []
        if rows:
            yield _frame(rows, self.header)

    def _first_line(self) -> str:
        try:
            with self._open() as file:
                return file.readline(LONGEST_FIELD)
        except (UnicodeError, EOFError, OSError, zlib.error) as error:
            raise UnusableFileError(
                f"{self.name} cannot be read as {self.encoding}: {error}."
            ) from error

    def _read_header(self) -> list[str]:
        with self._open() as file:
            first = next(_records(csv.reader(file, delimiter=self.delimiter)), None)
        if first is None:
            raise UnusableFileError(f"{self.name} is empty.")
        names = [name.strip() for name in first[1]]
        if first[2] or not any(names) or all(_is_number(name) for name in names if name):
            raise UnusableFileError(f"{self.name} has no header line with the names of columns.")
        doubled = sorted({name for name in names if name and names.count(name) > 1})
        if doubled:
            raise UnusableFileError(f"{self.name} has the column {doubled[0]} twice.")
        return [name or f"column_{place}" for place, name in enumerate(names, 1)]

    def _open(self) -> IO[str]:
        encoding = "utf-8-sig" if self.encoding.lower() in ("utf-8", "utf8") else self.encoding
        if _is_gzip(self.path):
            return gzip.open(self.path, "rt", encoding=encoding, newline="")
        return self.path.open("r", encoding=encoding, newline="")


def _records(reader) -> Iterator[tuple[int, list[str], str]]:
    """(first line, fields, what is broken) per record; blank lines are no records."""
    csv.field_size_limit(LONGEST_FIELD)
    while True:
        line = reader.line_num + 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield line, [], str(error)
            continue
        if row:
            yield line, row, ""


def _frame(rows: list[tuple[int, list[str], str]], header: list[str]) -> pl.DataFrame:
    """Text columns plus `line` and `broken`; a row of another length keeps what fits."""
    width = len(header)
    lines, fields, broken = [], [], []
    for line, row, problem in rows:
        if len(row) != width:
            if len(row) > width and not any(row[width:]):  # a spreadsheet's empty last columns
                row = row[:width]
            else:
                problem = _other_length(problem, len(row), width)
                row = (row + [""] * width)[:width]
        lines.append(line)
        fields.append(row)
        broken.append(problem or None)
    columns = zip(*fields, strict=True)
    data = {
        name: pl.Series(name, values, dtype=pl.String)
        for name, values in zip(header, columns, strict=True)
    }
    return pl.DataFrame(
        data
        | {
            LINE: pl.Series(LINE, lines, dtype=pl.Int64),
            BROKEN: pl.Series(BROKEN, broken, dtype=pl.String),
        }
    )


def _other_length(problem: str, fields: int, width: int) -> str:
    return problem or f"has {fields} fields where the header has {width}"


def _as_text(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(
        pl.exclude(LINE).cast(pl.String), pl.col(LINE).cast(pl.Int64)
    ).with_columns(pl.lit(None, pl.String).alias(BROKEN))


def _is_gzip(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(2) == b"\x1f\x8b"


def _is_number(name: str) -> bool:
    return name.replace(".", "", 1).replace("-", "", 1).isdigit()


def _delimiter_of(line: str) -> str:
    """The mark that stands most often in the header line outside quotes."""
    outside = "".join(line.split('"')[::2])
    return max(DELIMITERS, key=outside.count) if outside.strip() else ","


def _encoding_of(path: Path) -> str:
    """Read the bytes once and take the first encoding that fits all of them; never guess."""
    problems: dict[str, str] = {}
    head = b""
    try:
        for encoding in ENCODINGS:
            head, problem = _decodes(path, encoding)
            if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
                return "utf-16"
            if not problem:
                break
            problems[encoding] = problem
    except (EOFError, OSError, zlib.error) as error:
        raise UnusableFileError(f"{path.name} is damaged: {error}.") from error
    if not head:
        raise UnusableFileError(f"{path.name} is empty.")
    if head.count(b"\0") > len(head) // 8:
        raise UnusableFileError(f"{path.name} is no text file.")
    if len(problems) < len(ENCODINGS):
        return encoding
    if _is_windows_1252(path):
        return "cp1252"
    raise UnusableFileError(
        f"{path.name} is neither UTF-8, GB18030 nor Windows-1252 ({problems['utf-8']}); "
        "name its encoding, for example --encoding big5."
    )


def _is_windows_1252(path: Path) -> bool:
    """Every byte has a meaning there and none of them is a piece of UTF-8 (then it is damaged)."""
    if _decodes(path, "cp1252")[1]:
        return False
    with gzip.open(path, "rb") if _is_gzip(path) else path.open("rb") as file:
        return not any(
            UTF8_PAIR.search(block) for block in iter(lambda: file.read(READ_BYTES), b"")
        )


def _decodes(path: Path, encoding: str) -> tuple[bytes, str]:
    """The first bytes, and where the encoding breaks ("" if it never does)."""
    decoder = codecs.getincrementaldecoder(encoding)()
    head, seen = b"", 0
    with gzip.open(path, "rb") if _is_gzip(path) else path.open("rb") as file:
        while block := file.read(READ_BYTES):
            head = head or block[:4096]
            try:
                decoder.decode(block)
            except UnicodeDecodeError as error:
                return head, f"byte {seen + error.start + 1:,}"
            seen += len(block)
        try:
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return head, "its last byte"
    return head, ""
