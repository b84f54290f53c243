"""A simulated shop's latent demand and true elasticities beside what is found of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from inventory.ml.elasticity import Elasticities, learn_elasticities
from inventory.ml.expected import corrected, expected_units
from shop.simulator.shop import simulate
from shop.simulator.world import make_world

WINDOW_DAYS = 28
LEAST_OUT_DAYS = 7


@dataclass(frozen=True)
class DemandWorld:
    """All (skus, days) but groups and true (skus,). units: NaN before launch, after the end, and on
    days without stock from morning to night; sold_out: the shelf was empty in the evening."""

    units: np.ndarray
    sold: np.ndarray
    demanded: np.ndarray
    sold_out: np.ndarray
    live: np.ndarray
    groups: np.ndarray
    true: np.ndarray
    found: Elasticities


def make_demand_world(seed: int, *, until: date, **sizes: int) -> DemandWorld:
    shop = simulate(make_world("teahouse", seed=seed, until=until, **sizes))
    arrays, products = shop.truth["arrays"], shop.truth["products"]
    of = arrays["product_idx"]
    groups = np.unique(products["category_code"].to_numpy(), return_inverse=True)[1][of]
    sold = arrays["sold_units"].astype(float)
    day = np.arange(sold.shape[1])
    launch, end = (products[name].to_numpy()[of][:, None] for name in ("launch_day", "end_day"))
    live = (day >= launch) & (day < end)
    empty = arrays["closing_available"] <= 0
    morning = np.hstack([np.zeros((len(sold), 1), bool), empty[:, :-1]])
    out = empty & morning & (sold == 0)
    units = np.where(live & ~out, sold, np.nan)
    sold_out = empty & live & ~out
    found = learn_elasticities(
        units,
        arrays["price_minor"].astype(float),
        arrays["on_promotion"].astype(float),
        groups=groups,
        sold_out=sold_out,
    )
    true = products["elasticity"].to_numpy()[of]
    demanded = arrays["demanded_units"].astype(float)
    return DemandWorld(units, sold, demanded, empty & live, live, groups, true, found)


def demand_found(world: DemandWorld) -> dict[str, float]:
    """WAPE against latent demand over windows with LEAST_OUT_DAYS days sold out."""
    masked = np.where(world.sold_out, np.nan, world.units)
    expected = expected_units(masked, world.found.effect, world.groups)
    none = np.full(expected.shape, np.nan)
    wanted = corrected(world.sold, np.maximum(expected, world.sold), world.sold_out, none)
    whole = world.sold.shape[1] // WINDOW_DAYS * WINDOW_DAYS

    def windows(values: np.ndarray) -> np.ndarray:
        return values[:, -whole:].reshape(len(values), -1, WINDOW_DAYS).sum(axis=2)

    hit = windows(world.sold_out.astype(float)) >= LEAST_OUT_DAYS
    truth = windows(world.demanded)[hit]
    return {
        name: float(np.abs(windows(values)[hit] - truth).sum() / truth.sum())
        for name, values in (("wape_sales_only", world.sold), ("wape_corrected", wanted))
    }


def elasticity_found(world: DemandWorld) -> dict[str, float]:
    """Of the quarter of SKUs that is wanted most."""
    top = np.argsort(-world.demanded.sum(axis=1))[: len(world.true) // 4]
    error = np.abs(world.found.elasticity[top] / world.true[top] - 1)
    held = (world.found.low <= world.true) & (world.true <= world.found.high)
    return {
        "elasticity_error_mean": float(error.mean()),
        "elasticity_error_median": float(np.median(error)),
        "elasticity_held_by_80": float(held.mean()),
    }
