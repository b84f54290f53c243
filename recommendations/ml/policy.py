"""From candidates that can be sold to the list that is shown: rules, money, diversity, exploration.

Pure, so that a receipt replays and a merchant's change can be tried before it is saved.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any

from .rules import EVERYTHING, Facts, Rule, Within, factor_of, is_allowed, pins

# What may stand in a free place: of so many times as many candidates as there are places.
REACH = 4
# What two products have in common, each 0–1; together 1 for two of a kind.
SAME_CATEGORY, SAME_BRAND, ALIKE = 0.5, 0.2, 0.3
Likeness = Callable[[Sequence[int]], Sequence[Sequence[float]]]


@dataclass(frozen=True)
class Settings:
    """What the merchant set for one placement, with the rules that stand there now.

    Rates are 0–1 (recommendations.models.Placement says what each means). within: what the rules
    leave, to ask for no others; it decides nothing and is not kept.
    """

    placement: str
    sources: tuple[str, ...]
    diversity_rate: float = 0.0
    exploration_rate: float = 0.0
    margin_rate: float = 0.0
    hide_bought_days: int | None = None
    rules: tuple[Rule, ...] = ()
    stock_rate: float = 0.0
    within: Within = field(default=EVERYTHING, compare=False)

    @cached_property
    def keeps_order(self) -> bool:
        """Nothing is moved: the first candidates that can be sold are the list."""
        rates = (self.diversity_rate, self.exploration_rate, self.margin_rate, self.stock_rate)
        return not (self.rules or any(rates))

    @cached_property
    def as_json(self) -> dict[str, Any]:
        """As a receipt keeps them; not to be changed."""
        row = {one.name: getattr(self, one.name) for one in fields(self) if one.name != "within"}
        row["rules"] = [rule.as_json() for rule in self.rules]
        return row | {"sources": list(self.sources)}

    @classmethod
    def of_json(cls, row: Mapping[str, Any]) -> Settings:
        rules = tuple(Rule.of_json(rule) for rule in row["rules"])
        return cls(**{**row, "sources": tuple(row["sources"]), "rules": rules})


@dataclass(frozen=True)
class Placed:
    """One product in its place.

    index: of the candidate. propensity: the probability that this product stands in this place,
    given the same candidates and settings. rules: keys of the rules that moved it.
    """

    index: int
    propensity: float = 1.0
    rules: tuple[int, ...] = ()


def arrange(
    product_ids: Sequence[int],
    facts: Mapping[int, Facts],
    settings: Settings,
    *,
    limit: int,
    seed: str,
    likeness: Likeness | None = None,
) -> list[Placed]:
    """At most `limit` of the candidates, in the order in which they are shown.

    product_ids: best first, each once. Those without facts cannot be sold and are passed over.
    1. never and only. 2. boost, bury, margin, stock: a new order. 3. pins take their places. 4. diversity
    fills the others. 5. an exploring answer fills them by lot instead. Same arguments, same list.
    likeness: product keys → matrix of 0–1 that joins what category and brand say of two products.
    """
    place_of = {pk: place for place, pk in enumerate(product_ids) if pk in facts}
    if settings.keeps_order:
        return [Placed(place) for place in list(place_of.values())[:limit]]
    allowed = {pk: facts[pk] for pk in place_of if is_allowed(pk, facts[pk], settings.rules)}
    values, moved = _values(allowed, settings)
    order = sorted(allowed, key=lambda pk: -values[pk])
    fixed = pins(order, allowed, settings.rules, limit)
    held = {pk for pk, _rule in fixed.values()}
    free = [pk for pk in order if pk not in held]
    slots = min(limit - len(fixed), len(free))
    pool = free[: REACH * slots]
    chosen = diverse(pool, values, allowed, settings.diversity_rate, slots, likeness)
    drawn = explored(pool, chosen, settings.exploration_rate, seed)
    others = [Placed(place_of[pk], share, moved.get(pk, ())) for pk, share in drawn]
    pinned = {place: Placed(place_of[pk], 1.0, (rule,)) for place, (pk, rule) in fixed.items()}
    return _woven(pinned, others)


def _values(
    allowed: Mapping[int, Facts], settings: Settings
) -> tuple[dict[int, float], dict[int, tuple[int, ...]]]:
    """Product → value, and the rules that changed it.

    A place is worth 1 / log2(place + 1): scores of several sources have no common scale, their
    order has. So a factor of 2 lifts the eleventh to about the third place.
    """
    earned = _earned(allowed)
    values, moved = {}, {}
    for place, (pk, facts) in enumerate(allowed.items(), start=1):
        factor, said = factor_of(pk, facts, settings.rules)
        share = 1 - settings.margin_rate * (1 - earned[pk])
        stock = 1 + settings.stock_rate * facts.stock_pull
        values[pk] = factor * share * stock / math.log2(place + 1)
        if said:
            moved[pk] = said
    return values, moved


def stock_pull(on_hand: int, excess: int, out_risk: float) -> float:
    """−1 to 1: the share of what lies there that will not sell in time lifts, the chance to be sold
    out before anything comes sinks.

    on_hand, excess: units of all SKUs of a product; out_risk: 0–1, of the SKU that lasts longest.
    """
    lifted = min(excess / on_hand, 1.0) if on_hand > 0 else 0.0
    return round(lifted - out_risk, 3)


def _earned(allowed: Mapping[int, Facts]) -> dict[int, float]:
    """Margin per unit over the largest here, 0–1; the mean of the others where none is known."""
    known = {
        pk: max(facts.margin_minor, 0)
        for pk, facts in allowed.items()
        if facts.margin_minor is not None
    }
    most = max(known.values(), default=0)
    if not most:
        return dict.fromkeys(allowed, 1.0)
    usual = sum(known.values()) / len(known)
    return {pk: known.get(pk, usual) / most for pk in allowed}


def diverse(
    pool: Sequence[int],
    values: Mapping[int, float],
    facts: Mapping[int, Facts],
    rate: float,
    slots: int,
    likeness: Likeness | None = None,
) -> list[int]:
    """`slots` of the pool, each the best of (1 − rate) · value − rate · likeness to those before.

    Value over the best of the pool; likeness the largest to any that is chosen already.
    Source: Carbonell & Goldstein, The use of MMR, SIGIR 1998.
    """
    if not rate or slots < 2:
        return list(pool[:slots])
    best = max(values[pk] for pk in pool) or 1.0
    worth = {pk: (1 - rate) * values[pk] / best for pk in pool}
    matrix = likeness(pool) if likeness else [[0.0] * len(pool)] * len(pool)
    row_of = {pk: row for row, pk in enumerate(pool)}
    closest = dict.fromkeys(pool, 0.0)
    chosen: list[int] = []
    while len(chosen) < slots:
        pk = max(closest, key=lambda one: worth[one] - rate * closest[one])
        chosen.append(pk)
        del closest[pk]
        for other in closest:
            alike = matrix[row_of[pk]][row_of[other]]
            closest[other] = max(closest[other], in_common(facts[pk], facts[other], alike))
    return chosen


def in_common(one: Facts, other: Facts, alike: float) -> float:
    """0–1: category, brand and what the model says of the two."""
    category = SAME_CATEGORY * (one.category_id == other.category_id and one.category_id > 0)
    brand = SAME_BRAND * (one.brand_id == other.brand_id and one.brand_id > 0)
    return category + brand + ALIKE * alike


def explored(
    pool: Sequence[int], chosen: Sequence[int], rate: float, seed: str
) -> list[tuple[int, float]]:
    """(product, propensity) per free place: with probability `rate` all places are drawn by lot.

    The lot draws without repetition from the whole pool of M, each order equally likely, so that a
    product stands in a place with probability (1 − rate) · [it is the chosen one] + rate / M.
    The lot is a hash of the seed: the same receipt draws the same list again.
    """
    if not rate:
        return [(pk, 1.0) for pk in chosen]
    by_lot = rate / len(pool) if pool else 0.0
    listed = list(chosen)
    if lot(seed, "explore") < rate:
        listed = sorted(pool, key=lambda pk: lot(seed, str(pk)))[: len(chosen)]
    return [
        (pk, by_lot + (1 - rate if pk == usual else 0.0))
        for pk, usual in zip(listed, chosen, strict=True)
    ]


def lot(seed: str, what: str) -> float:
    """A number in [0, 1) that looks random and is the same for the same words on any machine."""
    digest = hashlib.sha256(f"{seed}:{what}".encode()).digest()
    return int.from_bytes(digest[:8]) / 2**64


def _woven(pinned: Mapping[int, Placed], others: Sequence[Placed]) -> list[Placed]:
    """Pins in their places, the others around them; a pin beyond the end comes last."""
    rest, result = iter(others), []
    for place in range(len(pinned) + len(others)):
        found = pinned.get(place) or next(rest, None)
        if found:
            result.append(found)
    late = [row for place, row in sorted(pinned.items()) if row not in result]
    return [*result, *late]
