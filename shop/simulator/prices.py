"""Prices over time: list prices that move now and then, promotions with a depth and an end."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from .catalogue import Catalogue
from .phrases.goods import SHELVES
from .seasons import black_friday_pull, category_season, days_of
from .world import World

DEPTHS = np.array([0.10, 0.15, 0.20, 0.25, 0.30])
PROMOTION_LENGTHS_DAYS = (5, 11)
MARGIN = (0.42, 0.62)  # cost as a share of the list price


@dataclass(frozen=True)
class PricePaths:
    """Minor units. Arrays (skus, days) unless said otherwise."""

    list_minor: np.ndarray
    price_minor: np.ndarray
    on_promotion: np.ndarray  # bool
    cost_minor: np.ndarray  # (skus,)
    base_minor: np.ndarray  # (skus,) the reference of elasticity


def make_prices(world: World, catalogue: Catalogue) -> PricePaths:
    rng = world.rng("prices")
    level = _list_level(rng, world)[catalogue.product_idx]
    depth = _promotion_depth(rng, world, catalogue)[catalogue.product_idx]
    base = _charm(catalogue.base_price[:, None], world.minor_digits)
    listed = _charm(catalogue.base_price[:, None] * level, world.minor_digits)
    price = np.where(depth > 0, np.round(listed * (1 - depth)).astype(np.int64), listed)
    cost = base[:, 0] * rng.uniform(*MARGIN, len(base))
    return PricePaths(listed, price, depth > 0, np.round(cost).astype(np.int64), base[:, 0])


def log_demand_effect(world: World, catalogue: Catalogue, paths: PricePaths) -> np.ndarray:
    """Season, price and promotion of each SKU, in logs. Shape (skus, days).

    log m = season(category, day) - elasticity * log(price / base price) + uplift * on promotion
    """
    of_product = catalogue.product_idx
    season = category_season(world, SHELVES)[catalogue.category_idx[of_product]]
    relative = np.log(paths.price_minor / paths.base_minor[:, None])
    pull = catalogue.uplift[of_product, None] * paths.on_promotion
    return season - catalogue.elasticity[of_product, None] * relative + pull


def price_rows(world: World, catalogue: Catalogue, paths: PricePaths) -> pl.DataFrame:
    """The price ledger: `sku, kind, amount_minor, from_day, until_day` (until: null for lists)."""
    launch = catalogue.launch_day[catalogue.product_idx]
    days = np.arange(world.days)
    alive = days[None, :] >= launch[:, None]
    changed = np.diff(paths.list_minor, axis=1, prepend=-1) != 0
    listed = _runs(catalogue, (changed & alive) | (days[None, :] == launch[:, None]))
    listed = listed.with_columns(
        kind=pl.lit("list"),
        amount_minor=pl.Series(paths.list_minor[listed["sku_idx"], listed["from_day"]]),
        until_day=pl.lit(None, dtype=pl.Int64),
    )
    return pl.concat(
        [listed, _campaign_rows(catalogue, paths, alive)], how="diagonal_relaxed"
    ).sort("sku_idx", "from_day", "kind", descending=[False, False, True])


def _campaign_rows(catalogue: Catalogue, paths: PricePaths, alive: np.ndarray) -> pl.DataFrame:
    """One row per unbroken stretch of one promotion price."""
    on = paths.on_promotion & alive
    before = np.roll(on, 1, axis=1)
    before[:, 0] = False
    moved = np.diff(paths.price_minor, axis=1, prepend=-1) != 0
    after = np.roll(on, -1, axis=1)
    after[:, -1] = False
    moves_next = np.roll(moved, -1, axis=1)
    starts = _runs(catalogue, on & (~before | moved))
    ends = _runs(catalogue, on & (~after | moves_next))
    return starts.with_columns(
        kind=pl.lit("campaign"),
        amount_minor=pl.Series(paths.price_minor[starts["sku_idx"], starts["from_day"]]),
        until_day=ends["from_day"] + 1,
    )


def _runs(catalogue: Catalogue, mask: np.ndarray) -> pl.DataFrame:
    sku_idx, day = np.nonzero(mask)
    return pl.DataFrame(
        {"sku_idx": sku_idx, "sku": catalogue.skus["sku"][sku_idx], "from_day": day}
    )


def _list_level(rng: np.random.Generator, world: World) -> np.ndarray:
    """Relative list price: about two small steps a year, a little upwards. (products, days)."""
    steps = rng.random((world.products, world.days)) < 2 / 365
    steps[:, 0] = False
    sizes = np.where(steps, rng.normal(0.015, 0.05, steps.shape), 0.0)
    return np.exp(np.clip(np.cumsum(sizes, axis=1), -0.25, 0.3))


def _promotion_depth(rng: np.random.Generator, world: World, catalogue: Catalogue) -> np.ndarray:
    """0 off promotion. A campaign about every 18 days takes a twelfth of the range; Black Friday
    takes a third of it. Shape (products, days)."""
    depth = np.zeros((world.products, world.days))
    if not world.promotions:
        return depth
    day = int(rng.integers(6, 18))
    while day < world.days - 3:
        length = int(rng.integers(*PROMOTION_LENGTHS_DAYS))
        chosen = rng.random(world.products) < 1 / 12
        depth[chosen, day : day + length] = rng.choice(DEPTHS, (chosen.sum(), 1))
        day += length + int(rng.integers(6, 16))
    friday = black_friday_pull(days_of(world)) > 0
    chosen = rng.random(world.products) < 1 / 3
    deep = rng.choice(DEPTHS[2:] + 0.05, (world.products, 1))
    return np.where(chosen[:, None] & friday[None, :], np.maximum(depth, deep), depth)


def _charm(amount: np.ndarray, digits: int) -> np.ndarray:
    """A price label: x.50 or x.95, whole numbers for currencies without a minor unit."""
    if digits == 0:
        return np.maximum(np.round(amount / 10) * 10, 10).astype(np.int64)
    unit = 10**digits
    half = np.maximum(np.round(amount * 2), 2)
    whole_label = half % 2 == 0
    minor = half * (unit // 2) - np.where(whole_label, unit // 20, 0)
    return minor.astype(np.int64)
