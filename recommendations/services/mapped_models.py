"""Models mapped into this process: each once, whoever asks, and none of them by a request that can wait.

Checking a file hashes all of it, so a web process lets a thread do it while requests go on with what
they have. There is room for every model that is in use, and for a few more that are looked at.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import connection
from threadpoolctl import threadpool_limits

from decisions.models import ModelRun
from decisions.services.artefacts import ArtefactError, artefact_path
from recommendations import kept
from recommendations.ml.candidates import Shelf
from recommendations.ml.sources import Neighbours, Popular
from recommendations.services.artefacts import (
    ArtefactFormatError,
    Recommender,
    read_recommender,
)

logger = logging.getLogger(__name__)
SECONDS_BEFORE_NEXT_TRY = 30.0
SPARE = 4  # beside those in use: the live one, the one before it, and what is being replayed
Named = tuple[int, str, str]  # run, checksum of its file, baseline that stands in for it or ""
# Why a model cannot serve: nothing that a request may fail by.
UNUSABLE = (ArtefactError, ArtefactFormatError, ModelRun.DoesNotExist, OSError)


@dataclass(frozen=True)
class Serving:
    """A run and with which weights it serves: its own when live, its baseline's when refused."""

    run: ModelRun
    weights: dict[str, float]
    recommender: Recommender
    shelf: Shelf


_models: dict[Named, Serving] = {}  # the one used last stands last
_in_use: frozenset[Named] = frozenset()
_failed: dict[Named, float] = {}  # until when, on the monotonic clock, it is not tried again
_coming: set[Named] = set()
_flights: dict[Named, threading.Lock] = {}
_lock = threading.Lock()


def known(named: Named) -> Serving | None:
    """What is there already."""
    return _models.get(named)


def mapped(named: Named) -> Serving:
    """The model, loaded here where it is not there yet; of several who ask at once one loads it.

    The checksum belongs to the name: a restored database may give a number out again. Raises one of
    UNUSABLE.
    """
    found = _models.get(named)
    if found is None:
        with _flights.setdefault(named, threading.Lock()):
            found = _models.get(named) or _read(named)
    _remember(named, found)
    return found


def load_soon(named: Named) -> None:
    """Have it loaded: by a thread in a web process, else at once. A failure is logged, and not tried
    again for a while."""
    with _lock:
        waits = _failed.get(named, 0.0) > time.monotonic()
        if named in _models or named in _coming or waits:
            return
        _coming.add(named)
    if kept.is_serving():
        threading.Thread(target=_load_in_thread, args=(named,), name="models", daemon=True).start()
    else:
        _load(named)


def has_failed(named: Named) -> bool:
    """Whether it is not worth trying now."""
    return _failed.get(named, 0.0) > time.monotonic()


def is_awaited(named: Named) -> bool:
    """Whether it is being loaded for the first time."""
    return named in _coming and named not in _failed


def keep(names: Iterable[Named]) -> None:
    """These are in use: load those that are not there, and let go of none of them."""
    global _in_use
    _in_use = frozenset(names)
    for named in _in_use:
        load_soon(named)


def note_failure(named: Named) -> None:
    """To be called where it is known why: logs the error with its trace."""
    logger.exception("the recommender of run %s cannot be read", named[0])
    _failed[named] = time.monotonic() + SECONDS_BEFORE_NEXT_TRY


def forget_all() -> None:
    """As a process begins."""
    for each in (_models, _failed, _flights):
        each.clear()


def _load_in_thread(named: Named) -> None:
    try:
        _load(named)
    finally:
        connection.close()  # the thread's own


def _load(named: Named) -> None:
    try:
        mapped(named)
    except UNUSABLE:
        note_failure(named)
    finally:
        _coming.discard(named)


def _remember(named: Named, found: Serving) -> None:
    with _lock:
        _models.pop(named, None)
        _models[named] = found
        _failed.pop(named, None)
        spare = [one for one in _models if one not in _in_use]
        for one in spare[:-SPARE]:
            del _models[one]
            _flights.pop(one, None)


def _read(named: Named) -> Serving:
    run_id, _sha256, baseline = named
    # For good, not as a context: a process that serves scores one short history at a time, where
    # a second BLAS thread only adds waiting (p99 of 12 ms and more instead of 0.1 ms).
    threadpool_limits(1, "blas")
    run = ModelRun.objects.get(pk=run_id)
    recommender = read_recommender(artefact_path(run))
    weights = {baseline: 1.0} if baseline else recommender.weights
    return Serving(run, weights, recommender, shelf_of(recommender, weights))


def shelf_of(recommender: Recommender, weights: dict[str, float]) -> Shelf:
    sources = recommender.sources
    similar = sources.get("similar", sources["item_knn"])
    together = sources.get("complements", sources["transitions"])
    popular = sources["popularity"]
    assert isinstance(similar, Neighbours)
    assert isinstance(together, Neighbours)
    if not together.weights.nnz:  # a shop of one thing an order: what follows is the next best
        together = sources["transitions"]
        assert isinstance(together, Neighbours)
    assert isinstance(popular, Popular)
    blend = recommender.blend(weights)
    # A baseline that stands in for a refused run serves alone.
    ranker = recommender.ranker if weights == recommender.weights else None
    return Shelf.of(blend, similar, together, popular, recommender.category_ids, ranker)
