"""Files that a person uploaded or a command names, imported through the register of importers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from django.conf import settings

Progress = Callable[[int, int, str], None]


def run_import(
    path: Path | str,
    kind: str,
    format: str = "backroom",
    *,
    progress: Progress | None = None,
    dry_run: bool = False,
) -> dict:
    """Import one file and return its report as plain JSON. Run twice, it changes nothing.

    Raises UnusableFileError or UnknownImporterError with one sentence for the person.
    """
    from shop.importers.run import Options, import_file  # loads polars: not at start-up

    options = Options(dry_run=dry_run, rejects=rejects_path(path), progress=progress)
    return import_file(kind, path, format=format, options=options).as_dict()


def rejects_path(path: Path | str) -> Path:
    """Under VAR_DIR: the folder of the data may not be ours to write."""
    return settings.VAR_DIR / "rejects" / f"{Path(path).name.split('.')[0]}.rejects.csv"
