"""What a change would do, tried on real people before it is saved. Reads only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

from recommendations.ml.chains import ABOUT_PRODUCTS
from recommendations.ml.policy import Settings
from recommendations.services.asking import Ask
from recommendations.services.explaining import Explanation, Line, explain
from recommendations.services.newcomers import shop_wide_products
from shop.models import Customer, Variant

SAMPLE = 5
DRAWS = 400  # of keys; deleted customers leave holes
ENTERS, LEAVES, UP, DOWN, STAYS = "enters", "leaves", "up", "down", "stays"


@dataclass(frozen=True)
class Move:
    """One product: its place before and after, None where it is not shown. rules: names."""

    product_id: int
    sku: str
    name: str
    before: int | None
    after: int | None
    source: str
    rules: tuple[str, ...]

    @property
    def kind(self) -> str:
        if self.before is None:
            return ENTERS
        if self.after is None:
            return LEAVES
        if self.before == self.after:
            return STAYS
        return UP if self.after < self.before else DOWN


@dataclass(frozen=True)
class Preview:
    """One person, None for somebody nobody knows. after: the new list; left: what leaves it."""

    customer: Customer | None
    sku: str
    after: list[Move]
    left: list[Move]

    @property
    def is_changed(self) -> bool:
        return bool(self.left) or any(move.kind != STAYS for move in self.after)


def sample_of_customers(seed: int, count: int = SAMPLE) -> list[Customer]:
    """At most `count` customers who have ordered, the same ones for the same seed."""
    ordered = Customer.objects.filter(orders__isnull=False)
    ends = ordered.order_by("pk").first(), ordered.order_by("pk").last()
    if ends[0] is None or ends[1] is None:
        return []
    drawn = np.random.default_rng(seed).integers(ends[0].pk, ends[1].pk + 1, DRAWS).tolist()
    found = Customer.objects.filter(pk__in=drawn, orders__isnull=False).distinct().in_bulk()
    order = [pk for pk in dict.fromkeys(drawn) if pk in found]
    return [found[pk] for pk in order[:count]]


def usual_sku(at: datetime) -> str:
    """The page to try a placement on that is about a product: what sells best now."""
    best = shop_wide_products(at)[:50]
    skus = dict(
        Variant.objects.sellable(at).filter(product__in=best).values_list("product_id", "sku")
    )
    return next((skus[pk] for pk in best if pk in skus), "")


def previews(
    before: Settings,
    after: Settings,
    people: Sequence[Customer | None],
    at: datetime,
    *,
    sku: str = "",
    limit: int = 10,
) -> list[Preview]:
    """Both lists for each person, side by side. Exploration is left out: chance is no effect."""
    place = before.placement
    if place in ABOUT_PRODUCTS and not sku:
        sku = usual_sku(at)
    skus = (sku,) if place in ABOUT_PRODUCTS and sku else ()
    found = []
    for customer in people:
        ask = Ask(placement=place, customer=customer, skus=skus, limit=limit)
        old, new = (
            explain(ask, at=at, settings=replace(one, exploration_rate=0.0), show=limit)
            for one in (before, after)
        )
        found.append(_preview(customer, skus[0] if skus else "", old, new))
    return found


def _preview(customer: Customer | None, sku: str, old: Explanation, new: Explanation) -> Preview:
    was = {line.product_id: line for line in old.lines if line.place}
    now = {line.product_id: line for line in new.lines if line.place}
    after = sorted(
        (_move(line, was.get(pk), line) for pk, line in now.items()), key=lambda m: m.after or 0
    )
    left = sorted(
        (_move(line, line, None) for pk, line in was.items() if pk not in now),
        key=lambda m: m.before or 0,
    )
    return Preview(customer, sku, after, left)


def _move(line: Line, old: Line | None, new: Line | None) -> Move:
    return Move(
        line.product_id,
        line.sku,
        line.name,
        old.place if old else None,
        new.place if new else None,
        line.source,
        tuple(rule.name for rule in new.rules) if new else (),
    )
