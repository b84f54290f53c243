"""The model that serves in this process: mapped once, changed when another one is promoted."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass
from functools import lru_cache

from threadpoolctl import threadpool_limits

from decisions.models import LivePeriod, ModelRun, RunState
from decisions.services.artefacts import ArtefactError, artefact_path
from recommendations.ml.candidates import Shelf
from recommendations.ml.sources import Neighbours, Popular
from recommendations.models import TASK
from recommendations.services.artefacts import (
    ArtefactFormatError,
    Recommender,
    read_recommender,
)

logger = logging.getLogger(__name__)
SECONDS_BEFORE_NEXT_TRY = 30.0
Named = tuple[int, str, str]  # run, checksum of its file, baseline that stands in for it or ""


@dataclass(frozen=True)
class Serving:
    """A run and with which weights it serves: its own when live, its baseline's when refused."""

    run: ModelRun
    weights: dict[str, float]
    recommender: Recommender
    shelf: Shelf


_current: dict[Named, Serving] = {}
_failed: dict[Named, float] = {}
_loading = threading.Lock()


def live_run() -> Named | None:
    """The run that is live, its checksum, and no baseline."""
    period = LivePeriod.objects.filter(task=TASK, ended_at__isnull=True)
    live = period.values_list("run_id", "run__artefact_sha256").first()
    return (*live, "") if live else None


def refused_run() -> Named | None:
    """The newest run that was refused, whose baseline serves while none is live."""
    refused = ModelRun.objects.filter(task=TASK, state=RunState.REFUSED).exclude(artefact="")
    return refused.values_list("pk", "artefact_sha256", "baseline").first()


def serving_model() -> Serving | None:
    """The live model; else the baseline of the newest run that was refused; else none."""
    return serving_of_request(live_run() or refused_run())


def loaded_model() -> Serving | None:
    """What this process served last, without a question to the database whether it still should."""
    return next(iter(_current.values()), None)


def serving_of_request(named: Named | None) -> Serving | None:
    """The model that a request found to be live: from the next request on after a promotion.

    One thread maps and checks a new file while the others go on with the model before it. A file
    that is missing or broken stops no request either: it is logged, and the model before it serves.
    """
    if named is None:
        return None
    known = _current.get(named)
    if known is not None:
        return known
    before = loaded_model()
    if _failed.get(named, 0.0) > time.monotonic() or not _loading.acquire(blocking=before is None):
        return before
    try:
        _current_is(named, _mapped(*named))
    except (ArtefactError, ArtefactFormatError, OSError):
        logger.exception("the recommender of run %s cannot be read", named[0])
        _failed[named] = time.monotonic() + SECONDS_BEFORE_NEXT_TRY
        return before
    finally:
        _loading.release()
    return _current[named]


def _current_is(named: Named, serving: Serving) -> None:
    global _current
    _current = {named: serving}  # one assignment: a reader sees the old one or the new one


def serving_of(run_id: int, baseline: str) -> Serving:
    """Serve a run with its own weights, or with one baseline alone.

    Raises ArtefactError when the file is missing or was changed.
    """
    sha256 = ModelRun.objects.values_list("artefact_sha256", flat=True).get(pk=run_id)
    return _mapped(run_id, sha256, baseline)


@lru_cache(maxsize=4)  # the live one, the one before it, and what is being replayed
def _mapped(run_id: int, sha256: str, baseline: str) -> Serving:
    """The checksum belongs to the key: a restored database may give a number out again."""
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
