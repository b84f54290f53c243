"""The shops that policies are played in: one whose truth is known, and two real ones."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl

from inventory.ml.course import Plans


@dataclass(frozen=True)
class Shop:
    """units (n, T) daily demand, promotion (n, T) or None; first: first held-out day."""

    name: str
    days: np.ndarray
    units: np.ndarray
    promotion: np.ndarray | None
    first: int
    countries: tuple[str, ...]
    groups: np.ndarray | None = None
    depth: np.ndarray | None = None

    def rows(self, keep: np.ndarray) -> Shop:
        return replace(
            self,
            units=self.units[keep],
            promotion=None if self.promotion is None else self.promotion[keep],
            groups=None if self.groups is None else self.groups[keep],
            depth=None if self.depth is None else self.depth[keep],
        )

    def planned(self, start: int, days: int, *, known_days: int) -> Plans:
        """Reductions of `days` days from `start` on, as far as they are set by then: `known_days`."""
        parts = []
        for part in (self.promotion, self.depth):
            if part is not None:
                part = part[:, start : start + min(days, known_days)]
                part = np.pad(part, ((0, 0), (0, days - part.shape[1])))
            parts.append(part)
        return Plans(*parts)


def known_truth_shop(seed: int) -> Shop:
    from shop.simulator.shop import simulate
    from shop.simulator.world import make_world

    world = make_world(
        "teahouse", products=48, customers=2500, days=840, seed=seed, until=date(2026, 6, 30)
    )
    truth = simulate(world).truth
    arrays, codes = truth["arrays"], truth["products"]["category_code"].to_numpy()
    groups = np.unique(codes, return_inverse=True)[1][arrays["product_idx"]]
    units = arrays["demanded_units"].astype(float)
    days = np.datetime64("2026-06-30") - np.arange(840)[::-1]
    alive = units[:, :300].sum(axis=1) > 0
    promotion = arrays["on_promotion"].astype(float)[alive]
    fall = np.log(arrays["list_minor"] / arrays["price_minor"])[alive] * promotion
    first = 840 - 364
    return Shop("known truth", days, units[alive], promotion, first, ("GB",), groups[alive], fall)


def pasta_shop(folder: Path) -> Shop:
    table = pl.read_csv(
        folder / "italian_pasta" / "hierarchical_sales_data.csv", try_parse_dates=True
    )
    first, last = table["DATE"].min(), table["DATE"].max()
    days = np.arange(np.datetime64(first), np.datetime64(last) + 1)
    place = (table["DATE"].to_numpy().astype("datetime64[D]") - days[0]).astype(int)
    names = [name for name in table.columns if name.startswith("QTY")]
    units, promotion = np.zeros((len(names), len(days))), np.zeros((len(names), len(days)))
    for row, name in enumerate(names):
        units[row, place] = table[name].fill_null(0).to_numpy()
        promotion[row, place] = table[name.replace("QTY", "PROMO")].fill_null(0).to_numpy()
    return Shop("italian_pasta", days, units, promotion, len(days) - 364, ("IT",))


def retail_shop(folder: Path) -> Shop:
    """SKUs with a sale in a third of the weeks before: the rest has nothing to plan from."""
    table = pl.read_csv(
        folder / "online_retail" / "online_retail.csv.gz",
        infer_schema_length=0,
        encoding="utf8-lossy",
    ).with_columns(
        day=pl.col("InvoiceDate").str.slice(0, 10).str.to_date(),
        units=pl.col("Quantity").cast(pl.Int64),
    )
    table = table.filter((pl.col("units") > 0) & ~pl.col("InvoiceNo").str.starts_with("C"))
    sums = table.group_by("StockCode", "day").agg(pl.col("units").sum())
    days = np.arange(np.datetime64(sums["day"].min()), np.datetime64(sums["day"].max()) + 1)
    skus = sums["StockCode"].unique().sort().to_list()
    row_of = {sku: row for row, sku in enumerate(skus)}
    units = np.zeros((len(skus), len(days)))
    for sku, day, count in sums.iter_rows():
        units[row_of[sku], (np.datetime64(day) - days[0]).astype(int)] = count
    first = len(days) - 140
    weeks = units[:, : first // 7 * 7].reshape(len(units), -1, 7).sum(axis=2)
    often = np.flatnonzero((weeks > 0).mean(axis=1) > 1 / 3)
    chosen = np.random.default_rng(0).permutation(often)[:200]
    return Shop("online_retail", days, units[np.sort(chosen)], None, first, ("GB",))
