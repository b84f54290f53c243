"""A file as frames of text. Streams: never more than one chunk in memory, however big the file.

How the text becomes rows: table.py. How its encoding is found: encodings.py.
"""

from __future__ import annotations

import csv
import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import IO, Protocol

import polars as pl

from .encodings import UnusableFileError, encoding_of, is_gzip, lines_of
from .table import BROKEN, LINE, Lines, Table

CHUNK_ROWS = 10_000
MOST_COLUMNS = 1_000
BLANK_LINES = 100  # before the header
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
        self.rows_expected = lines_of(self.path)

    @property
    def name(self) -> str:
        return self.path.name

    def frames(self) -> Iterator[pl.DataFrame]:
        with self._readable() as file:
            table = Table(self.header, self.delimiter, file)
            table.read_header()
            while (frame := table.next_frame(self.chunk_rows)) is not None:
                yield frame

    @contextmanager
    def _readable(self) -> Iterator[IO[str]]:
        """The file, whatever breaks while it is read said in one sentence."""
        try:
            with self._open() as file:
                yield file
        except LookupError as error:
            raise UnusableFileError(f"There is no encoding called {self.encoding}.") from error
        except UnicodeError as error:
            raise UnusableFileError(
                f"{self.name} cannot be read as {self.encoding}: {error.__class__.__name__} "
                f"at byte {getattr(error, 'start', 0) + 1:,} of a block; name another encoding."
            ) from error
        except (EOFError, OSError, zlib.error, csv.Error) as error:
            raise UnusableFileError(f"{self.name} is damaged: {error}.") from error

    def _first_line(self) -> str:
        with self._readable() as file:
            lines = islice(Lines(file), BLANK_LINES)
            return next((line for line in lines if line.strip()), "")

    def _read_header(self) -> list[str]:
        with self._readable() as file:
            first = Table([], self.delimiter, file).read_header()
        if first is None:
            raise UnusableFileError(f"{self.name} is empty.")
        names = [name.strip() for name in first]
        if not any(names) or all(_is_number(name) for name in names if name):
            raise UnusableFileError(f"{self.name} has no header line with the names of columns.")
        if len(names) > MOST_COLUMNS:
            raise UnusableFileError(
                f"{self.name} has {len(names):,} columns; at most {MOST_COLUMNS:,} are read."
            )
        doubled = sorted({name for name in names if name and names.count(name) > 1})
        if doubled:
            raise UnusableFileError(f"{self.name} has the column {doubled[0][:100]} twice.")
        return _own_names(names)

    def _open(self) -> IO[str]:
        encoding = "utf-8-sig" if self.encoding.lower() in ("utf-8", "utf8") else self.encoding
        if is_gzip(self.path):
            return gzip.open(self.path, "rt", encoding=encoding, newline="")
        return self.path.open("r", encoding=encoding, newline="")


def _as_text(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(
        pl.exclude(LINE).cast(pl.String), pl.col(LINE).cast(pl.Int64)
    ).with_columns(pl.lit(None, pl.String).alias(BROKEN))


def _own_names(names: list[str]) -> list[str]:
    """A name for a column without one; `line` and `broken` are what a frame itself says."""
    taken = {LINE, BROKEN}
    own = []
    for place, name in enumerate(names, 1):
        name = name or f"column_{place}"
        while name in taken:
            name += "_"
        taken.add(name)
        own.append(name)
    return own


def _is_number(name: str) -> bool:
    return name.replace(".", "", 1).replace("-", "", 1).isdigit()


def _delimiter_of(line: str) -> str:
    """The mark that stands most often in the header line outside quotes."""
    outside = "".join(line.split('"')[::2])
    return max(DELIMITERS, key=outside.count)
