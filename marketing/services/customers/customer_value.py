"""Learn from all orders what customers will order and spend; live only if it beats its baseline."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.utils import timezone
from django.utils.translation import gettext_noop

from decisions.jobs import Progress
from decisions.models import ModelRun
from decisions.services.artefacts import ArtefactError, artefact_path, write_artefact
from decisions.services.model_runs import Trained, data_hash, existing_run, live_run, publish_run
from decisions.text import SentenceError, sentence
from marketing.frames.behaviour import EPOCH, buyers, facts_of

if TYPE_CHECKING:
    from marketing.ml.behaviour import Facts
    from marketing.ml.order_days import OrderDays
    from marketing.ml.value_model import ValueModel

TASK = "customer_value"
MOST_CUSTOMERS = 50_000  # that a fit reads; its parameters are known to a hundredth by then
MISSING = {
    "days": gettext_noop("%(missing)s more days of orders are needed to judge a forecast."),
    "customers": gettext_noop("%(missing)s more customers with an order are needed."),
    "repeats": gettext_noop("%(missing)s more repeat orders are needed."),
}


class TooLittleHistoryError(SentenceError):
    """`sentence` says what is missing."""


def last_day(as_of: datetime) -> int:
    """The last day, since 1970, that lies before `as_of` with all or some of its hours."""
    local = timezone.localtime(as_of)
    whole = (local.hour, local.minute, local.second, local.microsecond) == (0, 0, 0, 0)
    return local.date().toordinal() - EPOCH - (1 if whole else 0)


def order_days_of(facts: Facts) -> OrderDays:
    """Row i of the facts is customer i; amounts are net revenue in minor units."""
    import numpy as np

    from marketing.ml.order_days import order_days

    orders = facts.orders
    return order_days(orders.customer, orders.day.astype(np.int64), orders.revenue_minor)


def train_value(as_of: datetime, *, seed: int, progress: Progress | None = None) -> ModelRun:
    """Raises TooLittleHistoryError. Same data, same run."""
    from marketing.ml.value_backtest import ShortError, backtest
    from marketing.ml.value_model import FORMAT, fit_value_model

    started = time.perf_counter()
    facts = facts_of(buyers(as_of, most=MOST_CUSTOMERS), as_of, with_events=False)
    days, end = order_days_of(facts), last_day(as_of)
    digest = data_hash(facts.customers, days.customer_idx, days.day, days.amount, end, seed, FORMAT)
    if known := existing_run(TASK, digest):
        return known
    try:
        judged = backtest(days, end, seed=seed)
    except ShortError as error:
        raise TooLittleHistoryError(_missing(error.missing)) from error
    model = fit_value_model(days, end, seed=seed)
    stored = model.to_json() | {"margin_rate": _margin_rate(facts)}
    artefact = write_artefact(
        TASK, ".json", lambda path: path.write_text(json.dumps(stored), encoding="utf-8")
    )
    return publish_run(
        Trained(
            task=TASK,
            model="+".join(sorted({_law(one) for one in model.models})),
            params={
                "models": [asdict(one) for one in model.models],
                "spend": asdict(model.spend) if model.spend else None,
                "is_corrected": model.correction is not None,
                "clock": model.clock.to_json() if model.clock else None,
            },
            seed=seed,
            data_until=as_of,
            row_count=int(days.day.size),
            data_hash=digest,
            metrics=judged.metrics | {"window_days": judged.window_days},
            metric="rmse_orders",
            higher_is_better=False,
            value=judged.value,
            baseline=judged.baseline,
            baseline_value=judged.baseline_value,
            artefact=artefact,
            duration_seconds=time.perf_counter() - started,
        ),
        progress,
    )


def _law(model: Any) -> str:
    from marketing.ml.pareto_nbd import ParetoNbd

    if isinstance(model, ParetoNbd):
        return "pareto_nbd"
    return "mbg_nbd" if model.k == 1 else f"mbg_cnbd_{model.k}"


def _missing(missing: dict[str, int]) -> dict:
    [(what, count)] = missing.items()
    return sentence(MISSING[what], missing=count)


def _margin_rate(facts: Facts) -> float | None:
    """Of the orders whose costs are all known, margin over revenue; None without one."""
    import numpy as np

    known = np.isfinite(facts.orders.margin_minor)
    revenue = float(facts.orders.revenue_minor[known].sum())
    return float(facts.orders.margin_minor[known].sum()) / revenue if revenue > 0 else None


def live_value() -> tuple[ModelRun, ValueModel, float | None] | None:
    """(run, model, the shop's margin rate) that serve now; None without one or without its file."""
    from marketing.ml.value_model import from_json

    run = live_run(TASK)
    if run is None:
        return None
    try:
        stored = json.loads(Path(artefact_path(run)).read_text(encoding="utf-8"))
    except ArtefactError:
        return None  # no figure rather than one of an unknown model; training writes the file anew
    return run, from_json(stored), stored["margin_rate"]
