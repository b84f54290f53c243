"""One import from first row to report, whoever asked for it: command, job or simulator."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from tqdm import tqdm

from decisions.memory import peak_memory_mb

from .columns import SCALE, Reading
from .encodings import UnusableFileError
from .mistakes import MISTAKE, Checked, check, names_in_file, reading_of
from .registry import BACKROOM, Importer, importer_of
from .rejects import RejectsFile
from .report import ImportReport
from .seen import Seen, hashes_of
from .source import CsvSource, FrameSource, Source
from .table import BROKEN, LINE
from .write import lock_imports, refresh_statistics

TRIES = 3  # a live order may take a key between our read and our write: read again

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Options:
    dry_run: bool = False
    rejects: Path | None = None
    progress: Progress | None = None
    bar: bool = False
    day_first: bool | None = None  # None: as the file shows


class ImportRun:
    """What every chunk of one import shares."""

    def __init__(self, importer: Importer, source: Source, options: Options):
        self.importer, self.source, self.options = importer, source, options
        self.names = names_in_file(importer.columns, source.header)
        missing = [name for name in importer.required if name not in self.names]
        if missing:
            raise UnusableFileError(
                f"{source.name} lacks the column {', '.join(missing)}; it has "
                f"{', '.join(source.header[:20]) or 'none'}."
            )
        self.report = ImportReport(importer.kind, importer.format, source.name, options.dry_run)
        self.reading: Reading = reading_of(importer.columns, self.names, source.frames())
        self._settle_dates()
        self.started_at = timezone.now()
        self.state: Any = None
        self.rejects = RejectsFile(options.rejects, source.header)
        self.seen = Seen()

    def _settle_dates(self) -> None:
        """A person's word counts; without one and without proof the report says what was assumed."""
        if self.options.day_first is not None:
            self.reading = replace(self.reading, day_first=self.options.day_first)
        elif not self.reading.dates_proved:
            self.report.notes.append(
                "no date of the file tells day/month from month/day; read as day/month "
                "(--dates mdy reads them the other way)"
            )

    def checked(self) -> Generator[tuple[pl.DataFrame, Checked], None, None]:
        for frame in self.source.frames():
            yield frame, check(frame, self.importer.columns, self.names, self.reading)

    def frames(self) -> Iterator[pl.DataFrame]:
        """The accepted rows of the whole file, typed: for importers that read it beforehand."""
        for _frame, checked in self.checked():
            yield checked.good

    @property
    def key(self) -> str:
        """The first required column: what a row that as a whole is wrong is rejected under."""
        return self.importer.required[0]

    def text_columns(self, prefix: str) -> dict[str, str]:
        """Header names that begin with a prefix (`attribute:colour`), by what follows it."""
        found = (name for name in self.source.header if name.lower().startswith(prefix))
        return {name[len(prefix) :].strip(): name for name in found}


@dataclass
class Chunk:
    """One chunk under way. Nothing of it reaches the report before its transaction is through."""

    run: ImportRun
    frame: pl.DataFrame
    checked: Checked
    counts: dict[str, int] = field(default_factory=dict)
    written: dict[str, int] = field(default_factory=dict)
    sums: dict[str, Decimal] = field(default_factory=dict)
    refused: list[pl.DataFrame] = field(default_factory=list)
    seen: list[pl.Series] = field(default_factory=list)
    after: list[Callable[[], None]] = field(default_factory=list)  # once the chunk is in
    called: dict[str, str] = field(default_factory=dict)  # the file's name of a borrowed column

    def count(self, *, new: int = 0, changed: int = 0, unchanged: int = 0) -> None:
        """What came of rows of the file; with the rejected ones they make up the whole chunk."""
        for name, rows in (("new", new), ("changed", changed), ("unchanged", unchanged)):
            self.counts[name] = self.counts.get(name, 0) + rows

    def wrote(self, what: str, rows: int) -> None:
        """Rows added or changed in a table, for the report."""
        if rows:
            self.written[what] = self.written.get(what, 0) + rows

    def add_up(self, what: str, amount: Decimal) -> None:
        """Money written, for the reconciliation in the report."""
        self.sums[what] = self.sums.get(what, Decimal(0)) + amount

    def reject(
        self, rows: pl.DataFrame, wrong: pl.Expr, column: str, reason: str | pl.Expr
    ) -> pl.DataFrame:
        """Send the rows where `wrong` holds to the rejects file; returns the others."""
        bad = rows.filter(wrong)
        if bad.is_empty():
            return rows
        column = self.called.get(column, column)
        name = self.run.names.get(column)
        values = self.frame.select(LINE, value=pl.col(name) if name else pl.lit(""))
        self.refused.append(
            bad.select(LINE, reason=pl.lit(reason) if isinstance(reason, str) else reason)
            .join(values, on=LINE, how="left")
            .with_columns(column=pl.lit(column))
            .select(LINE, "column", pl.col("value").fill_null(""), "reason")
        )
        return rows.filter(~wrong.fill_null(False))

    def reject_repeated(self, rows: pl.DataFrame, key: str) -> pl.DataFrame:
        """A key stands once in a file: two versions would undo each other in every run.

        Keys of earlier chunks are kept as 64-bit hashes: eight bytes a row, not the row.
        """
        first = self.first_time(rows[key])
        kept = self.reject(rows.with_columns(_first=first), ~pl.col("_first"), key, "is repeated")
        return kept.drop("_first")

    def first_time(self, keys: pl.Series) -> pl.Series:
        """Whether the file has not had this value under this name before, row by row."""
        hashes = hashes_of(keys)
        first = hashes.is_first_distinct() & ~self.run.seen.has(hashes)
        self.seen.append(hashes.filter(first))
        return first

    def mistakes(self) -> pl.DataFrame:
        return pl.concat([self.checked.mistakes.cast(MISTAKE), *self.refused])

    def text(self, column: str) -> pl.DataFrame:
        """`line` and the original text of a header name that is no declared column."""
        return self.frame.select(LINE, pl.col(column))


