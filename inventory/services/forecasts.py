"""Learn demand, prove it, forecast it: read → compute → write."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils.translation import gettext_noop

from decisions.jobs import Progress
from decisions.models import ModelRun
from decisions.services.artefacts import artefact_path, write_artefact
from decisions.services.model_runs import Trained, data_hash, existing_run, live_run, publish_run
from decisions.text import SentenceError, sentence
from inventory.frames import DemandHistory, demand_history, last_full_day
from inventory.models import DemandForecast
from inventory.services.category_forecasts import write_totals
from inventory.services.forecast_basis import (
    YEAR_WEEKS,
    Basis,
    explain,
    find_basis,
    given,
    rests_on,
    write_elasticities,
)
from inventory.services.newcomers import BORROWED, liken
from inventory.services.warehouse_forecasts import write_warehouse_forecasts

if TYPE_CHECKING:
    import numpy as np

    from inventory.ml.backtest import Scorecard
    from inventory.ml.gbm import DemandModel, DemandParams
    from inventory.ml.metrics import Forecast

TASK = "demand"
HORIZON_DAYS = 28
PLANNED_DAYS = 7 * YEAR_WEEKS  # whose reductions the plan looks at
KEEP_DAYS = 60  # of old forecasts: two horizons, enough to hold each against what happened
METRIC = "rmsse"
BASELINE = "seasonal_naive"
CHUNK_ROWS = 500
OWN_PLACE = ("models", "learned", "by_fold")  # metrics, the artefact, and what only a command shows
NO_SALES = gettext_noop("no order line with a SKU has been sold yet")


class NoSalesError(SentenceError):
    """There is nothing to learn from yet; `sentence` says so."""


@dataclass(frozen=True)
class Served:
    """Whose numbers stand in the forecast rows. run None = the baseline serves."""

    method: str
    run: ModelRun | None
    model: DemandModel | None


def refresh_demand_forecast(as_of: datetime, *, seed: int, progress: Progress) -> dict:
    """Train on sales before `as_of`, publish if it beats the baseline, forecast every SKU.

    1. The same data, parameters and seed as an earlier run: nothing is trained again.
    2. The run goes live only if its backtest beats the seasonal naive; what is live serves,
       and while nothing is, the seasonal naive serves.
    3. A SKU with too few known days borrows from those that are like it (services/newcomers.py);
       where there are none its row says how many days are missing.
    Raises NoSalesError.
    """
    progress(0, 4, gettext_noop("reading sales"))
    history = demand_history(as_of, horizon=PLANNED_DAYS)
    if history is None:
        raise NoSalesError(sentence(NO_SALES))
    progress(1, 4, gettext_noop("training and backtest"))
    run = _train(history, as_of, seed=seed, progress=progress)
    progress(3, 4, gettext_noop("forecasting"))
    served = _serving()
    on, basis = last_full_day(as_of), find_basis(history)
    rows = _forecast_rows(history, served, basis, on)
    progress.still_mine()
    write_forecasts(rows)
    write_totals(rows, served.run, on, seed=seed)
    write_warehouse_forecasts(rows, as_of, on)
    write_elasticities(history, basis, on)
    progress(4, 4, gettext_noop("written"))
    refused = sum(row.is_refused for row in rows)
    return {
        "skus": len(rows) - refused,
        "too_short": refused,
        "method": served.method,
        "run": run.pk if run else None,
        "run_state": run.state if run else None,
    }


def write_forecasts(rows: list[DemandForecast]) -> None:
    """Replace the rows of the same SKU and day; forget what is older than KEEP_DAYS."""
    fields = [
        field.name
        for field in DemandForecast._meta.concrete_fields
        if field.name not in ("id", "variant", "as_of", "created_at")
    ]
    for start in range(0, len(rows), CHUNK_ROWS):
        DemandForecast.objects.bulk_create(
            rows[start : start + CHUNK_ROWS],
            update_conflicts=True,
            unique_fields=["variant", "as_of"],
            update_fields=fields,
        )
    if rows:
        oldest = max(row.as_of for row in rows) - timedelta(days=KEEP_DAYS)
        DemandForecast.objects.filter(as_of__lt=oldest).delete()


def night_params() -> DemandParams:
    from inventory.ml.gbm import DemandParams

    return DemandParams(sample_rows=60_000, countries=tuple(settings.SHOP_COUNTRIES))


def _train(
    history: DemandHistory, as_of: datetime, *, seed: int, progress: Progress
) -> ModelRun | None:
    """The run of this data, new or known; None while the history is too short for a backtest."""
    from inventory.ml import backtest

    params, panel = night_params(), history.panel
    if panel.units.shape[1] < backtest.periods_needed("D", HORIZON_DAYS):
        return None
    digest = data_hash(
        panel.skus, panel.periods, panel.units, panel.price, panel.promotion, panel.depth,
        params.as_json(), seed,
    )  # fmt: skip
    known = existing_run(TASK, digest)
    if known:
        return known
    started = time.perf_counter()
    try:
        card = backtest.backtest(
            panel, HORIZON_DAYS, params, seed=seed, report=lambda *state: progress(1, 4, state[2])
        )
    except backtest.TooShortError:
        return None
    progress(2, 4, gettext_noop("training on the whole history"))
    model = backtest.fit_final(panel, HORIZON_DAYS, params, seed=seed, card=card)
    progress.still_mine()
    return publish_run(_trained(history, as_of, card, (model, params, seed), (digest, started)))


def _trained(
    history: DemandHistory, as_of: datetime, card: Scorecard, fitted: tuple, stamp: tuple
) -> Trained:
    model, params, seed = fitted
    digest, started = stamp
    days = history.panel.periods
    return Trained(
        task=TASK,
        model=card.chosen,
        params=params.as_json(),
        seed=seed,
        data_from=_midnight(days[0].astype(date)),
        data_until=as_of,
        row_count=history.row_count,
        data_hash=digest,
        metrics=card.models,
        metric=METRIC,
        higher_is_better=False,
        value=card.models[card.chosen][METRIC],
        baseline=card.baseline,
        baseline_value=card.models[card.baseline][METRIC],
        artefact=_written(model) if model else ("", "", 0),
        duration_seconds=time.perf_counter() - started,
        extra={"scorecard": {k: v for k, v in asdict(card).items() if k not in OWN_PLACE}},
    )


def _written(model: DemandModel) -> tuple[str, str, int]:
    text = json.dumps(model.as_json())
    return write_artefact(TASK, ".json", lambda path: path.write_text(text))


def _serving() -> Served:
    from inventory.ml.gbm import DemandModel

    run = live_run(TASK)
    if run is None:
        return Served(BASELINE, None, None)
    if not run.artefact:  # a simple method needs no file
        return Served(run.model, run, None)
    data = json.loads(artefact_path(run).read_text())
    return Served(run.model, run, DemandModel.from_json(data))


def day_correlation(run: ModelRun | None) -> float:
    """How much one SKU's daily errors move together, measured by the run's backtest; 0 unknown."""
    card = run.params.get("scorecard", {}) if run else {}
    return float(card.get("day_correlation", 0.0))


def _forecast_rows(
    history: DemandHistory, served: Served, basis: Basis, on: date
) -> list[DemandForecast]:
    import numpy as np

    from inventory.ml.gbm import SHORTEST
    from inventory.ml.made_of import plain_parts
    from inventory.ml.panel import history_lengths

    known = history_lengths(history.panel.units)
    enough = np.flatnonzero(known >= SHORTEST["D"])
    found: dict[int, dict] = {}
    if len(enough):
        forecast, parts, rests = _made(history, served, basis, enough)
        made = {"model_run": served.run, "method": served.method}
        found = _fields(history, basis, (enough, forecast, parts, rests), made)
        new = np.flatnonzero((known > 0) & (known < SHORTEST["D"]))
        likened = liken(history, basis, (enough, forecast), new)
        if likened is not None:
            parts = plain_parts(likened[0].mean, history.panel.season, None)
            found |= _fields(
                history, basis, (new, likened[0], parts, likened[1]), {"method": BORROWED}
            )
    rows = []
    for row, variant_id in enumerate(history.variant_ids):
        facts = {
            "variant_id": variant_id,
            "as_of": on,
            "history_days": int(known[row]),
            "stockout_days": int(history.stockout_days[row]),
            "bulk_units": float(history.bulk_units[row]),
            "corrected_units": round(float(basis.corrected_units[row]), 3),
        }
        missing = {"days_missing": SHORTEST["D"] - int(known[row])}
        rows.append(DemandForecast(**facts, **found.get(row, missing)))
    return rows


def _made(
    history: DemandHistory, served: Served, basis: Basis, enough: np.ndarray
) -> tuple[Forecast, dict[str, np.ndarray], list[dict]]:
    """Forecast, its parts, and what else the rows keep, of the SKUs with a history of their own."""
    from inventory.ml.backtest import make_with
    from inventory.ml.made_of import parts_of

    panel, plans = history.panel.rows(enough), history.planned.rows(enough).until(HORIZON_DAYS)
    made = make_with(served.method, served.model, panel, HORIZON_DAYS, plans=plans)
    parts, by_trees = parts_of(served.method, served.model, made, panel, plans=plans)
    rests = rests_on(history, basis, enough)
    for rest, knows in zip(rests, by_trees, strict=True):
        rest["sees_price"] = bool(knows)
    return made.forecast, parts, rests


def _fields(
    history: DemandHistory,
    basis: Basis,
    numbers: tuple[np.ndarray, Forecast, dict[str, np.ndarray], list[dict]],
    made: dict,
) -> dict[int, dict]:
    """Row of the history → the fields of its forecast."""
    from inventory.ml.explain import rounded

    rows, forecast, parts, rests = numbers
    causes = explain(history, basis, parts, rows)
    return {
        int(row): _numbers(forecast, place)
        | _reasons(history, basis, int(row))
        | {
            "contributions": rounded(
                forecast.mean[place], {name: part[place] for name, part in causes.items()}
            )
        }
        | {"basis": rests[place], "horizon_days": HORIZON_DAYS, **made}
        for place, row in enumerate(rows)
    }


def _reasons(history: DemandHistory, basis: Basis, row: int) -> dict:
    import numpy as np

    from inventory.ml.classes import NAMES

    price = given(history.panel.price)[row, -1]
    return {
        "demand_class": NAMES[basis.classes[row]],
        "planned_promotion": given(history.planned.promotion)[row, :HORIZON_DAYS].round(3).tolist(),
        "price_minor": int(price) if np.isfinite(price) else None,
    }


def _numbers(forecast: Forecast, place: int) -> dict:
    """Three decimals of a unit a day are finer than any error of the forecast."""
    from inventory.ml.metrics import LEVELS

    quantiles = forecast.quantiles[place].round(3)
    return {
        "mean_units": forecast.mean[place].round(3).tolist(),
        "quantile_units": {
            f"{level:.1f}": quantiles[:, number].tolist() for number, level in enumerate(LEVELS)
        },
    }


def _midnight(day: date) -> datetime:
    from django.utils import timezone

    return timezone.make_aware(datetime.combine(day, datetime.min.time()))
