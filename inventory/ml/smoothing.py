"""Exponential smoothing of all series at once: parameters from a grid, the model by AICc.

A grid instead of a search per series: every step is one array operation over series × candidates,
the answer is the same on every machine, and 800 series take a second or two.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np

from .seasonality import centred_mean, find_seasons

CELLS = 2_000_000  # series × candidates × season held at once
# How much worse than the best a model may be and still have a say: exp(-10 / 2) is below 1 %.
ALPHAS = (0.02, 0.06, 0.12, 0.2, 0.32, 0.48, 0.7, 0.95)
BETAS = (0.02, 0.1, 0.3)  # share of alpha
GAMMAS = (0.0, 0.05, 0.15, 0.35)  # share of 1 - alpha


@dataclass(frozen=True)
class Form:
    """error, season: "A" additive, "M" multiplicative, "N" none; trend: "N", "A" or "D" (damped)."""

    error: str
    trend: str
    season: str

    @property
    def parameters(self) -> int:
        return 2 + 2 * (self.trend != "N") + (self.trend == "D") + (self.season != "N")


FORMS = {
    "M": ("ANN", "MNN", "AAN", "ADN", "MDN", "ANA", "ADA", "MNM", "MAM", "MDM", "MNA"),
    "W": ("ANN", "ADN", "ANA", "MNM"),
    "D": ("ANN", "ADN", "ANA", "MNM"),
}


def auto_ets(units: np.ndarray, horizon: int, season: int, forms: tuple[str, ...]) -> np.ndarray:
    """(n, H) forecasts of the form with the lowest AICc of each series, never below 0.

    units (n, T), NaN = masked: a masked period moves no state. Multiplicative forms are left out
    for series with a value of 0.
    Source: Hyndman, Koehler, Ord & Snyder, Forecasting with Exponential Smoothing, 2008.
    """
    best = np.full(len(units), np.inf)
    chosen = np.full((len(units), horizon), np.nan)
    positive = ~(units <= 0).any(axis=1)
    long_enough = np.isfinite(units).sum(axis=1) >= 2 * season + 2
    for name in forms:
        form = Form(*name)
        use = np.ones(len(units), dtype=bool)
        if "M" in (form.error, form.season):
            use &= positive
        if form.season != "N":
            use &= long_enough
        rows = np.flatnonzero(use)
        for part in _blocks(rows, form, season):
            forecast, score = fit_form(units[part], horizon, season, form)
            better = score < best[part]
            best[part[better]] = score[better]
            chosen[part[better]] = forecast[better]
    return np.maximum(chosen, 0.0)


def fit_form(
    units: np.ndarray, horizon: int, season: int, form: Form
) -> tuple[np.ndarray, np.ndarray]:
    """(forecasts (n, H), AICc (n,)) of one form: a coarse grid, then a fine one around its best."""
    start = _starts(units, season, form)
    grid = np.array(_grid(form))
    candidates = np.broadcast_to(grid, (len(units), *grid.shape))
    likelihood, _ = _run(units, form, start, candidates)
    rows = np.arange(len(units))
    near = _around(candidates[rows, likelihood.argmin(axis=1)], form)
    likelihood, states = _run(units, form, start, near)
    place = likelihood.argmin(axis=1)
    states = tuple(part[rows, place] for part in states)
    forecast = _ahead(states, near[rows, place, 3], horizon, units.shape[1], form)
    count = np.isfinite(units).sum(axis=1)
    used = form.parameters + 1 + (season - 1) * (form.season != "N")
    spare = count - used - 1
    score = likelihood[rows, place] + 2 * used + 2 * used * (used + 1) / np.maximum(spare, 1)
    return forecast, np.where(spare >= 1, score, np.inf)


def _grid(form: Form) -> list[tuple[float, float, float, float]]:
    """(alpha, beta, gamma, phi) candidates."""
    betas = BETAS if form.trend != "N" else (0.0,)
    gammas = GAMMAS if form.season != "N" else (0.0,)
    phis = (0.85, 0.95) if form.trend == "D" else (1.0,)
    alphas = ALPHAS if form.trend == "N" or form.season == "N" else ALPHAS[1::2]
    return [
        (alpha, alpha * beta, (1 - alpha) * gamma, phi)
        for alpha, beta, gamma, phi in product(alphas, betas, gammas, phis)
    ]


def _around(best: np.ndarray, form: Form) -> np.ndarray:
    """(n, candidates, 4) near each series' best; the best itself is among them."""
    steps = [(a, b, g, p) for a in (0.75, 1.0, 1.3) for b in (0.5, 1.0, 1.7)
             for g in (0.5, 1.0, 1.7) for p in (0.0, 0.04)]  # fmt: skip
    used = [
        step
        for step in steps
        if (form.trend != "N" or step[1] == 1)
        and (form.season != "N" or step[2] == 1)
        and (form.trend == "D" or step[3] == 0)
    ]
    moves = np.array(used)
    found = best[:, None, :] * np.column_stack([moves[:, :3], np.ones(len(moves))])
    found[:, :, 0] = np.clip(found[:, :, 0], 0.005, 0.99)
    found[:, :, 1] = np.minimum(found[:, :, 1], found[:, :, 0])
    found[:, :, 2] = np.minimum(found[:, :, 2], 1 - found[:, :, 0])
    found[:, :, 3] = np.minimum(found[:, :, 3] + moves[:, 3], 0.98 if form.trend == "D" else 1.0)
    return found


