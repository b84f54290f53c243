"""The model that serves in this process: mapped once, changed when another one is promoted."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from threadpoolctl import threadpool_limits

from decisions.models import LivePeriod, ModelRun, RunState
from decisions.services.artefacts import artefact_path
from recommendations.ml.candidates import Shelf
from recommendations.ml.sources import Neighbours, Popular
from recommendations.models import TASK
from recommendations.services.artefacts import Recommender, read_recommender


@dataclass(frozen=True)
class Serving:
    """A run and with which weights it serves: its own when live, its baseline's when refused."""

    run: ModelRun
    weights: dict[str, float]
    recommender: Recommender
    shelf: Shelf


def serving_model() -> Serving | None:
    """The live model; else the baseline of the newest run that was refused; else none.

    One query a request, so that a promotion or a rollback counts from the next request on; the
    file itself is read only when the run changes.
    """
    period = LivePeriod.objects.filter(task=TASK, ended_at__isnull=True)
    live = period.values_list("run_id", "run__artefact_sha256").first()
    if live:
        return _mapped(*live, "")
    refused = ModelRun.objects.filter(task=TASK, state=RunState.REFUSED).exclude(artefact="")
    newest = refused.values_list("pk", "artefact_sha256", "baseline").first()
    return _mapped(*newest) if newest else None


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
    return Shelf.of(blend, similar, together, popular, recommender.category_ids)
