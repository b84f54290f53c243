"""Maximum likelihood for models with a few positive parameters, with intervals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any, Protocol

import numpy as np
from scipy.optimize import approx_fprime, minimize

from .order_days import Histories

Z95 = 1.959963984540054
LOWEST, HIGHEST = np.log(1e-6), np.log(1e7)
STEP = 1e-4


class NoFitError(ValueError):
    """The likelihood has no usable maximum on this data; the message says what is missing."""


class Model(Protocol):
    names: tuple[str, ...]

    @property
    def values(self) -> tuple[float, ...]: ...
    def log_likelihoods(self, seen: Histories) -> np.ndarray: ...
    def alive(self, seen: Histories) -> np.ndarray: ...
    def expected_orders(self, seen: Histories, horizon: float) -> np.ndarray: ...


@dataclass(frozen=True)
class Fitted:
    """model; its log-likelihood; covariance of the ln of its parameters, NaN where it is flat."""

    model: Any
    log_likelihood: float
    covariance: np.ndarray

    def intervals(self) -> dict[str, tuple[float, float]]:
        """95 % interval per parameter, Wald on the log scale; NaN where the data say nothing."""
        errors = np.sqrt(np.diag(self.covariance))
        logs = np.log(self.model.values)
        low, high = np.exp(logs - Z95 * errors), np.exp(logs + Z95 * errors)
        return dict(
            zip(self.model.names, zip(low.tolist(), high.tolist(), strict=True), strict=True)
        )


def maximise(build: Callable[[np.ndarray], Any], start: np.ndarray, seen: Histories) -> Fitted:
    """Search over the ln of the parameters, from `start` (positive), customers alike counted once.

    Raises NoFitError without a single repeat or when the search ends nowhere.
    """
    if seen.size == 0 or not (seen.repeats > 0).any():
        raise NoFitError("No customer ordered twice; nothing can be said about coming back.")
    rows, weights = distinct(seen)
    total = weights.sum()

    def loss(logs: np.ndarray) -> float:
        with np.errstate(over="ignore", invalid="ignore"):
            value = -float(weights @ build(np.exp(logs)).log_likelihoods(rows)) / total
        return value if np.isfinite(value) else 1e10

    bounds = [(LOWEST, HIGHEST)] * start.size
    found = minimize(loss, np.log(start), method="L-BFGS-B", bounds=bounds)
    # The ridge between a and b is flat: a second search from there with exact-enough slopes.
    found = minimize(
        loss, found.x, method="L-BFGS-B", jac="3-point", bounds=bounds,
        options={"ftol": 1e-12, "gtol": 1e-7, "maxiter": 100},
    )  # fmt: skip
    if not np.isfinite(found.fun) or found.fun >= 1e10:
        raise NoFitError("The likelihood has no maximum on this data.")
    return Fitted(
        build(np.exp(found.x)), -float(found.fun) * total, _covariance(loss, found.x, total)
    )


def _covariance(loss: Callable[[np.ndarray], float], at: np.ndarray, total: float) -> np.ndarray:
    """Inverse of the observed information; NaN for parameters that it does not determine."""

    def slope(logs: np.ndarray) -> np.ndarray:
        up, down = np.eye(at.size) * STEP, np.eye(at.size) * -STEP
        return np.array(
            [(loss(logs + u) - loss(logs + d)) / (2 * STEP) for u, d in zip(up, down, strict=True)]
        )

    information = total * approx_fprime(at, slope, 1e-3)
    information = (information + information.T) / 2
    values, vectors = np.linalg.eigh(information)
    if values.min() <= 1e-9:
        return np.full_like(information, np.nan)
    return (vectors / values) @ vectors.T


def log_total(logs: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """ln Σ w exp of each row, shape (n,). logs: (n, m), each row with a finite entry; weights: (m,).

    What scipy's logsumexp does, without its care for signs and other arrays: half of a fit was that.
    """
    highest = logs.max(axis=1)
    parts = np.exp(logs - highest[:, None])
    return highest + np.log(parts.sum(axis=1) if weights is None else parts @ weights)


def distinct(seen: Histories) -> tuple[Histories, np.ndarray]:
    """Customers alike once, and how many of each there are."""
    columns = np.column_stack([seen.repeats, seen.last, seen.age, seen.log_gaps])
    unique, counts = np.unique(columns, axis=0, return_counts=True)
    named = dict(zip(("repeats", "last", "age", "log_gaps"), unique.T, strict=True))
    return replace(seen, **named, spend=np.full(len(unique), np.nan)), counts.astype(float)


def rows_of(seen: Histories, keep: np.ndarray) -> Histories:
    """Some customers: a boolean mask or indices, in that order."""
    arrays = {f.name: getattr(seen, f.name)[keep] for f in fields(seen) if f.name != "unit_days"}
    return replace(seen, **arrays)
