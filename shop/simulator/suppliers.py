"""Who delivers: what they promise, and what they do."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .phrases.people import SUPPLIERS
from .seasons import SUPPLIER_PAUSE_DAYS, after_new_year
from .world import World


@dataclass(frozen=True)
class Suppliers:
    code: list[str]
    name: list[str]
    country: list[str]
    promised_days: np.ndarray  # (suppliers,)
    true_mean_days: np.ndarray
    true_sigma: np.ndarray  # of the log
    fill_rate: np.ndarray  # chance that an order arrives complete
    moq_units: np.ndarray  # per SKU
    pack_size: np.ndarray
    review_weekday: np.ndarray  # the day that the buyer looks at this supplier


def make_suppliers(world: World) -> Suppliers:
    rng = world.rng("suppliers")
    count = int(np.clip(world.products // 20, 6, len(SUPPLIERS)))
    chosen = SUPPLIERS[:count]
    promised = np.array([days for _n, _c, days in chosen])
    slip = np.clip(rng.normal(world.lead_time_slip, 0.15, count), 0.9, None)
    return Suppliers(
        code=[f"S{n + 1:03d}" for n in range(count)],
        name=[name for name, _c, _d in chosen],
        country=[country for _n, country, _d in chosen],
        promised_days=promised,
        true_mean_days=promised * slip,
        true_sigma=rng.uniform(0.12, 0.35, count),
        fill_rate=np.clip(rng.beta(14, 1.6, count), 0.6, 0.99),
        moq_units=rng.choice([6, 12, 24], count, p=[0.5, 0.35, 0.15]),
        pack_size=rng.choice([1, 2, 6], count, p=[0.4, 0.3, 0.3]),
        review_weekday=rng.integers(0, 5, count),
    )


def lead_times(
    rng: np.random.Generator, suppliers: Suppliers, supplier_idx: np.ndarray, day: np.datetime64
) -> np.ndarray:
    """Days from order to receipt, one per order line: lognormal with the supplier's true mean.

    An order that a Chinese workshop would finish during its New Year rest waits for its end.
    """
    sigma = suppliers.true_sigma[supplier_idx]
    mean = suppliers.true_mean_days[supplier_idx]
    days = np.exp(rng.normal(np.log(mean) - sigma**2 / 2, sigma))
    days = np.maximum(np.round(days), 2).astype(int)
    chinese = np.array([c == "CN" for c in suppliers.country])[supplier_idx]
    resting = after_new_year(day + days, SUPPLIER_PAUSE_DAYS)
    return days + np.where(chinese & resting, SUPPLIER_PAUSE_DAYS, 0)


def round_to_packs(units: np.ndarray, moq_units: np.ndarray, pack_size: np.ndarray) -> np.ndarray:
    """Up to the minimum order and to whole packs."""
    wanted = np.maximum(np.ceil(units), moq_units)
    return (np.ceil(wanted / pack_size) * pack_size).astype(int)
