"""Files below VAR_DIR: which of them name a person, and which of those go.

Uploads, rejects, exports and mail on disk are copies that end by themselves after days: one that names
her goes at once. Of any other kind a person decides; the proof lists it.
"""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from django.conf import settings

from privacy.services.words import Words

COPIES = ("uploads", "rejects", "exports", "mail", "messages")
# Compiled code, styles and the broker's hints, which hold numbers of jobs; the database is searched as one.
NOT_READ = ("static", "compiled", "broker", "secret_key", "beat-schedule")
BLOCK, OVERLAP = 1 << 20, 4096
HER_ARRAYS = ("customer", "person", "user_id")


class Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


@dataclass(frozen=True)
class FileHit:
    """path: below VAR_DIR, as text with `/`."""

    path: str
    kinds: tuple[str, ...]

    @property
    def is_copy(self) -> bool:
        return self.path.split("/")[0] in COPIES


def files_to_read() -> Iterator[Path]:
    root = Path(settings.VAR_DIR)
    database = str(settings.DATABASES["default"]["NAME"])
    for path in sorted(root.rglob("*")):
        first = path.relative_to(root).parts[0]
        is_database = str(path).startswith(database) and settings.DATABASES["default"][
            "ENGINE"
        ].endswith("sqlite3")
        if path.is_file() and not path.is_symlink() and first not in NOT_READ and not is_database:
            yield path


def search_files(words: Words) -> tuple[list[FileHit], int]:
    """(files that name her, how many were read)."""
    root, hits, read = Path(settings.VAR_DIR), [], 0
    for path in files_to_read():
        name = path.relative_to(root).as_posix()
        kinds = dict.fromkeys([*words.kinds_in(name), *kinds_in_file(path, words)])
        read += 1
        if kinds:
            hits.append(FileHit(name, tuple(kinds)))
    return hits, read


def kinds_in_file(path: Path, words: Words) -> list[str]:
    """By what a file names her; packed files are read unpacked. Nothing where it has just gone."""
    try:
        if zipfile.is_zipfile(path):
            return _in_archive(path, words)
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            return _in_stream(file, words)
    except FileNotFoundError:
        return []
    except (gzip.BadGzipFile, EOFError):
        with path.open("rb") as file:  # called so, and is none
            return _in_stream(file, words)


def _in_stream(file: Readable, words: Words) -> list[str]:
    """Block by block, each with the end of the one before it."""
    found: dict[str, None] = {}
    before = b""
    while block := file.read(BLOCK):
        text = (before + block).decode("utf-8", "replace")
        found |= dict.fromkeys(words.kinds_in(text))
        before = block[-OVERLAP:]
    return list(found)


def _in_archive(path: Path, words: Words) -> list[str]:
    found: dict[str, None] = {}
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            with archive.open(name) as file:
                found |= dict.fromkeys(_in_stream(file, words))
            if name.endswith(".npy"):
                found |= dict.fromkeys(_in_array(archive.read(name), name, words))
    return list(found)


def _in_array(raw: bytes, name: str, words: Words) -> list[str]:
    """Arrays of texts, which numpy keeps four bytes a letter, and keys in arrays that are called after
    customers. One of Python objects is never written here, and never read."""
    import numpy as np  # only where files are read

    array = np.lib.format.read_array(io.BytesIO(raw), allow_pickle=False)
    if array.dtype.kind in "US":
        return words.kinds_in("\n".join(str(one) for one in array.ravel().tolist()))
    is_hers = array.dtype.kind in "iu" and any(part in name.lower() for part in HER_ARRAYS)
    return ["key"] if is_hers and bool((array == words.customer_id).any()) else []


def remove_copies(words: Words) -> int:
    """Files that end by themselves and name her go now; how many did."""
    root = Path(settings.VAR_DIR)
    named = [hit for hit in search_files(words)[0] if hit.is_copy]
    for hit in named:
        (root / hit.path).unlink(missing_ok=True)
    return len(named)


def names_her(path: Path, words: Words) -> bool:
    return path.is_file() and bool(kinds_in_file(path, words))
