"""Files that a person uploaded or a command names, imported through the register of importers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from django.conf import settings

from decisions.jobs import GiveUpError
from shop.services.uploads import Wish

Progress = Callable[[int, int, str], None]


def run_import(
    path: Path | str,
    wish: Wish,
    *,
    rejects: Path | None = None,
    progress: Progress | None = None,
) -> dict:
    """Import one file and return its report as plain JSON. Run twice, it changes nothing.

    Raises GiveUpError with one sentence for the person where the file cannot be used: another
    attempt would find the same file.
    """
    from shop.importers.encodings import UnusableFileError  # polars: not at start-up
    from shop.importers.registry import UnknownImporterError
    from shop.importers.run import Options, import_file

    options = Options(
        dry_run=wish.dry_run,
        rejects=rejects or rejects_path(path),
        # A trial run is one transaction: what it told the job's row would be taken back with it.
        progress=None if wish.dry_run else progress,
        day_first={"dmy": True, "mdy": False}.get(wish.dates),
    )
    try:
        report = import_file(
            wish.kind, path, format=wish.format, encoding=wish.encoding, options=options
        )
    except (UnusableFileError, UnknownImporterError) as error:
        raise GiveUpError(str(error)) from error
    return report.as_dict()


def rejects_path(path: Path | str) -> Path:
    """Under VAR_DIR: the folder of the data may not be ours to write."""
    return settings.VAR_DIR / "rejects" / f"{Path(path).name.split('.')[0]}.rejects.csv"
