"""What goes live is never behind the best single source of the newest quarter by more than luck."""

from dataclasses import replace

import numpy as np
import pytest
from django.core.cache import cache

from decisions.models import RunState
from decisions.services.model_runs import live_run
from recommendations.ml.gate import gate
from recommendations.ml.harness import Measured
from recommendations.models import TASK
from recommendations.services import training
from recommendations.services.asking import Ask
from recommendations.services.live_model import serving_model
from recommendations.services.serving import recommend
from tests.factories import make_stock
from tests.factories_recommendations import LATER, make_chain_shop


def measured(**means: float) -> Measured:
    """200 customers whose nDCG differs from model to model by a constant and a little luck."""
    luck = np.random.default_rng(3)
    own = luck.random(200)
    ndcg = {name: own + mean + 0.05 * luck.random(200) for name, mean in means.items()}
    metrics = {name: {"ndcg": float(values.mean())} for name, values in ndcg.items()}
    return Measured(metrics, ndcg, {})


def test_a_mix_behind_the_best_source_has_that_source_to_beat():
    found = measured(popularity=0.1, item_knn=0.2, ease=0.6, transitions=0.3, ranker=0.5)
    refused = gate(found, "ranker", seed=1)
    assert (refused.baseline, refused.against) == ("ease", "ease")
    assert refused.is_behind
    assert refused.low < refused.difference < refused.high < 0
    assert refused.as_json["is_behind"] is True


def test_one_that_is_ahead_or_level_has_the_usual_baseline_to_beat():
    ahead = gate(measured(popularity=0.1, item_knn=0.2, ease=0.6, blend=0.9), "blend", seed=1)
    assert (ahead.baseline, ahead.against, ahead.is_behind) == ("item_knn", "ease", False)
    level = measured(popularity=0.1, item_knn=0.2, ease=0.5, ranker=0.5)
    assert not gate(level, "ranker", seed=1).is_behind
    alone = gate(measured(popularity=0.1, item_knn=0.2, ease=0.6), "ease", seed=1)
    assert (alone.difference, alone.low, alone.high) == (0, 0, 0)
    assert alone.baseline == "item_knn"


def test_a_single_source_that_validation_preferred_is_held_to_the_same():
    found = gate(measured(popularity=0.1, item_knn=0.2, ease=0.6, als=0.4), "als", seed=1)
    assert (found.baseline, found.is_behind) == ("ease", True)


@pytest.mark.django_db
def test_a_choice_that_loses_to_a_source_on_the_newest_quarter_does_not_go_live(
    monkeypatch, settings, tmp_path
):
    settings.ARTEFACT_DIR = tmp_path / "artefacts"
    cache.clear()
    for variant in make_chain_shop():
        make_stock(variant, 10)
    really = training.measure

    def against_it(split, choice, plan, **options):
        """As measured, but for one source, which the newest quarter happens to suit best."""
        found = really(split, choice, plan, **options)
        lucky = next(name for name in ("walks", "transitions") if name != choice.chosen)
        better = found.ndcg[choice.chosen] + 0.1
        metrics = found.metrics | {lucky: found.metrics[lucky] | {"ndcg": float(better.mean())}}
        return replace(found, ndcg=found.ndcg | {lucky: better}, metrics=metrics)

    monkeypatch.setattr(training, "measure", against_it)
    run = training.train_recommender(as_of=LATER, seed=1, budget_seconds=0)
    assert run.state == RunState.REFUSED
    assert run.baseline in ("walks", "transitions")
    assert run.params["gate"]["is_behind"] is True
    # The figure is that of what validation had chosen, not of what the test part liked best.
    assert run.value == run.metrics[run.model]["ndcg"] < run.baseline_value
    assert live_run(TASK) is None
    # Where nothing else serves, the source that it lost to does.
    assert serving_model().weights == {run.baseline: 1.0}
    assert recommend(Ask(code="C-1", limit=3), at=LATER).items
