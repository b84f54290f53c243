"""New SKUs: what borrowing from neighbours is worth, against the mean of the category and own days alone.

    python benchmarks/new_items.py [--seeds 5] [--products 150]

A known-truth shop per seed. A quarter of the SKUs pass for new: all but their last k days are hidden. Each
is forecast for the 28 days after, in which it is then held against what was wanted: WAPE of the 28-day totals
over those SKUs, and how often the interval of a day (0.1 to 0.9) holds it. The others are
forecast by their last 28 days. Means over seeds with 95 % intervals.
"""

from __future__ import annotations

import argparse
import os
import sys
from datetime import date
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

import django

django.setup()

import numpy as np  # noqa: E402

from inventory.ml.classes import demand_classes  # noqa: E402
from inventory.ml.counts import dispersion  # noqa: E402
from inventory.ml.newcomers import Traits, borrow, likeness  # noqa: E402
from language.embeddings import load_embedder  # noqa: E402
from shop.simulator import oracle  # noqa: E402
from shop.simulator.shop import SimulatedShop, simulate  # noqa: E402
from shop.simulator.world import make_world  # noqa: E402

HORIZON, DAYS = 28, 400
KNOWN_DAYS = (0, 3, 7, 14, 21)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--products", type=int, default=150)
    asked = parser.parse_args()
    rows = []
    for seed in range(asked.seeds):
        world = make_world(
            "teahouse", products=asked.products, customers=4000, days=DAYS, seed=seed,
            until=date(2026, 6, 30),
        )  # fmt: skip
        rows.append(measured(simulate(world), seed))
    print(
        f"{'days known':>10} | {'borrowed':>22} | {'category mean':>22} | {'own days':>22} | held"
    )
    for days in KNOWN_DAYS:
        cells = []
        for name in ("borrowed", "category", "own", "held"):
            mean, low, high = oracle.interval(np.array([row[days][name] for row in rows]))
            known = f"{mean:.3f} [{low:.3f}, {high:.3f}]"
            cells.append(known if np.isfinite(mean) else "-")
        print(f"{days:>10} | " + " | ".join(f"{cell:>22}" for cell in cells))


def measured(shop: SimulatedShop, seed: int) -> dict[int, dict[str, float]]:
    arrays = shop.truth["arrays"]
    units = arrays["demanded_units"].astype(float)
    cut = DAYS - HORIZON
    first = shop.truth["products"]["launch_day"].to_numpy()[arrays["product_idx"]]
    last = shop.truth["products"]["end_day"].to_numpy()[arrays["product_idx"]]
    alive = np.flatnonzero((first < cut - 90) & (last >= DAYS))
    new = np.random.default_rng(seed).permutation(alive)[: len(alive) // 4]
    old = np.setdiff1d(alive, new)
    traits = _traits(shop, cut)
    weight = likeness(traits, new, old)
    peers = np.repeat(units[old, cut - HORIZON : cut].mean(axis=1)[:, None], HORIZON, axis=1)
    phi = dispersion(units[old, :cut], demand_classes(units[old, :cut]))
    actual = units[new, cut:]
    same = traits.group[new][:, None] == traits.group[old][None, :]
    category = (same @ peers[:, 0]) / np.maximum(same.sum(axis=1), 1)
    found = {}
    for days in KNOWN_DAYS:
        seen = np.full((len(new), cut), np.nan)
        if days:
            seen[:, -days:] = units[new, cut - days : cut]
        made = borrow(seen, peers, phi, weight)
        low, high = made.forecast.quantiles[:, :, 0], made.forecast.quantiles[:, :, -1]
        own = np.nanmean(seen, axis=1) if days else np.full(len(new), np.nan)
        found[days] = {
            "borrowed": _wape(made.forecast.mean.sum(axis=1), actual),
            "category": _wape(category * HORIZON, actual),
            "own": _wape(own * HORIZON, actual),
            "held": float(((actual >= low) & (actual <= high)).mean()),
        }
    return found


def _wape(total: np.ndarray, actual: np.ndarray) -> float:
    return float(np.abs(total - actual.sum(axis=1)).sum() / actual.sum())


def _traits(shop: SimulatedShop, day: int) -> Traits:
    of = shop.truth["arrays"]["product_idx"]
    goods = shop.frames["products"]
    brands = np.unique(goods["brand"].fill_null("").to_numpy(), return_inverse=True)[1]
    groups = np.unique(shop.truth["products"]["category_code"].to_numpy(), return_inverse=True)[1]
    return Traits(
        group=groups[of],
        log_price=np.log(shop.truth["arrays"]["list_minor"][:, day - 1]),
        brand=brands,
        text=load_embedder().encode(goods["name"].to_list()),
    )


if __name__ == "__main__":
    main()
