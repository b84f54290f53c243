"""By how much everybody orders more or less than usual, told apart from customers who leave.

The buying models know one reason for fewer orders: customers are gone. When a season ends, or a
campaign, those who stay order more slowly, and a model without a calendar counts them as lost. Who
orders again after the slow weeks shows the difference, so it can be learned: the rate of everybody
is λ s(t), s by bins of BIN_DAYS, and time is counted in the integral of s. In that clock MBG/NBD is
exact (one leaves after an order), and s is found by expectation and maximisation: the orders of a
bin over those that its customers would have placed at their own rates while they were customers.

Source: Bachmann, Meierer, Näf, The Role of Time-Varying Contextual Factors in Latent Attrition
Models, Marketing Science 2021 (the idea of covariates in time); Dempster, Laird, Rubin 1977 (EM).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import minimize

from .dropout_models import DropoutModel
from .likelihood import HIGHEST, LOWEST, distinct
from .order_days import Histories, OrderDays

BIN_DAYS, CYCLE_BINS = 28, 13  # thirteen bins are a year of 364 days
# A rate is told from that of its neighbours by its orders; with few of them it stays near 1.
PRIOR_SD = 0.5
MOST_CUSTOMERS, MOST_ROUNDS, ENOUGH = 3_000, 15, 0.5
MIN_BINS, MIN_REPEATS = 4, 100
CLEARLY = 5.0  # in log-likelihood: 150 to 1
RECENT_BINS = 3
# Nobody can say from less than two years whether a slow end is the season or for good: half of it
# (of its logarithm) is taken to last. The damped trend of Gardner and McKenzie, Management Science
# 1985, with the damping that errs alike on both sides.
LASTING = 0.5


@dataclass(frozen=True)
class RateClock:
    """edges: days since 1970, ascending, (m + 1,), the last is the end of what was seen;
    log_rates: ln of s in each bin, (m,), mean of s over the days 1; ahead: ln of s in the bins of
    BIN_DAYS that follow, (CYCLE_BINS,), repeated after that. Before the first edge s is 1."""

    edges: np.ndarray
    log_rates: np.ndarray
    ahead: np.ndarray

    def time(self, day: np.ndarray | float) -> np.ndarray:
        """Days of the clock from the first edge until the end of a day, at any time."""
        day, edges = np.asarray(day, dtype=float), self.edges
        past = np.concatenate([[0.0], np.cumsum(np.exp(self.log_rates) * np.diff(edges))])
        within = np.interp(day, edges, past) + np.minimum(day - edges[0], 0.0)
        whole, rest = np.divmod(np.maximum(day - edges[-1], 0.0), BIN_DAYS * CYCLE_BINS)
        year = np.concatenate([[0.0], np.cumsum(BIN_DAYS * np.exp(self.ahead))])
        bins = BIN_DAYS * np.arange(CYCLE_BINS + 1)
        return within + whole * year[-1] + np.interp(rest, bins, year)

    def days_ahead(self, day: float, horizon_days: float) -> float:
        """Days of the clock within so many days after the end of a day."""
        return float(self.time(day + horizon_days) - self.time(day))

    def to_json(self) -> dict[str, list[float]]:
        return {name: getattr(self, name).tolist() for name in ("edges", "log_rates", "ahead")}

    @staticmethod
    def of(stored: dict[str, list[float]]) -> RateClock:
        return RateClock(**{name: np.array(values) for name, values in stored.items()})


def ahead(clock: RateClock | None, day: float, horizon_days: float) -> float:
    """Days of the clock after a day; without a clock days are days."""
    return horizon_days if clock is None else clock.days_ahead(day, horizon_days)


def learn_clock(days: OrderDays, end_day: int) -> RateClock | None:
    """None where the history is short; where a clock is no better than none by the Bayesian
    information criterion of its bins; or where a clock that starts with each customer's first order
    says more, for then it is her age and not the calendar. Of more than MOST_CUSTOMERS customers
    each n-th teaches."""
    edges = _edges(int(days.day.min()), end_day)
    who = _some(days)
    if edges.size - 1 < MIN_BINS or who.day.size - who.customers < MIN_REPEATS:
        return None
    lives = _lives(who, end_day)
    log_rates, gain = _expectation_maximisation(lives, edges)
    if gain <= 0.5 * (edges.size - 2) * np.log(who.customers):
        return None
    _rates, gain_by_age = _expectation_maximisation(lives.by_age(), edges - edges[0])
    if gain <= gain_by_age + CLEARLY:
        return None
    return RateClock(edges, log_rates, _ahead(log_rates))


def _edges(first_day: int, end_day: int) -> np.ndarray:
    """Bins of BIN_DAYS back from the end; what is left over at the start joins the oldest."""
    count = max((end_day - first_day) // BIN_DAYS, 1)
    edges = end_day - BIN_DAYS * np.arange(count, -1, -1.0)
    edges[0] = first_day
    return edges


def _some(days: OrderDays) -> OrderDays:
    step = -(-days.customers // MOST_CUSTOMERS)
    return days.of_every(step) if step > 1 else days


@dataclass(frozen=True)
class Lives:
    """first, last, end: order days and the end of what was seen of each customer, float (n,);
    repeats: order days after the first, (n,); repeat_days: all of those, with their owners."""

    first: np.ndarray
    last: np.ndarray
    end: np.ndarray
    repeats: np.ndarray
    repeat_days: np.ndarray
    owners: np.ndarray

    def by_age(self) -> Lives:
        """Days counted from each customer's first order."""
        return Lives(
            np.zeros_like(self.first), self.last - self.first, self.end - self.first,
            self.repeats, self.repeat_days - self.first[self.owners], self.owners,
        )  # fmt: skip

    def seen(self, clock: RateClock) -> Histories:
        """In weeks of the clock. Gaps are left at 0: MBG/NBD does not read them."""
        first, last, end = (clock.time(part) / 7 for part in (self.first, self.last, self.end))
        nothing = np.zeros_like(first)
        return Histories(self.repeats, last - first, end - first, nothing, nothing, 7.0)


