"""Files of a model: written beside, flushed, renamed, and checked before they are read."""

from __future__ import annotations

import hashlib
import os
import uuid
from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from decisions.models import ModelRun


class ArtefactError(Exception):
    """The file of a model run is missing or is not the one that was written."""


def write_artefact(task: str, suffix: str, write: Callable[[Path], object]) -> tuple[str, str, int]:
    """Let `write` fill a temporary file; return its final relative name, SHA-256 and size.

    The name holds the content's hash, so that a crash, a second attempt or another process
    can never leave a half-written file under a name that a row points to.
    """
    folder = Path(settings.ARTEFACT_DIR) / task
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f"{uuid.uuid4().hex}.part{suffix}"
    try:
        write(part)
        with part.open("rb+") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            os.fsync(file.fileno())
        size = part.stat().st_size
        name = f"{task}/{digest[:32]}{suffix}"
        part.replace(folder.parent / name)
        _flush_folder(folder)
    finally:
        part.unlink(missing_ok=True)
    return name, digest, size


def _flush_folder(folder: Path) -> None:
    """A rename survives a power cut only when its folder is flushed too (POSIX; not on Windows)."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def artefact_path(run: ModelRun) -> Path:
    """The checked path of a run's file. Raises ArtefactError when missing or changed."""
    if run.file_deleted_at:
        raise ArtefactError(
            _(
                "%(run)s: its file was old and was deleted on %(day)s (MODEL_FILES_KEPT, MODEL_FILE_DAYS). Training on the same data again brings it back."
            )
            % {"run": run, "day": date_format(timezone.localtime(run.file_deleted_at))}
        )
    path = Path(settings.ARTEFACT_DIR) / run.artefact
    if not run.artefact or not path.is_file():
        raise ArtefactError(
            _("%(run)s: the file %(file)s is missing.") % {"run": run, "file": run.artefact or "–"}
        )
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != run.artefact_sha256:
        raise ArtefactError(
            _("%(run)s: the file %(file)s was changed after it was written.")
            % {"run": run, "file": run.artefact}
        )
    return path