def import_file(
    kind: str, path: Path | str, *, format: str = BACKROOM, encoding: str = "", options: Options
) -> ImportReport:
    """Raises UnusableFileError or UnknownImporterError, each with one sentence for a person."""
    found = importer_of(kind, format)
    return _import(found, CsvSource(Path(path), encoding), options)


def import_frames(
    kind: str,
    frames: pl.DataFrame | list[pl.DataFrame],
    *,
    format: str = BACKROOM,
    options: Options | None = None,
) -> ImportReport:
    """The same for polars frames with the columns of the file format (the simulator's way in)."""
    given = [frames] if isinstance(frames, pl.DataFrame) else list(frames)
    return _import(importer_of(kind, format), FrameSource(given, kind), options or Options())


MANY_ROWS = 1_000  # a file from which on the planner's statistics are worth a moment


def _import(importer: Importer, source: Source, options: Options) -> ImportReport:
    """Dry runs do everything inside one transaction and take it back."""
    if not options.dry_run:
        report = _run(importer, source, options)
        if report.rows_read >= MANY_ROWS:
            refresh_statistics()
        return report
    with transaction.atomic():
        report = _run(importer, source, options)
        transaction.set_rollback(True)
    return report


def _run(importer: Importer, source: Source, options: Options) -> ImportReport:
    began = time.perf_counter()
    run = ImportRun(importer, source, options)
    bar = tqdm(
        total=getattr(source, "rows_expected", None), unit=" rows", desc=source.name,
        disable=not options.bar, file=sys.stderr,
    )  # fmt: skip
    try:
        if importer.start:
            run.state = importer.start(run)
        with closing(run.checked()) as parts:  # stopped midway, the file is closed at once
            for frame, checked in parts:
                _merge(run, _load(run, frame, checked))
                bar.update(frame.height)
                if options.progress:
                    options.progress(run.report.rows_read, bar.total or 0, source.name)
        if importer.finish:
            importer.finish(run)
    finally:
        bar.close()
        run.report.rejects_file = run.rejects.close()
    run.report.seconds = time.perf_counter() - began
    run.report.peak_memory_mb = peak_memory_mb()
    return run.report


def _load(run: ImportRun, frame: pl.DataFrame, checked: Checked) -> Chunk:
    """One transaction per chunk; a key that a live process took meanwhile is seen on the next try."""
    for attempt in range(TRIES):
        chunk = Chunk(run, frame, checked)
        try:
            with transaction.atomic():
                lock_imports()
                run.importer.load(checked.good, chunk)
            return chunk
        except IntegrityError:
            if attempt == TRIES - 1 or not _may_retry():
                raise
    raise AssertionError("unreachable")


def _may_retry() -> bool:
    return connection.vendor == "postgresql"  # on SQLite the chunk holds the only write lock


def _merge(run: ImportRun, chunk: Chunk) -> None:
    report, mistakes = run.report, chunk.mistakes()
    first = mistakes.unique(LINE, keep="first")
    report.rows_read += chunk.frame.height
    report.rejected += first.height
    for name, rows in chunk.counts.items():
        setattr(report, name, getattr(report, name) + rows)
    report.written.update(chunk.written)
    run.seen.add(chunk.seen)
    for remember in chunk.after:
        remember()
    for what, amount in chunk.sums.items():
        report.sums[what] = report.sums.get(what, Decimal(0)) + amount
    for column, reason, rows in first.group_by("column", "reason").len().iter_rows():
        report.count_reason(f"{column} {reason}".strip(), rows)
    if run.importer.amount is not None:
        _add_money(run, chunk.checked.typed, first)
    if mistakes.height:
        original = chunk.frame.drop(BROKEN).rename(lambda n: n if n == LINE else f"row.{n}")
        run.rejects.write(_one_per_row(mistakes).join(original, on=LINE, how="left"))


def _one_per_row(mistakes: pl.DataFrame) -> pl.DataFrame:
    """A row with two mistakes stands once in the rejects file, with both: repaired once, it is one."""
    return mistakes.group_by(LINE, maintain_order=True).agg(
        pl.col("column", "value", "reason").str.join("; ")
    )


def _add_money(run: ImportRun, typed: pl.DataFrame, rejected: pl.DataFrame) -> None:
    money = run.report.money
    amounts = typed.select(LINE, micro=run.importer.amount)
    refused = amounts.join(rejected.select(LINE), on=LINE, how="semi")["micro"]
    read = _decimal(amounts["micro"])
    money.read += read
    money.rejected += _decimal(refused)
    money.accepted += read - _decimal(refused)
    money.unreadable_rows += refused.null_count()


def _decimal(micros: pl.Series) -> Decimal:
    return Decimal(int(micros.sum())).scaleb(-SCALE)
