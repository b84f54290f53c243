"""A cohort table as rows of plain values, with what is foreseen of each cohort, or why not."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_noop

from decisions.models import Snapshot
from decisions.text import sentence
from marketing.services.customers.customer_value import live_value

if TYPE_CHECKING:
    import numpy as np

    from marketing.ml.cohort_backtest import Verdict
    from marketing.ml.cohort_forecast import Foreseen
    from marketing.ml.cohorts import CohortTable
    from marketing.ml.order_days import OrderDays

SEED = 42
NO_MODEL = gettext_noop("No value model is live, so nothing is foreseen.")
NOT_JUDGED = gettext_noop("No past forecast was compared with what came yet; the night does it.")
NOT_BETTER = gettext_noop(
    "In the past, older cohorts at the same age foretold this better than the model did."
)
NO_SPEND = gettext_noop("Too few customers with two paid orders to learn what an order is worth.")
MEASURES = ("retention", "revenue", "margin")
DONE, RUNNING, AHEAD = "done", "running", "foreseen"


@dataclass
class Ahead:
    """figures: measure → Foreseen of (cohorts, coming periods), cumulated money counted from now;
    refusals: measure → why there is none. run: key of the model's run."""

    figures: dict[str, Foreseen] = field(default_factory=dict)
    refusals: dict[str, dict[str, Any]] = field(default_factory=dict)
    verdict: Verdict | None = None
    run: int | None = None
    now: int = 0
    median_paid: float | None = None


def judged_subject(unit: str) -> str:
    return f"cohort_backtest:{unit}"


def verdict_of(unit: str) -> tuple[Verdict | None, dict[str, Any] | None]:
    """What the last night found of the forward figures: (verdict, None) or (None, why not)."""
    from marketing.ml.cohort_backtest import from_json

    kept = Snapshot.objects.filter(pk=judged_subject(unit)).first()
    if kept is None:
        return None, sentence(NOT_JUDGED)
    if "missing" in kept.payload:
        return None, kept.payload["missing"]
    return from_json(kept.payload), None


def foreseen_of(
    table: CohortTable,
    whole: tuple[OrderDays, np.ndarray],
    keep: np.ndarray,
    *,
    today: int,
    end_day: int,
) -> Ahead:
    """whole: order days and margins of everybody that was read; keep: whose cohorts these are."""
    import numpy as np

    from marketing.ml import cohort_forecast as ml
    from marketing.ml.cohorts import LEAST_CUSTOMERS, first_days, margin_rates, period_of, start_day

    days, margin = whole
    ahead = Ahead(now=int(period_of(np.array([today]), table.unit)[0]))
    ahead.median_paid = ml.median_paid(days)
    ahead.verdict, why = verdict_of(table.unit)
    live = live_value()
    if live is None or ahead.verdict is None or not table.cohort.size:
        return _refused(ahead, sentence(NO_MODEL) if live is None else why)
    run, model, _rate = live
    ahead.run = run.pk
    seen, model = own_spend(days, model.at(end_day))
    place = np.searchsorted(table.cohort, period_of(first_days(days), table.unit))
    inside = keep & (period_of(first_days(days), table.unit) >= table.cohort[0])
    group = np.where(inside, np.minimum(place, table.cohort.size - 1), -1)
    group[(group >= 0) & (table.customers[group] < LEAST_CUSTOMERS)] = -1
    since = int(start_day(np.array([ahead.now]), table.unit)[0])
    groups = replace(
        ml.groups_of(model, days, group, since=since, margin_rate=margin_rates(days, margin)),
        count=int(table.cohort.size),
    )
    coming = ahead.now + 1 + np.arange(ahead_of(table.unit) + 1)
    played = ml.play(model, seen, groups, start_day(coming, table.unit) - 1 - end_day, seed=SEED)
    _fill(ahead, table, played)
    return ahead


def ahead_of(unit: str) -> int:
    from marketing.ml.cohort_backtest import AHEAD as PERIODS

    return PERIODS[unit]


def own_spend(days: OrderDays, model: Any) -> tuple[Any, Any]:
    """Histories, and the model with what an order day is worth learned from these very amounts:
    the page's revenue has no delivery charges in it, and the model's has."""
    from marketing.ml.likelihood import NoFitError
    from marketing.ml.spend import fit_spend

    seen = model.seen(days)
    try:
        spend = fit_spend(seen.repeats, seen.spend)[0]
    except NoFitError:
        spend = None
    return seen, replace(model, spend=spend)


