"""Vectors of descriptions, kept from one night to the next: most texts have not changed by then."""

from __future__ import annotations

import hashlib
import logging
import os
import secrets
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from django.conf import settings

from language.embeddings import Embedder

logger = logging.getLogger(__name__)
DIGEST = "S16"  # of the encoder's name and the text


def encoded(embedder: Embedder, texts: Sequence[str]) -> np.ndarray:
    """`embedder.encode(texts)`; of what was encoded before, its vector of then.

    An encoder without meaning is faster than the file.
    """
    if not embedder.is_semantic or not texts:
        return embedder.encode(texts)
    keys = np.array([_digest(embedder.name, text) for text in texts], dtype=DIGEST)
    known, vectors = _read()
    place = np.minimum(np.searchsorted(known, keys), max(len(known) - 1, 0))
    found = known[place] == keys if len(known) else np.zeros(len(keys), dtype=bool)
    missing = np.flatnonzero(~found)
    if not len(missing):
        return vectors[place]
    fresh = embedder.encode([texts[int(number)] for number in missing])
    result = np.empty((len(texts), fresh.shape[1]), dtype=np.float32)
    if found.any():
        result[found] = vectors[place[found]]
    result[missing] = fresh
    _write(keys, result)
    return result


def _digest(name: str, text: str) -> bytes:
    # A zero at the end would be cut off by numpy: hexadecimal digits have none.
    return hashlib.sha256(f"{name}\0{text}".encode()).hexdigest()[:16].encode()


def _path() -> Path:
    return Path(settings.ARTEFACT_DIR) / "descriptions.npz"


def _read() -> tuple[np.ndarray, np.ndarray]:
    """Digests in ascending order and their vectors; nothing where the file cannot be read."""
    try:
        with np.load(_path(), allow_pickle=False) as kept:
            return kept["digests"], kept["vectors"]
    except FileNotFoundError:
        pass
    except (OSError, ValueError, KeyError, zipfile.BadZipFile):
        logger.exception("the kept descriptions cannot be read: all are encoded again")
    return np.zeros(0, dtype=DIGEST), np.zeros((0, 0), dtype=np.float32)


def _write(keys: np.ndarray, vectors: np.ndarray) -> None:
    """What is described now, and nothing of what is gone; written, then renamed."""
    digests, first = np.unique(keys, return_index=True)
    path = _path()
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{secrets.token_hex(4)}.part")
    with part.open("wb") as file:
        np.savez(file, digests=digests, vectors=vectors[first])
    os.replace(part, path)