def _starts(
    units: np.ndarray, season: int, form: Form
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Level, trend and season (n, m) before the first period: a line through the first periods."""
    count = len(units)
    seasons = np.zeros((count, season)) if form.season == "A" else np.ones((count, season))
    adjusted = units
    if form.season == "M":
        seasons = find_seasons(units, season).factor
        adjusted = units / seasons[:, np.arange(units.shape[1]) % season]
    elif form.season == "A":
        seasons = _additive(units, season)
        adjusted = units - seasons[:, np.arange(units.shape[1]) % season]
    order = np.cumsum(np.isfinite(adjusted), axis=1)
    first = np.isfinite(adjusted) & (order <= max(10, 2 * season))
    weight = first.astype(float)
    at = np.broadcast_to(np.arange(units.shape[1], dtype=float), units.shape)
    total = np.maximum(weight.sum(axis=1), 1)
    values = np.where(first, adjusted, 0.0)
    mean_at, mean = (at * weight).sum(axis=1) / total, values.sum(axis=1) / total
    away = (at - mean_at[:, None]) * weight
    slope = (away * values).sum(axis=1) / np.maximum((away**2).sum(axis=1), 1e-9)
    if form.trend == "N":
        return mean, np.zeros(count), seasons
    begun = np.argmax(np.isfinite(units), axis=1)
    return mean + slope * (begun - 1 - mean_at), slope, seasons


def _additive(units: np.ndarray, season: int) -> np.ndarray:
    away = units - centred_mean(units, season)
    place = np.arange(units.shape[1]) % season
    known = np.isfinite(away)
    values = np.where(known, away, 0.0)
    found = np.column_stack(
        [
            values[:, place == number].sum(axis=1)
            / np.maximum(known[:, place == number].sum(axis=1), 1)
            for number in range(season)
        ]
    )
    return found - found.mean(axis=1, keepdims=True)


def _run(units: np.ndarray, form: Form, start: tuple, candidates: np.ndarray) -> tuple:
    """(likelihood (n, p), states): −2 log-likelihood up to a constant; states after the last period.

    The recursions are the same for both kinds of error; only the likelihood differs.
    """
    count, tried = candidates.shape[:2]
    alpha, beta, gamma, phi = (candidates[:, :, k] for k in range(4))
    level = np.repeat(start[0][:, None], tried, axis=1)
    trend = np.repeat(start[1][:, None], tried, axis=1)
    seasons = np.repeat(start[2][:, None, :], tried, axis=1) if form.season != "N" else None
    width = start[2].shape[1]
    squares, logs = np.zeros((count, tried)), np.zeros((count, tried))
    known_at = np.isfinite(units)
    begun = np.logical_or.accumulate(known_at, axis=1)
    tiny = 1e-9
    for t in range(units.shape[1]):
        if not begun[:, t].any():
            continue
        known = known_at[:, t, None]
        base = level + phi * trend if form.trend != "N" else level
        now = seasons[:, :, t % width] if seasons is not None else 0.0
        expected = base * now if form.season == "M" else base + now
        error = np.where(known, units[:, t, None] - expected, 0.0)
        if form.error == "M":
            size = np.maximum(np.abs(expected), tiny)
            squares += (error / size) ** 2
            logs += np.where(known, np.log(size), 0.0)
        else:
            squares += error**2
        step = error / np.maximum(now, tiny) if form.season == "M" else error
        moved = base + alpha * step
        level = np.where(begun[:, t, None], moved, level)
        if form.trend != "N":
            trend = np.where(begun[:, t, None], phi * trend + beta * step, trend)
        if seasons is not None:
            by = error / np.maximum(np.abs(base), tiny) if form.season == "M" else error
            seasons[:, :, t % width] = now + gamma * by
    seen = known_at.sum(axis=1)[:, None]
    likelihood = seen * np.log(squares / np.maximum(seen, 1) + 1e-12) + 2 * logs
    states = (level, trend) if seasons is None else (level, trend, seasons)
    return np.where(np.isfinite(likelihood), likelihood, np.inf), states


def _ahead(states: tuple, phi: np.ndarray, horizon: int, length: int, form: Form) -> np.ndarray:
    level, trend = states[0], states[1]
    steps = np.cumsum(phi[:, None] ** np.arange(1, horizon + 1), axis=1)
    found = level[:, None] + steps * trend[:, None]
    if form.season == "N":
        return found
    place = (length + np.arange(horizon)) % states[2].shape[1]
    season = states[2][:, place]
    return found * season if form.season == "M" else found + season


def _blocks(rows: np.ndarray, form: Form, season: int) -> list[np.ndarray]:
    width = len(_grid(form)) * (season if form.season != "N" else 1)
    count = max(1, -(-len(rows) * width // CELLS))
    return [part for part in np.array_split(rows, count) if len(part)]
