"""What an experiment's page and file show: verdict first, then curves, then what was counted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy

from access.figures import percent, points, with_sign
from decisions.models import Experiment, Look
from decisions.services import looks
from recommendations.services.trial_attributed import TooManyExposuresError
from recommendations.services.trial_planning import Plan, plan_experiment
from recommendations.services.trial_results import trial_results
from recommendations.services.trial_snapshots import subject_of
from recommendations.services.trial_stock import Stock
from recommendations.trial_charts import Day, effect_curve
from recommendations.trial_words import MONEY
from shop.money import format_money

GUARDRAILS = {
    "harmed": (gettext_lazy("More people unsubscribed than are borne."), "bk-bad"),
    "unharmed": (gettext_lazy("No more people unsubscribed than are borne."), "bk-good"),
    "cannot tell": (gettext_lazy("Whether more people unsubscribed than are borne cannot be told yet."), ""),
}  # fmt: skip


@dataclass(frozen=True)
class Curve:
    arm: str
    picture: SafeString
    has_moved: bool


def experiment_page(experiment: Experiment) -> dict[str, Any]:
    """Results and curves of what has begun. `too_large` where an attributed metric cannot be read."""
    try:
        results = trial_results(experiment)
    except TooManyExposuresError:
        return {"too_large": True}
    written = signed_money if experiment.metric in MONEY else signed_points
    return {
        "results": results,
        "is_money": experiment.metric in MONEY,
        "winsor_limit": format_money(round(limit)) if (limit := results.winsor_limit) else "",
        "rows": [arm_row(experiment, arm) for arm in results.arms],
        "guardrails": [
            {
                "arm": one.arm,
                "text": GUARDRAILS[one.guardrail][0],
                "css": GUARDRAILS[one.guardrail][1],
            }
            for one in results.against
            if one.reading is not None
        ],
        "beliefs": [belief_row(one, written) for one in results.against if one.reading],
        "curves": curves(experiment, written),
        "ran_out": ran_out_rows(experiment, results.stock),
    }


def plan_of(experiment: Experiment | None) -> Plan:
    if experiment is None:
        return plan_experiment()
    return plan_experiment(
        arms=max(2, len(experiment.arms)), traffic_rate=experiment.traffic_rate or 1.0
    )


def plan_rows(plan: Plan) -> list[dict[str, Any]]:
    return [
        {
            "weeks": week.weeks,
            "people": week.people,
            "once": format_money(round(week.once)),
            "always": format_money(round(week.always)),
            "relative": percent(week.once / plan.mean) if plan.mean > 0 else "–",
        }
        for week in plan.weeks
    ]


def arm_row(experiment: Experiment, arm: Any) -> dict[str, Any]:
    money = experiment.metric in MONEY
    mean = "–"
    if arm.mean is not None:
        mean = format_money(round(arm.mean)) if money else percent(arm.mean, 2)
    return {
        "name": arm.name,
        "share": percent(arm.share),
        "persons": arm.persons,
        "hits": arm.hits,
        "rate": percent(arm.hits / arm.persons, 2) if arm.persons else "–",
        "mean": mean,
        "unsubscribed": arm.unsubscribed,
    }


def ran_out_rows(experiment: Experiment, stock: Stock | None) -> list[dict[str, Any]]:
    """One per SKU that is named; the units in the order of the arms."""
    return [
        {
            "sku": one.sku,
            "at": one.at,
            "units": [one.units.get(arm["name"], 0) for arm in experiment.arms],
            "left_out": one.left_out_units,
        }
        for one in (stock.named if stock else [])
    ]


def belief_row(against: Any, written: Any) -> dict[str, str] | None:
    held = against.reading.belief
    if held is None:
        return None
    return {
        "arm": against.arm,
        "better": percent(held.better, 1),
        "low": written(held.low),
        "high": written(held.high),
        "loss": written(held.loss).lstrip("+"),
    }


def curves(experiment: Experiment, written: Any) -> list[Curve]:
    rows = looks.curve(subject_of(experiment), experiment.metric)
    found = []
    for given in experiment.arms[1:]:
        mine = [row for row in rows if row.arm == given["name"]]
        days = [Day(row.looked_on, row.difference, row.low, row.high) for row in mine]
        if picture := effect_curve(days, given["name"], written):
            found.append(Curve(given["name"], picture, any(row.has_moved for row in mine)))
    return found


def file_rows(experiment: Experiment) -> Iterator[list[Any]]:
    """Every look there is, plain numbers, money in minor units."""
    yield [
        "day", "metric", "arm", "people", "mean", "standard_deviation", "difference",
        "low_always_valid", "high_always_valid", "effect_moved",
    ]  # fmt: skip
    for row in looks.curve(subject_of(experiment), experiment.metric):
        yield [
            row.looked_on.isoformat(), row.metric, row.arm, row.units, f"{row.y:.6g}",
            f"{_deviation(row):.6g}", *(_plain(v) for v in (row.difference, row.low, row.high)),
            int(row.has_moved),
        ]  # fmt: skip


def signed_money(value: float) -> str:
    return with_sign(value, lambda size: format_money(round(size)))


def signed_points(value: float) -> str:
    return points(value, 2, signed=True)


def _deviation(row: Look) -> float:
    return (row.y2 / (row.units - 1)) ** 0.5 if row.units > 1 else 0.0


def _plain(value: float | None) -> str:
    return "" if value is None else f"{value:.6g}"
