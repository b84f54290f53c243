"""A whole experiment from one row per customer: every variant against the control, both metrics."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from .assignment_table import Assignments
from .comparison import CANNOT_TELL, LOSE, MIN_UNITS, WIN, compare_proportions, sample_ratio_p
from .effects import Effect, adjusted_effect, mean_effect, ratio_effect, winsor_limit
from .moments import Moments
from .sequential import PLANNED_UNITS, Interval, ratio_p_always_valid
from .verdicts import Reading, corrected_level, is_early, read

# Below this the draw itself is broken, and no figure of the arms means anything.
BROKEN_RATIO = 0.001
DO_NOT_TRUST = "do not trust"
POINTS = 100.0
# The control has no lift over itself; that is no lift of 0.
NO_LIFT = {"lift": None, "low": None, "high": None}


@dataclass(frozen=True)
class EvaluationParams:
    """control: name of the control. metric: what the verdict is about. shares: of each variant;
    empty: equal. planned: customers at which the always-valid interval is tightest."""

    control: str
    metric: str = "conversion"
    shares: Mapping[str, float] | None = None
    level: float = 0.95
    planned: int = PLANNED_UNITS


def evaluate(data: Assignments, params: EvaluationParams) -> dict[str, Any]:
    """The scorecard: `models` per variant, the sizes' test, the verdict in words.

    Raises ValueError under MIN_UNITS customers in a variant.
    """
    sizes = {name: int((data.variant == n).sum()) for n, name in enumerate(data.variants)}
    fewest = min(sizes, key=lambda name: sizes[name])
    if sizes[fewest] < MIN_UNITS:
        raise ValueError(
            f"The variant {fewest} has {sizes[fewest]} customers; at least {MIN_UNITS} are needed."
        )
    shares = params.shares or {name: 1 / len(sizes) for name in sizes}
    counts, expected = list(sizes.values()), [shares[name] for name in sizes]
    arms = _arms(data)
    level = corrected_level(params.level, len(sizes) - 1)
    models = {
        name: _variant(name, arms, params, level) | {"n": sizes[name]} for name in data.variants
    }
    ratio = sample_ratio_p(counts, expected)
    return {
        "models": models,
        "sample_ratio_p": ratio,
        "sample_ratio_p_always_valid": ratio_p_always_valid(counts, expected),
        "expected_shares": dict(zip(sizes, expected, strict=True)),
        **_verdict(models, params, ratio),
    }


@dataclass(frozen=True)
class _Arm:
    hits: int
    conversion: Moments
    revenue: Moments
    capped: Moments
    per_buyer: Moments


def _arms(data: Assignments) -> dict[str, _Arm]:
    pre = _filled(data.pre)
    limit = winsor_limit(data.revenue)
    capped = data.revenue if limit is None else np.minimum(data.revenue, limit)
    found = {}
    for number, name in enumerate(data.variants):
        mine = data.variant == number
        before = None if pre is None else pre[mine]
        found[name] = _Arm(
            int(data.converted[mine].sum()),
            Moments.of(data.converted[mine], before),
            Moments.of(data.revenue[mine], before),
            Moments.of(capped[mine], before),
            Moments.of(data.revenue[mine], data.converted[mine]),
        )
    return found


def _filled(pre: np.ndarray | None) -> np.ndarray | None:
    """Unknown befores become the mean of all: known before the draw, so they favour no arm."""
    if pre is None or np.isnan(pre).all():
        return None
    return np.where(np.isnan(pre), np.nanmean(pre), pre)


def _variant(
    name: str, arms: Mapping[str, _Arm], params: EvaluationParams, level: float
) -> dict[str, Any]:
    arm, control = arms[name], arms[params.control]
    if name == params.control:
        return {
            "is_control": True,
            "conversion": {"mean": arm.conversion.y} | NO_LIFT,
            "revenue": {"mean": arm.revenue.y} | NO_LIFT,
        }
    hits = (arm.hits, arm.conversion.n), (control.hits, control.conversion.n)
    classic = {wanted: _newcombe(*hits, wanted) for wanted in (params.level, level)}
    share = mean_effect(arm.conversion, control.conversion)
    conversion = _figures(share, params, level, classic)
    conversion |= {
        f"{key}_points": POINTS * conversion[key] for key in ("lift", "low", "high")
    }  # fmt: skip
    revenue = _figures(mean_effect(arm.revenue, control.revenue), params, level)
    revenue["winsorised"] = _short(mean_effect(arm.capped, control.capped), params, level)
    if control.per_buyer.x > 0 and arm.per_buyer.x > 0:
        ratio = ratio_effect(arm.per_buyer, control.per_buyer)
        revenue["per_converted_customer"] = _short(ratio, params, level)
    if arm.revenue.x2 + control.revenue.x2 > 0:
        for figures, treated, held in (
            (conversion, arm.conversion, control.conversion),
            (revenue, arm.revenue, control.revenue),
        ):
            effect, saved = adjusted_effect(treated, held)
            figures["adjusted"] = _short(effect, params, level) | {"variance_saved": saved}
    return {"is_control": False, "conversion": conversion, "revenue": revenue}


def _newcombe(treated: tuple[int, int], control: tuple[int, int], level: float) -> Interval:
    found = compare_proportions(treated, control, level=level)
    return Interval(found.low, found.high)


def _figures(
    effect: Effect,
    params: EvaluationParams,
    level: float,
    classic: Mapping[float, Interval] | None = None,
) -> dict[str, Any]:
    """All that is said of one metric. `low`, `high`: classic and uncorrected, for this variant
    alone; the verdicts use the level that is corrected for several variants."""
    classic = classic or {}
    alone = read(effect, level=params.level, once=classic.get(params.level))
    found = read(effect, level=level, planned=params.planned, once=classic.get(level))
    return {
        "mean": effect.treated,
        "lift": effect.difference,
        **_edges("low", "high", alone.once),
        **_edges("low_always_valid", "high_always_valid", found.always),
        **_edges("low_corrected", "high_corrected", found.once),
        "relative_lift": effect.difference / effect.control if effect.control else None,
        "standard_error": effect.error,
        "verdict": found.verdict,
        "verdict_one_look": found.verdict_once,
        "smallest_detectable_effect": found.smallest,
        "smallest_detectable_effect_always_valid": found.smallest_always,
        "bayes": _bayes(found),
    }


def _short(effect: Effect, params: EvaluationParams, level: float) -> dict[str, Any]:
    found = _figures(effect, params, level)
    names = ("mean", "lift", "low", "high", "low_always_valid", "high_always_valid", "verdict")
    return {name: found[name] for name in names}


def _edges(low: str, high: str, interval: Interval | None) -> dict[str, float | None]:
    return {low: interval.low if interval else None, high: interval.high if interval else None}


def _bayes(found: Reading) -> dict[str, float] | None:
    held = found.belief
    if held is None:
        return None
    return {
        "probability_better": held.better,
        "mean": held.mean,
        "low": held.low,
        "high": held.high,
        "expected_loss": held.loss,
        "prior_standard_deviation": held.prior,
    }


def _verdict(models: Mapping[str, Any], params: EvaluationParams, ratio: float) -> dict[str, Any]:
    others = {name: one for name, one in models.items() if not one["is_control"]}
    metric = params.metric
    said = {name: one[metric]["verdict"] for name, one in others.items()}
    for name, one in others.items():
        one["verdict"] = said[name]
    smallest = max(one[metric]["smallest_detectable_effect"] for one in others.values())
    always = max(one[metric]["smallest_detectable_effect_always_valid"] for one in others.values())
    if ratio < BROKEN_RATIO:
        word = DO_NOT_TRUST
        text = [
            f"Do not trust the figures: the variants' sizes do not fit their shares "
            f"(p = {ratio:.2g}). If the shares were not meant to be equal, give them with --shares."
        ]
    else:
        values = said.values()
        word = WIN if WIN in values else LOSE if LOSE in values else CANNOT_TELL
        text = [_sentence(name, one[metric], params) for name, one in others.items()]
    return {
        "verdict": word,
        "verdict_text": " ".join(text),
        "verdict_metric": metric,
        "smallest_detectable_effect": smallest,
        "smallest_detectable_effect_always_valid": always,
    }


def _sentence(name: str, figures: Mapping[str, Any], params: EvaluationParams) -> str:
    share = params.metric == "conversion"
    unit, scale = (" points", POINTS) if share else ("", 1.0)
    low, high = figures["low_always_valid"], figures["high_always_valid"]
    lift = f"{scale * figures['lift']:+.2f}{unit}"
    if low is None or high is None or math.isnan(low):
        return f"{name}: cannot tell yet, too few customers or no spread for a verdict."
    interval = f"always-valid interval {scale * low:+.2f} to {scale * high:+.2f}"
    if figures["verdict"] == CANNOT_TELL:
        smallest = scale * figures["smallest_detectable_effect_always_valid"]
        return (
            f"{name}: cannot tell from {params.control} ({lift}, {interval}); so many customers "
            f"would show ±{smallest:.2f}{unit}."
        )
    verb = "better" if figures["verdict"] == WIN else "worse"
    return f"{name}: {verb} than {params.control} by {lift} per customer ({interval})."


__all__ = ["BROKEN_RATIO", "DO_NOT_TRUST", "EvaluationParams", "evaluate", "is_early"]
