"""A SKU with days of history only: level and course of those that are like it, until it has its own.

Its level is a gamma around what its likes sell, as sure as they agree; each of its own days
counts against that as a day of counts does. So no threshold decides when it stands alone.
Source: Gelman et al., Bayesian Data Analysis, 3rd ed., 2.6 (gamma and Poisson); Thomassey & Fiordaliso,
A hybrid sales forecasting system based on clustering and decision trees, 2006 (likes by attributes).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .counts import count_quantiles
from .metrics import Forecast

PRICE_BAND = 0.5  # of the log: prices e^0.5 apart count 0.6
BRAND = 2.0  # the same brand counts twice
TEXT = 3.0  # texts of cosine 1 count e^3 times those of 0
LEAST_PEERS = 3  # with fewer in its category a SKU is likened to the whole shop
LEAST_SURE, MOST_SURE = 0.3, 10.0  # shape of the gamma: a spread of 1.8 and 0.3 of the mean


@dataclass(frozen=True)
class Traits:
    """What SKUs are: group (n,) category, log_price (n,) NaN = unknown, brand (n,) −1 = none, text
    (n, d) rows of length 1, or None."""

    group: np.ndarray
    log_price: np.ndarray
    brand: np.ndarray
    text: np.ndarray | None = None


@dataclass(frozen=True)
class Borrowed:
    """forecast of the new SKUs (m, H); weight (m, peers), each row sums to 1; dispersion (m,) of a day;
    own (m,): how much of the level is the SKU's own, 0 to 1."""

    forecast: Forecast
    weight: np.ndarray
    dispersion: np.ndarray
    own: np.ndarray


def likeness(traits: Traits, new: np.ndarray, peers: np.ndarray) -> np.ndarray:
    """(m, peers) weights, each row summing to 1: of its category, by price band, brand and text."""
    same = traits.group[new][:, None] == traits.group[peers][None, :]
    same[same.sum(axis=1) < LEAST_PEERS] = True
    apart = traits.log_price[new][:, None] - traits.log_price[peers][None, :]
    weight = np.exp(-0.5 * (np.nan_to_num(apart) / PRICE_BAND) ** 2)
    brand = traits.brand[new][:, None]
    weight = weight * np.where((brand == traits.brand[peers][None, :]) & (brand >= 0), BRAND, 1.0)
    if traits.text is not None:
        weight = weight * np.exp(TEXT * (traits.text[new] @ traits.text[peers].T))
    weight = np.where(same, np.maximum(weight, 1e-9), 0.0)
    return weight / weight.sum(axis=1, keepdims=True)


def borrow(
    units: np.ndarray, peers: np.ndarray, dispersion: np.ndarray, weight: np.ndarray
) -> Borrowed:
    """units (m, T) of the new SKUs, NaN = before their first day or masked; peers (p, H) means of the
    others' forecasts, dispersion (p,) of theirs; weight (m, p) from likeness."""
    level = np.maximum(peers.mean(axis=1), 1e-3)
    middle = weight @ level
    apart = weight @ level**2 - middle**2
    sure = np.clip(middle**2 / np.maximum(apart, 1e-9), LEAST_SURE, MOST_SURE)
    phi = weight @ dispersion
    known = np.isfinite(units)
    days, sold = known.sum(axis=1), np.where(known, units, 0.0).sum(axis=1)
    scatter = 1 + phi * middle  # a day of such counts tells that much less than a Poisson day
    rate = sure / middle
    found = (sure + sold / scatter) / (rate + days / scatter)
    course = weight @ (peers / level[:, None])
    mean = found[:, None] * course / course.mean(axis=1, keepdims=True)
    unsure = 1 / (sure + sold / scatter)
    # Own spread and unsure level together: (1 + phi) (1 + 1/shape) - 1.
    wide = (1 + phi) * (1 + unsure) - 1
    own = (days / scatter) / (rate + days / scatter)
    return Borrowed(Forecast(mean, count_quantiles(mean, wide)), weight, wide, own)
