"""Gamma-Gamma: what an order day of a customer is worth, from few of them.

An order day's amount is Gamma(p, ν) with ν ~ Gamma(q, γ) over customers (shape, rate), independent
of how often she buys. Source: Fader, Hardie, The Gamma-Gamma Model of Monetary Value, 2013. Fitted
on customers with a repeat, on the mean of their repeat order days, as published.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.special import betaln

from .likelihood import NoFitError

# Fewer than this do not tell three parameters apart.
MIN_CUSTOMERS = 25


@dataclass(frozen=True)
class GammaGamma:
    """p, q > 0 without unit; gamma > 0 in the unit of the amounts."""

    p: float
    q: float
    gamma: float

    names = ("p", "q", "gamma")

    def expected(self, repeats: np.ndarray, spend: np.ndarray) -> np.ndarray:
        """Expected amount per order day, shape (n,). Without repeats: the population's mean.

        The mean exists only for q > 1; fit_spend sees to that.
        """
        paid = np.where(repeats > 0, np.nan_to_num(spend) * repeats, 0.0)
        return self.p * (self.gamma + paid) / (self.p * repeats + self.q - 1)


def fit_spend(repeats: np.ndarray, spend: np.ndarray) -> tuple[GammaGamma, float]:
    """Model and log-likelihood from customers with repeats > 0 and a positive mean spend.

    Raises NoFitError under MIN_CUSTOMERS of them.
    """
    use = (repeats > 0) & (np.nan_to_num(spend) > 0)
    x, m = repeats[use], spend[use]
    if x.size < MIN_CUSTOMERS:
        raise NoFitError(f"{MIN_CUSTOMERS - x.size} more customers with two paid orders needed.")
    scale = float(np.median(m))

    def loss(logs: np.ndarray) -> float:
        p, extra, gamma = np.exp(logs)
        q, z = 1 + extra, m / scale
        terms = (
            q * np.log(gamma)
            + (p * x - 1) * np.log(z)
            + p * x * np.log(x)
            - (p * x + q) * np.log(gamma + x * z)
            - betaln(p * x, q)
        )
        return -float(terms.mean())

    found = minimize(
        loss, np.log([2.0, 2.0, 2.0]), method="L-BFGS-B", jac="3-point", bounds=[(-7, 12)] * 3
    )
    p, extra, gamma = map(float, np.exp(found.x))
    value = -found.fun * x.size - x.size * np.log(scale)
    return GammaGamma(p, 1 + extra, gamma * scale), float(value)
