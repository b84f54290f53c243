"""Files that a person asked for in the back office, made by a job and kept for a while."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from django.conf import settings

from shop.exporters.run import export_file

EXPORT_JOB = "export_data"
KEPT_DAYS = 7  # long enough for a weekend; personal data must not gather in a folder
Progress = Callable[[int, int, str], None]


def run_export(
    job_id: int, kind: str, format: str, *, with_bom: bool, progress: Progress | None = None
) -> dict:
    """Write the job's file and return its report. Run twice, the second file replaces the first.

    Raises UnknownExporterError with one sentence for the person.
    """
    remove_old_exports()
    path = export_path(job_id)
    path.parent.mkdir(parents=True, exist_ok=True)
    report = export_file(kind, path, format=format, with_bom=with_bom, progress=progress)
    return report.as_dict()


def export_path(job_id: int) -> Path:
    return settings.VAR_DIR / "exports" / f"{int(job_id)}.csv"


def remove_old_exports() -> int:
    """Files older than KEPT_DAYS go; how many did."""
    oldest, removed = time.time() - KEPT_DAYS * 86_400, 0
    for path in (settings.VAR_DIR / "exports").glob("*.csv"):
        if path.stat().st_mtime < oldest:
            path.unlink(missing_ok=True)  # another worker may have been faster
            removed += 1
    return removed
