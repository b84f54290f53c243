"""What sets a persona apart, counted on orders that did not put its members there.

A group over-indexes on whatever made it, also in a shop of chance. So who belongs is decided by a
customer's odd orders and what she buys is counted on her even ones, and the other way round.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .persona_clusters import jaccard
from .persona_habits import DAYPARTS, Baskets, halves
from .personas import PersonaModel, half_groups

LEAST_COUNTS = 5  # on either side: fewer give no lift
LEAST_LIFT = 1.15  # of the interval's near end, before it is said or gives a name
LEAST_JACCARD = 0.3  # of an old and a new group, to be the same persona


@dataclass(frozen=True)
class Index:
    """inside, outside: of the group's and of all other customers. For a share 0–1; for lines and
    units a mean; for price the geometric mean of price over usual price. lift: inside / outside;
    low, high: its 95 % interval, corrected for all groups and traits (Bonferroni)."""

    trait: str
    inside: float
    outside: float
    lift: float
    low: float
    high: float

    @property
    def weight(self) -> float:
        """How much it tells: what it adds to the divergence of inside from outside (Kullback and
        Leibler), at the interval's near end; 0 where the interval reaches 1."""
        share = 1.0 if self.trait in MEANS else self.inside
        if self.low > 1:
            return share * float(np.log(self.low))
        return (1.0 if self.trait in MEANS else self.outside) * float(-np.log(min(self.high, 1.0)))

    @property
    def is_said(self) -> bool:
        return self.low >= LEAST_LIFT or self.high <= 1 / LEAST_LIFT


MEANS = frozenset({"price", "lines", "units"})


def evidence(model: PersonaModel, baskets: Baskets) -> list[list[Index]]:
    """Per group, what is said of it, what tells most first. baskets: of who has two orders or more.

    Variance of the log lift by linearisation, customers being the draws (delta method): Cochran,
    Sampling Techniques (1977), section 6.
    """
    from scipy.stats import norm

    first, second = half_groups(model.space, model.centres, baskets)
    odd, even = halves(baskets)
    traits, above, below = _counts(odd)
    _same, other_above, other_below = _counts(even)
    z = float(norm.ppf(1 - 0.05 / 2 / max(len(traits) * len(model.centres), 1)))
    found = []
    for group in range(len(model.centres)):
        sides = []
        for inside in (True, False):
            # A customer is counted in the half that did not decide.
            by_first = ((first == group) if inside else (first >= 0) & (first != group))[:, None]
            by_second = ((second == group) if inside else (second >= 0) & (second != group))[
                :, None
            ]
            sides.append(
                (
                    np.where(by_first, other_above, 0) + np.where(by_second, above, 0),
                    np.where(by_first, other_below, 0) + np.where(by_second, below, 0),
                )
            )
        said = [_index(trait, column, sides, z) for column, trait in enumerate(traits)]
        kept = [one for one in said if one is not None and one.is_said]
        found.append(sorted(kept, key=lambda one: (-one.weight, one.trait)))
    return found


def _counts(baskets: Baskets) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Traits, and per customer and trait what is divided and by what."""
    n = baskets.customers
    owner = baskets.customer[baskets.order]
    orders = np.bincount(baskets.customer, minlength=n).astype(float)
    lines = np.bincount(owner, minlength=n).astype(float)
    columns: list[tuple[str, np.ndarray, np.ndarray]] = []

    def of_lines(trait: str, values: np.ndarray) -> None:
        columns.append(
            (trait, np.bincount(owner, weights=values.astype(float), minlength=n), lines)
        )

    def of_orders(trait: str, values: np.ndarray) -> None:
        weighed = np.bincount(baskets.customer, weights=values.astype(float), minlength=n)
        columns.append((trait, weighed, orders))

    for place, code in enumerate(baskets.categories):
        of_lines(f"category:{code}", baskets.category == place)
    known = np.zeros(baskets.hour.size, bool)
    for name, start, end in DAYPARTS:
        inside = (baskets.hour >= start) & (baskets.hour < end)
        known |= inside
        of_orders(name, inside)
    of_orders("night", ~known)
    of_orders("weekend", baskets.weekday >= 5)
    of_lines("discount", baskets.discounted)
    for key in baskets.channels:
        of_orders(f"channel:{key}", baskets.channel == key)
    of_lines("price", baskets.price_ratio)
    of_orders("lines", np.bincount(baskets.order, minlength=baskets.customer.size))
    of_lines("units", baskets.units)
    return (
        [trait for trait, _above, _below in columns],
        np.column_stack([above for _trait, above, _below in columns]),
        np.column_stack([below for _trait, _above, below in columns]),
    )


def _index(
    trait: str, column: int, sides: list[tuple[np.ndarray, np.ndarray]], z: float
) -> Index | None:
    (in_above, in_below), (out_above, out_below) = (
        (above[:, column], below[:, column]) for above, below in sides
    )
    if min(in_below.sum(), out_below.sum()) < LEAST_COUNTS:
        return None
    inside, outside = in_above.sum() / in_below.sum(), out_above.sum() / out_below.sum()
    ours = (in_above - inside * in_below) / in_below.sum()
    others = (out_above - outside * out_below) / out_below.sum()
    if trait == "price":
        middle, error = inside - outside, np.sqrt(((ours - others) ** 2).sum())
        inside, outside = np.exp(inside), np.exp(outside)
    elif min(in_above.sum(), out_above.sum()) < LEAST_COUNTS:
        return None
    else:
        middle = np.log(inside / outside)
        error = np.sqrt(((ours / inside - others / outside) ** 2).sum())
    ends = np.exp([middle, middle - z * error, middle + z * error])
    return Index(trait, float(inside), float(outside), *(float(end) for end in ends))


@dataclass(frozen=True)
class Match:
    """new: group; old: group of before, −1 for a new persona; jaccard: members shared."""

    new: int
    old: int
    jaccard: float


def match(old: np.ndarray, new: np.ndarray, old_groups: int, new_groups: int) -> list[Match]:
    """Which new group is which old one: the assignment with the most shared members.

    old, new: group of the same customers by both models, −1 for none.
    Source: Kuhn (1955), The Hungarian method for the assignment problem.
    """
    from scipy.optimize import linear_sum_assignment

    shared = jaccard(old, new, old_groups, new_groups)
    pairs = zip(*linear_sum_assignment(-shared), strict=True)
    known = {int(b): int(a) for a, b in pairs if shared[a, b] >= LEAST_JACCARD}
    return [
        Match(group, known[group], float(shared[known[group], group]))
        if group in known
        else Match(group, -1, float(shared[:, group].max(initial=0.0)))
        for group in range(new_groups)
    ]


def shift(points: np.ndarray, old: np.ndarray, new: np.ndarray, pair: tuple[int, int]) -> float:
    """How far the middle of a persona moved: distance of both middles over the mean distance of old
    members to theirs. points: (customers, axes) in the old space; pair: old group, new group."""
    before, after = points[old == pair[0]], points[new == pair[1]]
    if not len(before) or not len(after):
        return float("nan")
    middle = before.mean(axis=0)
    spread = np.linalg.norm(before - middle, axis=1).mean()
    return float(np.linalg.norm(after.mean(axis=0) - middle) / max(spread, 1e-9))


def moved(old: np.ndarray, new: np.ndarray, matches: list[Match]) -> float:
    """Share of customers with a group in both whose persona is another one now."""
    same = {pair.new: pair.old for pair in matches}
    both = (old >= 0) & (new >= 0)
    if not both.any():
        return float("nan")
    as_old = np.array([same[int(group)] for group in new[both]])
    return float((as_old != old[both]).mean())