def _lives(days: OrderDays, end_day: int) -> Lives:
    who, repeat = days.customer_idx, np.zeros(days.day.size, dtype=bool)
    repeat[1:] = np.diff(who) == 0
    ends = np.flatnonzero(np.diff(who, append=-1))
    starts = np.concatenate([[0], ends[:-1] + 1])
    first, last = days.day[starts].astype(float), days.day[ends].astype(float)
    return Lives(
        first, last, np.full(first.size, float(end_day)), (ends - starts).astype(float),
        days.day[repeat].astype(float), who[repeat],
    )  # fmt: skip


def _expectation_maximisation(lives: Lives, edges: np.ndarray) -> tuple[np.ndarray, float]:
    """(ln s, gain in log-likelihood over a clock that always runs alike)."""
    orders = _orders(lives.repeat_days, edges)
    log_rates, found = np.zeros(edges.size - 1), None
    plain = best = -np.inf
    for number in range(MOST_ROUNDS):
        seen = lives.seen(RateClock(edges, log_rates, np.zeros(CYCLE_BINS)))
        model, value, found = _fit(seen, found)
        value += float(orders @ log_rates)
        if number == 0:
            plain = value
        if value < best + ENOUGH:
            break
        best = value
        log_rates = _maximum(orders, _expected(model, seen, lives, edges), log_rates)
        log_rates -= np.log(np.average(np.exp(log_rates), weights=np.diff(edges)))
    return log_rates, best - plain


def _fit(seen: Histories, start: np.ndarray | None) -> tuple[DropoutModel, float, np.ndarray]:
    """MBG/NBD from where the round before ended; a few steps do, the next round goes on."""
    rows, weights = distinct(seen)

    def build(logs: np.ndarray) -> DropoutModel:
        r, alpha, a, b = map(float, np.exp(logs))
        return DropoutModel(r, alpha, a, b, leaves_at_once=True)

    def loss(logs: np.ndarray) -> float:
        value = -float(weights @ build(logs).log_likelihoods(rows)) / weights.sum()
        return value if np.isfinite(value) else 1e10

    usual = np.log([1.0, max(float(np.median(seen.age)), 1e-6) / 2, 1.0, 2.0])
    steps = {"maxiter": 60} if start is None else {"maxiter": 8}
    found: Any = minimize(
        loss, usual if start is None else start, method="L-BFGS-B",
        bounds=[(LOWEST, HIGHEST)] * 4, options=steps,
    )  # fmt: skip
    return build(found.x), -float(found.fun) * float(weights.sum()), found.x


def _expected(model: DropoutModel, seen: Histories, lives: Lives, edges: np.ndarray) -> np.ndarray:
    """Repeat orders per bin, (m,), of everybody at her own rate while she was a customer, given
    all that was seen of her, were s 1 in that bin."""
    alive = model.alive(seen)
    shape = model.r + seen.repeats
    here = alive * shape / (model.alpha + seen.age)
    gone = (1 - alive) * shape / (model.alpha + seen.last)
    until_last = _overlap(lives.first, lives.last, edges)
    return ((here + gone) @ until_last + here @ _overlap(lives.last, lives.end, edges)) / 7


def _orders(day: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Orders in each bin, (m,). A day ends at its number, so one that is an edge is the last of the
    bin before it, as for `_overlap`."""
    place = np.searchsorted(edges, day, side="left") - 1
    return np.bincount(place, minlength=edges.size - 1).astype(float)


def _overlap(start: np.ndarray, end: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Days of (start, end] in each bin, (n, m)."""
    inside = np.minimum(end[:, None], edges[1:]) - np.maximum(start[:, None], edges[:-1])
    return np.maximum(inside, 0.0)


def _maximum(orders: np.ndarray, expected: np.ndarray, start: np.ndarray) -> np.ndarray:
    """ln s that maximises a Poisson likelihood with a normal prior around 0, by Newton's steps."""
    logs = start.copy()
    for _step in range(20):
        rate = expected * np.exp(logs)
        logs += np.clip((orders - rate - logs / PRIOR_SD**2) / (rate + 1 / PRIOR_SD**2), -1, 1)
    return logs


def _ahead(log_rates: np.ndarray) -> np.ndarray:
    """ln s of the year that follows, (CYCLE_BINS,): with two years or more the season as it was,
    around a level; with less the level alone. Of the level LASTING stays."""
    if log_rates.size < 2 * CYCLE_BINS:
        return np.full(CYCLE_BINS, LASTING * log_rates[-RECENT_BINS:].mean())
    years = log_rates.size // CYCLE_BINS
    cycles = log_rates[-years * CYCLE_BINS :].reshape(years, CYCLE_BINS)
    levels = cycles.mean(axis=1, keepdims=True)
    return (cycles - levels).mean(axis=0) + LASTING * levels[-1, 0]
