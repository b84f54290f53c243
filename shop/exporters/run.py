"""One export from the first row to the report, whoever asked for it."""

from __future__ import annotations

import csv
import os
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from .cells import cell
from .pages import pages
from .registry import BACKROOM, Exporter, exporter_of

Progress = Callable[[int, int, str], None]


@dataclass
class ExportReport:
    kind: str
    format: str
    file: str
    rows: int = 0
    bytes: int = 0
    seconds: float = 0.0
    left_out: list[str] = field(default_factory=list)

    def as_dict(self) -> dict:
        """Plain JSON, for a job's result."""
        return {
            "kind": self.kind,
            "format": self.format,
            "file": self.file,
            "rows": self.rows,
            "bytes": self.bytes,
            "seconds": round(self.seconds, 3),
            "left_out": self.left_out,
        }

    def lines(self) -> list[str]:
        """The report as a person reads it."""
        said = f"{self.file}: {self.rows:,} rows, {self.bytes:,} bytes in {self.seconds:.1f} s"
        return [said, *(f"  not in this file: {what}" for what in self.left_out)]


def export_file(
    kind: str,
    path: Path | str,
    *,
    format: str = BACKROOM,
    with_bom: bool = False,
    progress: Progress | None = None,
) -> ExportReport:
    """Write a `.csv` (RFC 4180, UTF-8). The name holds a whole file or none: it is renamed last.

    with_bom: begin with a byte order mark, by which Excel knows UTF-8; the importers skip it.
    Raises UnknownExporterError with one sentence for a person, OSError where nothing can be written.
    """
    began, path = time.perf_counter(), Path(path)
    found = exporter_of(kind, format)
    report = ExportReport(found.kind, format, path.name)
    part = path.with_name(f".{path.name}.{uuid.uuid4().hex}.part")
    try:
        encoding = "utf-8-sig" if with_bom else "utf-8"
        with part.open("w", encoding=encoding, newline="") as file:
            report.rows = write_rows(found, file, progress)
            file.flush()
            os.fsync(file.fileno())
        report.bytes = part.stat().st_size
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    report.left_out = found.left_out()
    report.seconds = time.perf_counter() - began
    return report


def write_rows(found: Exporter, file: IO[str], progress: Progress | None = None) -> int:
    """How many rows were written below the header."""
    source, columns = found.source(), list(found.columns())
    total = source.count() if progress else 0
    writer = csv.writer(file)
    writer.writerow(columns)
    rows = seen = 0
    for page in pages(source):
        for row in found.rows(page):
            writer.writerow([cell(row.get(name)) for name in columns])
            rows += 1
        seen += len(page)
        if progress:
            progress(seen, max(total, seen), found.kind)
    return rows