def _refused(ahead: Ahead, why: dict[str, Any] | None) -> Ahead:
    if why is not None:
        ahead.refusals = dict.fromkeys(MEASURES, why)
    return ahead


def _fill(ahead: Ahead, table: CohortTable, played: Any) -> None:
    from marketing.ml.cohort_forecast import foreseen

    assert ahead.verdict is not None
    for name, sums in zip(MEASURES, (played.active, played.spend, played.margin), strict=True):
        judged = ahead.verdict.measures.get("retention" if name == "retention" else "revenue")
        if sums is None:
            ahead.refusals[name] = sentence(NO_SPEND)
        elif judged is None:
            ahead.refusals[name] = sentence(NOT_JUDGED)
        elif not judged.is_better:
            ahead.refusals[name] = sentence(NOT_BETTER)
        else:
            ahead.figures[name] = foreseen(sums, table.customers, judged.shock)


def rows_of(table: CohortTable, ahead: Ahead) -> dict[str, Any]:
    """rows: one per cohort, newest first, each with a list of cells per measure; pooled: retention
    of all cohorts that are old enough; the forecast's run, backtest and refusals."""
    share, low, high, customers = table.pooled()
    return {
        "rows": [_row(table, ahead, place) for place in range(table.cohort.size)][::-1],
        "pooled": [
            {
                "period": k,
                "value": _number(share[k]),
                "low": _number(low[k]),
                "high": _number(high[k]),
                "customers": int(customers[k]),
            }
            for k in range(1, share.size)
            if customers[k]
        ],
        "forecast": {
            "run": ahead.run,
            "backtest": ahead.verdict.to_json() if ahead.verdict else None,
            "refusals": ahead.refusals,
        },
    }


def _row(table: CohortTable, ahead: Ahead, place: int) -> dict[str, Any]:
    from marketing.ml.cohorts import start_day

    cohort = int(table.cohort[place])
    day = date(1970, 1, 1) + timedelta(days=int(start_day(table.cohort[place], table.unit)))
    age = ahead.now - cohort
    known = table.known_cost_rate[place]
    return {
        "cohort": day.isoformat(),
        "customers": int(table.customers[place]),
        "known_cost_rate": _number(known),
        "is_growing": age == 0,
        "retention": _cells(
            (table.share[place], table.low[place], table.high[place]),
            ahead,
            "retention",
            place,
            age,
        ),
        "revenue": _money_cells(table.revenue, ahead, "revenue", place, age),
        "margin": _money_cells(table.margin, ahead, "margin", place, age),
    }


def _money_cells(money: Any, ahead: Ahead, name: str, place: int, age: int) -> list[dict[str, Any]]:
    ends = money.mean[place], money.low[place], money.high[place]
    return _cells(ends, ahead, name, place, age, base=money.mean[place])


def _cells(
    ends: tuple[Any, Any, Any], ahead: Ahead, name: str, place: int, age: int, *, base: Any = None
) -> list[dict[str, Any]]:
    """Periods over, the running one so far, and those foreseen. base: what money foreseen comes on
    top of; a cohort that is older than the table's last column has nothing ahead in it."""
    value, low, high = ends
    cells = [
        {
            "period": k, "state": DONE if k < age else RUNNING,
            "value": _number(value[k]), "low": _number(low[k]), "high": _number(high[k]),
        }
        for k in range(0 if base is not None else 1, min(age + 1, value.size))
    ]  # fmt: skip
    figure = ahead.figures.get(name)
    start = 0.0 if base is None or age >= value.size else float(base[age])
    if figure is None or age >= value.size or start != start or not figure.value[place].any():
        return cells
    for step in range(figure.value.shape[1]):
        if 0 < age + step < value.size or (base is not None and age + step == 0):
            said = {
                end: _number(start + float(getattr(figure, end)[place, step]))
                for end in ("value", "low", "high")
            }
            if base is None and said["high"] is not None:
                said["high"] = min(said["high"], 1.0)
            cells.append({"period": age + step, "state": AHEAD, **said})
    return cells


def _number(value: Any) -> float | None:
    """Six digits; None for what is not known."""
    return None if value != value else round(float(value), 6)
