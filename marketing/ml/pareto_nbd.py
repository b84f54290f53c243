"""Pareto/NBD: customers buy at random and leave at a moment nobody sees.

Orders are Poisson(λ), λ ~ Gamma(r, α); the time until a customer leaves is Exponential(μ),
μ ~ Gamma(s, β) (shape, rate). Source: Schmittlein, Morrison, Colombo, Counting Your Customers,
Management Science 1987; Fader, Hardie, A Note on Deriving the Pareto/NBD Model, 2005.

Their 2F1 form loses all digits for frequent buyers; here the integral over the unseen moment is
done by Gauss-Legendre quadrature in ln(β + t), in log space.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln

from .likelihood import Fitted, log_total, maximise
from .order_days import Histories

NODES, WEIGHTS = np.polynomial.legendre.leggauss(48)


@dataclass(frozen=True)
class ParetoNbd:
    """r, alpha, s, beta > 0; alpha and beta in the time unit of the histories."""

    r: float
    alpha: float
    s: float
    beta: float

    names = ("r", "alpha", "s", "beta")

    @property
    def values(self) -> tuple[float, ...]:
        return (self.r, self.alpha, self.s, self.beta)

    def log_likelihoods(self, seen: Histories) -> np.ndarray:
        """ln L per customer, shape (n,)."""
        left, alive = self._log_terms(seen)
        constant = (
            gammaln(self.r + seen.repeats)
            - gammaln(self.r)
            + self.r * np.log(self.alpha)
            + self.s * np.log(self.beta)
        )
        return constant + np.logaddexp(left, alive)

    def alive(self, seen: Histories) -> np.ndarray:
        """Probability of still being a customer at the end of the observation, shape (n,)."""
        left, alive = self._log_terms(seen)
        return np.exp(alive - np.logaddexp(left, alive))

    def expected_orders(self, seen: Histories, horizon: float) -> np.ndarray:
        """Expected order days within `horizon` after the observation, shape (n,)."""
        rate = (self.r + seen.repeats) / (self.alpha + seen.age)
        scale, power = self.beta + seen.age, self.s - 1
        log_ratio = np.log(scale / (scale + horizon))
        if abs(power) < 1e-9:
            active = -scale * log_ratio
        else:
            active = -scale / power * np.expm1(power * log_ratio)
        return self.alive(seen) * rate * active

    def at_least(self, seen: Histories, horizon: float, *, orders: int = 1) -> np.ndarray:
        """P(an order within `horizon` after the observation), shape (n,). `orders`: 1 alone.

        Of a customer who is one, λ and μ are independent gammas; she orders first at u with density
        E[λ e^(−λu)] and is still there then with E[e^(−μu)]. The integral is in ln(β + T + u).
        """
        if orders != 1:
            raise ValueError("only the chance of one order is known")
        shape, rate, scale = self.r + seen.repeats, self.alpha + seen.age, self.beta + seen.age
        half = np.log1p(horizon / scale) / 2
        stretch = np.exp(half[:, None] * (1 + NODES))
        time = scale[:, None] * (stretch - 1)
        log_density = (np.log(shape) + shape * np.log(rate))[:, None] - (shape + 1)[
            :, None
        ] * np.log(rate[:, None] + time)
        inner = np.exp(log_density) * stretch ** (1 - self.s) * scale[:, None]
        return self.alive(seen) * half * (inner @ WEIGHTS)

    def _log_terms(self, seen: Histories) -> tuple[np.ndarray, np.ndarray]:
        shape = self.r + seen.repeats
        alive = -shape * np.log(self.alpha + seen.age) - self.s * np.log(self.beta + seen.age)
        low, high = np.log(self.beta + seen.last), np.log(self.beta + seen.age)
        half = (high - low) / 2
        points = (low + half)[:, None] + half[:, None] * NODES
        time = np.maximum(np.exp(points) - self.beta, 0.0)
        inner = -shape[:, None] * np.log(self.alpha + time) - self.s * points
        with np.errstate(divide="ignore"):
            left = np.log(self.s * half) + log_total(inner, WEIGHTS)
        return left, alive


def fit_pareto(seen: Histories) -> Fitted:
    """Maximum likelihood. Raises likelihood.NoFitError."""

    def build(values: np.ndarray) -> ParetoNbd:
        return ParetoNbd(*map(float, values))

    middle = max(float(np.median(seen.age)), 1e-6)
    return maximise(build, np.array([1.0, middle / 2, 1.0, middle]), seen)
