"""Learn who orders within 30 days; live only if it beats recency and the buying model."""

from __future__ import annotations

import time
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from django.db.models import Min
from django.utils.translation import gettext_noop

from decisions.jobs import Progress
from decisions.models import ModelRun
from decisions.services.artefacts import ArtefactError, artefact_path, write_artefact
from decisions.services.model_runs import Trained, data_hash, existing_run, live_run, publish_run
from decisions.text import sentence
from marketing.frames.behaviour import buyers, facts_of, known_orders
from marketing.frames.sequences import sequences_of
from marketing.services.customers.customer_value import (
    TooLittleHistoryError,
    last_day,
    order_days_of,
)

if TYPE_CHECKING:
    import numpy as np

    from marketing.ml.behaviour import Facts
    from marketing.ml.dropout_models import DropoutModel
    from marketing.ml.propensity import Opened, Snapshot

TASK = "propensity"
MOST_CUSTOMERS = 15_000  # per snapshot
WINDOW = timedelta(days=30)
WARM_UP = timedelta(days=60)  # of orders before the first snapshot: behaviour needs a past
TOO_SHORT = gettext_noop(
    "%(missing)s more days of orders are needed: behaviour is learned from at least three months "
    "after the first two."
)
TOO_FEW = gettext_noop(
    "In the last 30 days %(buyers)s of %(customers)s known customers ordered; %(least)s of "
    "%(least_customers)s are needed to judge who will."
)


def train_propensity(as_of: datetime, *, seed: int, progress: Progress | None = None) -> ModelRun:
    """Raises TooLittleHistoryError. What goes live was taught, calibrated and judged as its rivals:
    on months before the judging one; it is not taught again with that month."""
    from marketing.ml.propensity import (
        LEAST_BUYERS,
        LEAST_CUSTOMERS,
        PropensityParams,
    )
    from marketing.ml.sequence_gain import train_with_sequences

    started = time.perf_counter()
    snapshots = [_snapshot(cut) for cut in _cuts(as_of)]
    judging = snapshots[-1]
    bought = int(judging.ordered.sum())
    if judging.ordered.size < LEAST_CUSTOMERS or bought < LEAST_BUYERS:
        raise TooLittleHistoryError(
            sentence(
                TOO_FEW,
                buyers=bought,
                customers=judging.ordered.size,
                least=LEAST_BUYERS,
                least_customers=LEAST_CUSTOMERS,
            )
        )
    params = PropensityParams(seed=seed)
    digest = data_hash(
        *(part for one in snapshots for part in _parts(one)), asdict(params), "sequences"
    )
    if known := existing_run(TASK, digest):
        return known
    model, judged, verdict = train_with_sequences(snapshots, params)
    baseline = min(("recency", "bg_nbd", "everybody_alike"), key=lambda name: judged.log_loss[name])
    artefact = write_artefact(
        TASK, ".json", lambda path: path.write_text(model.to_json(), encoding="utf-8")
    )
    return publish_run(
        Trained(
            task=TASK,
            model="lightgbm_platt",
            params=asdict(params),
            seed=seed,
            data_until=as_of,
            row_count=sum(one.ordered.size for one in snapshots),
            data_hash=digest,
            metrics=asdict(judged)
            | {
                "inputs": list(model.inputs),
                "snapshots": len(snapshots),
                "sequence": asdict(verdict),
            },
            metric="log_loss",
            higher_is_better=False,
            value=judged.log_loss["propensity"],
            baseline=baseline,
            baseline_value=judged.log_loss[baseline],
            artefact=artefact,
            duration_seconds=time.perf_counter() - started,
        ),
        progress,
    )


def _parts(one: Snapshot) -> tuple[np.ndarray, ...]:
    assert one.sequences is not None
    read = one.sequences
    return one.inputs, one.ordered, read.indptr, read.kind, read.category, read.at


def _cuts(as_of: datetime) -> list[datetime]:
    """Moments of the snapshots, oldest first; the last lies one window before `as_of`."""
    from marketing.ml.propensity import MOST_TAUGHT

    first = known_orders(as_of).aggregate(first=Min("placed_at"))["first"]
    reach = as_of - (first or as_of) - WARM_UP
    count = min(reach // WINDOW, MOST_TAUGHT + 2)
    if count < 3:
        raise TooLittleHistoryError(sentence(TOO_SHORT, missing=(3 * WINDOW - reach).days))
    return [as_of - WINDOW * (count - place) for place in range(count)]


def _snapshot(cut: datetime) -> Snapshot:
    """Behaviour as of `cut`, and who ordered in the window after it."""
    import numpy as np

    from marketing.ml.propensity import Snapshot

    facts = facts_of(buyers(cut, most=MOST_CUSTOMERS), cut)
    after = known_orders(cut + WINDOW).filter(placed_at__gte=cut)
    came = np.fromiter(
        after.order_by().values_list("customer_id", flat=True).distinct().iterator(5000), np.int64
    )
    return Snapshot(
        inputs_of(facts, value_chance(buying_model(facts, cut), facts, cut)),
        np.isin(facts.customers, came),
        sequences_of(facts.customers.tolist(), cut),
    )


def inputs_of(facts: Facts, chance: np.ndarray) -> np.ndarray:
    """(customers, len(INPUTS)): behaviour, and what the buying model says of 30 days."""
    import numpy as np

    from marketing.ml.behaviour import behaviour_features

    return np.column_stack([behaviour_features(facts), chance])


def buying_model(facts: Facts, cut: datetime) -> DropoutModel | None:
    """BG/NBD of these customers as of `cut`; None where nobody came back yet."""
    from marketing.ml.dropout_models import fit_dropout
    from marketing.ml.likelihood import NoFitError
    from marketing.ml.order_days import histories

    try:
        return fit_dropout(histories(order_days_of(facts), last_day(cut))).model
    except NoFitError:
        return None


def value_chance(model: DropoutModel | None, facts: Facts, cut: datetime) -> np.ndarray:
    """P(an order within the window) of each customer, NaN without a model."""
    import numpy as np

    from marketing.ml.order_days import histories

    if model is None:
        return np.full(facts.customers.size, np.nan)
    seen = histories(order_days_of(facts), last_day(cut))
    return model.at_least(seen, WINDOW.days / seen.unit_days, orders=1)


def live_propensity() -> tuple[ModelRun, Opened] | None:
    """What serves now; None without one or without its file."""
    from marketing.ml.propensity import model_from

    run = live_run(TASK)
    if run is None:
        return None
    try:
        text = Path(artefact_path(run)).read_text(encoding="utf-8")
    except ArtefactError:
        return None
    return run, model_from(text).opened()
