"""What groups of customers will do in the coming periods: the live value model, played forward.

Each replicate takes one set of parameters that the data allow (the model's own draws), gives every
customer a rate, a moment of leaving and a scale of spend from her posterior law, and plays her
orders. Of a group that gives retention, orders and spend at once, with the interval of what the
group will do: chance, unknown parameters and the choice between the models. What no model of this
family knows (season, a campaign, a new competitor) is not in there; the backtest measures it
(cohort_backtest.py) and `Foreseen` widens by it.

Posterior laws: Pareto/NBD, given that she is a customer at T: λ ~ Gamma(r + x, α + T), μ ~ Gamma(s,
β + T), independent. (M)BG/CNBD-k, in Erlang stage j: λ ~ Gamma(r + k x + j, α + T), p ~ Beta(a, b +
trials). Gamma-Gamma: ν ~ Gamma(q + p x, γ + Σ amounts). Sources: dropout_models.py, pareto_nbd.py,
spend.py. The correction's factor f makes her buy f times as often for as long as she would have been
a customer anyway (rate × f, chance to leave after an order ÷ f), so that expected orders are × f.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .correction import features_of
from .order_days import Histories, OrderDays
from .pareto_nbd import ParetoNbd
from .value_model import HIGH, LOW, ValueModel

REPLICATES = 96


@dataclass(frozen=True)
class Groups:
    """group: int64 (n,), the customer's group or -1; count: of groups; factors: (n,) of the value
    model, computed on the whole population; has_ordered: bool (n,), an order in the current period
    already; margin_rate: (n,), of spend, NaN unknown."""

    group: np.ndarray
    count: int
    factors: np.ndarray
    has_ordered: np.ndarray
    margin_rate: np.ndarray


@dataclass(frozen=True)
class Played:
    """Sums over each group's customers, shape (REPLICATES, groups, periods).

    active: with an order in the period; spend, margin: cumulated from the end of the observation,
    unit of the amounts; None without a model of spend.
    """

    active: np.ndarray
    orders: np.ndarray
    spend: np.ndarray | None
    margin: np.ndarray | None


@dataclass(frozen=True)
class Foreseen:
    """value with the ends of its 80 % interval, any one shape."""

    value: np.ndarray
    low: np.ndarray
    high: np.ndarray


def play(
    model: ValueModel, seen: Histories, groups: Groups, ends: np.ndarray, *, seed: int
) -> Played:
    """seen: by the model's own clock. ends: days after its `end_day` at which the coming periods
    end, ascending."""
    random = np.random.default_rng(seed)
    steps = np.diff([0.0, *(model.ahead(float(end)) for end in ends)])
    inside = groups.group >= 0
    place = groups.group[inside]
    customers = _only(seen, inside)
    factors = groups.factors[inside]
    shape = (REPLICATES, groups.count, steps.size)
    active, orders, spend, margin = (np.zeros(shape) for _ in range(4))
    laws = _by_law(model)
    for number in range(REPLICATES):
        law = _draw(laws, number)
        counts = _orders(law, customers, factors, steps, random)
        came = counts > 0
        came[:, 0] |= groups.has_ordered[inside]
        active[number] = _by_group(came, place, groups.count)
        orders[number] = _by_group(counts, place, groups.count)
        if model.spend is not None:
            paid = _spend(model.spend, customers, counts, random).cumsum(axis=1)
            spend[number] = _by_group(paid, place, groups.count)
            rates = groups.margin_rate[inside][:, None]
            margin[number] = _by_group(paid * rates, place, groups.count)
    if model.spend is None:
        return Played(active, orders, None, None)
    return Played(active, orders, spend, margin)


def foreseen(played: np.ndarray, customers: np.ndarray, shock: float = 0.0) -> Foreseen:
    """Per customer of each group. played: (replicates, groups, periods); customers: (groups,).

    shock: half-width, relative to the figure, that the interval has for what the model does not
    know; cohort_backtest.py learns it.
    """
    per_customer = played / np.maximum(customers, 1)[None, :, None]
    value = per_customer.mean(axis=0)
    low, high = np.quantile(per_customer, [LOW, HIGH], axis=0)
    return widened(Foreseen(value, low, high), shock)


def widened(said: Foreseen, shock: np.ndarray | float) -> Foreseen:
    """The shock is independent of what the replicates say: half-widths add as squares."""
    more = shock * said.value
    return Foreseen(
        said.value,
        np.maximum(said.value - np.hypot(said.value - said.low, more), 0),
        said.value + np.hypot(said.high - said.value, more),
    )


def _by_law(model: ValueModel) -> list[list[Any]]:
    """The draws of each of the models that share the say: each has the same number of replicates."""
    kinds: dict[type, list[Any]] = {}
    for draw in model.draws:
        kinds.setdefault(type(draw), []).append(draw)
    return list(kinds.values())


def _draw(laws: list[list[Any]], number: int) -> Any:
    own = laws[number % len(laws)]
    return own[number // len(laws) % len(own)]


def _only(seen: Histories, inside: np.ndarray) -> Histories:
    return Histories(
        seen.repeats[inside], seen.last[inside], seen.age[inside], seen.log_gaps[inside],
        seen.spend[inside], seen.unit_days,
    )  # fmt: skip


def _by_group(values: np.ndarray, place: np.ndarray, count: int) -> np.ndarray:
    return np.stack([np.bincount(place, column, count) for column in values.T], axis=1)


def _orders(
    law: Any, seen: Histories, factors: np.ndarray, steps: np.ndarray, random: np.random.Generator
) -> np.ndarray:
    """Order days in each of the coming periods, shape (n, periods)."""
    is_alive = random.random(seen.size) < law.alive(seen)
    if isinstance(law, ParetoNbd):
        rate = random.gamma(law.r + seen.repeats) / (law.alpha + seen.age) * factors
        leaves = random.gamma(law.s, size=seen.size) / (law.beta + seen.age)
        here = random.exponential(size=seen.size) / np.maximum(leaves, 1e-300)
        ends = np.cumsum(steps)
        present = np.minimum(here[:, None], ends) - np.minimum(here[:, None], ends - steps)
        counts = random.poisson(rate[:, None] * present)
    else:
        counts = _dropout_orders(law, seen, factors, steps, random)
    return np.where(is_alive[:, None], counts, 0)


def _dropout_orders(
    law: Any, seen: Histories, factors: np.ndarray, steps: np.ndarray, random: np.random.Generator
) -> np.ndarray:
    stages = law.stages(seen)
    share = np.cumsum(stages, axis=1) / np.maximum(stages.sum(axis=1, keepdims=True), 1e-300)
    stage = (random.random(seen.size)[:, None] > share[:, :-1]).sum(axis=1)
    rate = random.gamma(law.r + law.k * seen.repeats + stage) / (law.alpha + seen.age) * factors
    leaves = random.beta(law.a, law.b + law.trials(seen)) / factors
    last = random.geometric(np.clip(leaves, 1e-12, 1.0))  # the order after which she has left
    clock = stage[:, None] + random.poisson(rate[:, None] * steps).cumsum(axis=1)
    total = np.minimum(clock // law.k, last[:, None])
    return np.diff(total, axis=1, prepend=0)


def _spend(
    spend: Any, seen: Histories, counts: np.ndarray, random: np.random.Generator
) -> np.ndarray:
    """Amount in each period: a sum of `counts` gamma amounts that share her unseen scale."""
    paid = np.where(seen.repeats > 0, np.nan_to_num(seen.spend) * seen.repeats, 0.0)
    scale = random.gamma(spend.q + spend.p * seen.repeats) / (spend.gamma + np.maximum(paid, 0))
    some = counts > 0
    drawn = random.gamma(np.where(some, spend.p * counts, 1.0)) / np.maximum(scale, 1e-300)[:, None]
    return np.where(some, drawn, 0.0)


def median_paid(days: OrderDays) -> float | None:
    """Median over customers of the mean amount per order day; None without an amount above 0."""
    paid = np.bincount(days.customer_idx, days.amount, days.customers)
    mean = paid / np.bincount(days.customer_idx, minlength=days.customers)
    return float(np.median(mean[mean > 0])) if (mean > 0).any() else None


def factors_within(model: ValueModel, days: OrderDays, shop_median: float) -> np.ndarray:
    """The correction's factors of some customers, whose amounts are compared with the shop's median
    and not with their own, shape (customers,)."""
    own = median_paid(days)
    if model.correction is None or own is None:
        return np.ones(days.customers)
    features = features_of(days)
    paid = np.bincount(days.customer_idx, days.amount, days.customers) > 0
    features[paid] += np.log(own / shop_median)
    return model.correction.factors(features)


def groups_of(
    model: ValueModel, days: OrderDays, group: np.ndarray, *, since: int, margin_rate: np.ndarray
) -> Groups:
    """days: of the whole population; since: first day of the current period."""
    ordered = np.zeros(days.customers, bool)
    ordered[days.customer_idx[days.day >= since]] = True
    return Groups(group, int(group.max(initial=-1)) + 1, model.factors(days), ordered, margin_rate)
