"""What stands beside the effect itself: whom the limit holds, what a believer says, revenue per order."""

from __future__ import annotations

from decisions.services import experiments as statistics
from inventory.profit_frames import ArmSums, limit_of
from marketing.services.effects.effect_building import Building
from marketing.services.effects.metrics import (
    BY_BELIEF,
    BY_DELTA,
    BY_LIMIT,
    BY_QUANTILE,
    BY_RATIO,
    COUNT,
    MONEY,
    RATE,
)


def add_limit(found: Building, *, is_revenue: bool) -> None:
    """The most that one customer counts for, and how many that holds back."""
    limit, over = limit_of(found.arms, is_revenue=is_revenue)
    if limit is None:
        return
    found.add("winsor_limit", limit, MONEY, BY_QUANTILE)
    found.add("winsorised_customers", over, COUNT, BY_LIMIT)


def add_belief(found: Building, money: statistics.Effect, size: int, cost: float) -> None:
    """The Bayesian view: how likely it paid, what it brought after the prior, what going on may lose."""
    belief = statistics.read(money).belief
    if belief is None:
        return
    each = cost / size if size else 0.0
    interval = statistics.Interval(belief.low, belief.high)
    found.add("belief_paid", statistics.chance_above(belief, each), RATE, BY_BELIEF)
    found.add("belief_profit", size * belief.mean, MONEY, BY_BELIEF, interval, size)
    found.add("belief_loss", size * belief.loss, MONEY, BY_BELIEF)


def add_baskets(found: Building, treated: ArmSums, holdout: ArmSums) -> None:
    """Revenue per order: a ratio whose units are customers, because hers are alike."""
    pair = (treated.baskets, holdout.baskets)
    if pair[0] is None or pair[1] is None or min(pair[0].x, pair[1].x) <= 0:
        return
    effect = statistics.ratio_effect(pair[0], pair[1])
    found.add("basket_treated", effect.treated, MONEY, BY_RATIO)
    found.add("basket_holdout", effect.control, MONEY, BY_RATIO)
    found.add("basket_difference", effect.difference, MONEY, BY_DELTA, found.interval(effect))
