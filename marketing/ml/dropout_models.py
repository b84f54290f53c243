"""BG/NBD and its kin: customers buy by the clock and may leave after any order.

One family, told apart by two settings. Gaps between orders are Erlang(k, λ), λ ~ Gamma(r, α)
(shape, rate) over customers; after an order a customer leaves with probability p ~ Beta(a, b).
`leaves_at_once`: she may leave after her very first order too (MBG), otherwise only after a
repeat (BG, so that P(alive) of one-time buyers is always 1).

k = 1: Fader, Hardie, Lee, "Counting Your Customers" the Easy Way, Marketing Science 2005 (BG/NBD);
Batislam, Denizel, Filiztekin, IJRM 2007 (MBG/NBD). k > 1: Reutterer, Platzer, Schröder,
Leveraging purchase regularity, IJRM 2021 ((M)BG/CNBD-k). Predictions here are not their
approximation for k > 1 but the exact series over the Erlang stage that the customer is in.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import betainc, betaln, gammaln

from .likelihood import Fitted, log_total, maximise
from .order_days import Histories

# Terms of P(X ≥ m) are summed until none exceeds this.
SMALLEST_TERM, MOST_TERMS = 1e-7, 3000


@dataclass(frozen=True)
class DropoutModel:
    """r, alpha, a, b > 0; alpha in the time unit of the histories it was fitted on."""

    r: float
    alpha: float
    a: float
    b: float
    k: int = 1
    leaves_at_once: bool = False

    names = ("r", "alpha", "a", "b")

    @property
    def values(self) -> tuple[float, ...]:
        return (self.r, self.alpha, self.a, self.b)

    def log_likelihoods(self, seen: Histories) -> np.ndarray:
        """ln L per customer, shape (n,)."""
        left, alive = self._log_terms(seen)
        erlang = (self.k - 1) * seen.log_gaps - seen.repeats * gammaln(self.k)
        return erlang + log_total(np.column_stack([left, alive]))

    def alive(self, seen: Histories) -> np.ndarray:
        """Probability of still being a customer at the end of the observation, shape (n,)."""
        left, alive = self._log_terms(seen)
        return np.exp(log_total(alive) - log_total(np.column_stack([left, alive])))

    def at_least(self, seen: Histories, horizon: float, *, orders: int) -> np.ndarray:
        """P(at least `orders` order days within `horizon` after the observation), shape (n,)."""
        return self._tail(seen, horizon, orders, self.stages(seen))

    def expected_orders(self, seen: Histories, horizon: float) -> np.ndarray:
        """Expected order days within `horizon` after the observation: the sum of P(X ≥ m)."""
        stages = self.stages(seen)
        total = np.zeros(seen.size)
        for orders in range(1, MOST_TERMS):
            term = self._tail(seen, horizon, orders, stages)
            total += term
            if term.max(initial=0.0) < SMALLEST_TERM:
                break
        return total

    def _tail(self, seen: Histories, horizon: float, orders: int, stages: np.ndarray) -> np.ndarray:
        """She stays after each of the first orders − 1 and the clock runs through their stages."""
        trials = self.trials(seen)
        stays = betaln(self.a, self.b + trials + orders - 1) - betaln(self.a, self.b + trials)
        share = horizon / (self.alpha + seen.age + horizon)
        total = np.zeros(seen.size)
        for stage in range(self.k):
            shape = self.r + self.k * seen.repeats + stage
            total += stages[:, stage] * betainc(orders * self.k - stage, shape, share)
        return np.exp(stays) * total

    def stages(self, seen: Histories) -> np.ndarray:
        """P(alive and in Erlang stage j), shape (n, k)."""
        left, alive = self._log_terms(seen)
        return np.exp(alive - log_total(np.column_stack([left, alive]))[:, None])

    def trials(self, seen: Histories) -> np.ndarray:
        """How often an alive customer could have left and did not."""
        return seen.repeats + 1 if self.leaves_at_once else seen.repeats

    def _log_terms(self, seen: Histories) -> tuple[np.ndarray, np.ndarray]:
        """ln of the likelihood's parts: left after the last order (n,), alive in stage j (n, k)."""
        x, trials = seen.repeats, self.trials(seen)
        base = betaln(self.a, self.b)
        with np.errstate(divide="ignore"):
            silent = np.log(seen.age - seen.last)
        left = self._log_moment(self.k * x, seen.last) + (
            betaln(self.a + 1, self.b + np.maximum(trials - 1, 0)) - base
        )
        left = np.where(trials > 0, left, -np.inf)
        alive = np.empty((seen.size, self.k))
        for stage in range(self.k):
            power = stage * silent - gammaln(stage + 1) if stage else 0.0
            alive[:, stage] = (
                power
                + self._log_moment(self.k * x + stage, seen.age)
                + betaln(self.a, self.b + trials)
                - base
            )
        return left, alive

    def _log_moment(self, power: np.ndarray, time: np.ndarray) -> np.ndarray:
        """ln E[λ^power exp(−λ time)] over λ ~ Gamma(r, α)."""
        r, alpha = self.r, self.alpha
        return (
            gammaln(r + power) - gammaln(r) + r * np.log(alpha) - (r + power) * np.log(alpha + time)
        )


def fit_dropout(seen: Histories, *, leaves_at_once: bool = False, k: int = 1) -> Fitted:
    """Maximum likelihood. Raises likelihood.NoFitError."""

    def build(values: np.ndarray) -> DropoutModel:
        r, alpha, a, b = (float(value) for value in values)
        return DropoutModel(r, alpha, a, b, k=k, leaves_at_once=leaves_at_once)

    start = np.array([1.0, k * max(float(np.median(seen.age)), 1e-6) / 2, 1.0, 2.0])
    return maximise(build, start, seen)


def fit_regular(seen: Histories, most: int = 4) -> Fitted:
    """MBG/CNBD-k with the k of 1 … `most` that the likelihood prefers."""
    fits = [fit_dropout(seen, leaves_at_once=True, k=k) for k in range(1, most + 1)]
    return max(fits, key=lambda fit: fit.log_likelihood)
