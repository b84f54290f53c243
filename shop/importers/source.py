"""A file as frames of text. Streams: never more than one chunk in memory, however big the file.

How the text becomes rows: table.py. How its encoding is found: encodings.py.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Protocol

import polars as pl

from .encodings import UnusableFileError, encoding_of, is_gzip
from .table import BROKEN, LINE, LONGEST_FIELD, Table, records

CHUNK_ROWS = 10_000
DELIMITERS = (",", ";", "\t", "|")


class Source(Protocol):
    """What can be imported: frames of text columns with `line`, as often as asked for."""

    header: list[str]

    @property
    def name(self) -> str: ...

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
        self.encoding = self.encoding or encoding_of(self.path)
        self.delimiter = _delimiter_of(self._first_line())
        self.header = self._read_header()

    @property
    def name(self) -> str:
        return self.path.name

    def frames(self) -> Iterator[pl.DataFrame]:
        try:
            with self._open() as file:
                table = Table(self.header, self.delimiter, file)
                table.skip_header()
                while (frame := table.next_frame(self.chunk_rows)) is not None:
                    yield frame
        except (UnicodeDecodeError, EOFError, OSError, zlib.error) as error:
            raise UnusableFileError(f"{self.name} is damaged: {error}.") from error

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
            first = next(records(file, self.delimiter), None)
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
        if is_gzip(self.path):
            return gzip.open(self.path, "rt", encoding=encoding, newline="")
        return self.path.open("r", encoding=encoding, newline="")


def _as_text(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(
        pl.exclude(LINE).cast(pl.String), pl.col(LINE).cast(pl.Int64)
    ).with_columns(pl.lit(None, pl.String).alias(BROKEN))


def _is_number(name: str) -> bool:
    return name.replace(".", "", 1).replace("-", "", 1).isdigit()


def _delimiter_of(line: str) -> str:
    """The mark that stands most often in the header line outside quotes."""
    outside = "".join(line.split('"')[::2])
    return max(DELIMITERS, key=outside.count) if outside.strip() else ","
