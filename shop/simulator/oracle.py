"""How near a model came to the truth of a simulated shop. For tests and benchmarks alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

ATTENTION = 0.85  # of those who looked at one place, how many look at the next
CLICKS_A_LOOK = 0.25  # of a product that is exactly as much liked as the list that is best for her


def true_taste(truth: dict[str, Any]) -> np.ndarray:
    """float64 (customers, products): u · v, what a person likes beside what everybody buys."""
    arrays = truth["arrays"]
    return arrays["taste"].astype(np.float64) @ arrays["factors"].astype(np.float64).T


def true_liking(truth: dict[str, Any]) -> np.ndarray:
    """float64 (customers, products): u · v + log popularity, the log weight of docs/simulator.md."""
    popularity = truth["products"]["popularity"].to_numpy()
    return true_taste(truth) + np.log(popularity)[None, :]


def spearman_by_row(scores: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """float64 (rows,): rank correlation of each row; equal scores share their mean rank.

    NaN where a row's scores are all equal. Source: Spearman, American J. of Psychology 15 (1904).
    """
    ranks = [_centred_ranks(part) for part in (scores, truth)]
    norms = np.sqrt((ranks[0] ** 2).sum(axis=1) * (ranks[1] ** 2).sum(axis=1))
    return np.divide(
        (ranks[0] * ranks[1]).sum(axis=1), norms, out=np.full(len(scores), np.nan), where=norms > 0
    )


def _centred_ranks(values: np.ndarray) -> np.ndarray:
    from scipy.stats import rankdata

    ranks = rankdata(values, axis=1)
    return ranks - ranks.mean(axis=1, keepdims=True)


def beside_everybody(values: np.ndarray) -> np.ndarray:
    """Each row's scores on one scale, less what the rows have in common: the personal part."""
    spread = values.std(axis=1, keepdims=True)
    even = (values - values.mean(axis=1, keepdims=True)) / np.where(spread > 0, spread, 1.0)
    return even - even.mean(axis=0, keepdims=True)


def precision_at(lists: np.ndarray, right: list[set[int]]) -> np.ndarray:
    """float64 (rows,): the share of a list's places that hold what is right for its row.

    lists: int (rows, k), −1 for an empty place, which is never right.
    """
    hits = [
        [item in wanted for item in row] for row, wanted in zip(lists.tolist(), right, strict=True)
    ]
    return np.array(hits, dtype=float).reshape(len(lists), -1).mean(axis=1)


def interval(values: np.ndarray) -> tuple[float, float, float]:
    """Mean and its 95 % interval over independent runs. Source: Student, Biometrika 6 (1908)."""
    from scipy.stats import t

    mean = float(values.mean())
    if len(values) < 2:
        return mean, float("nan"), float("nan")
    half = float(t.ppf(0.975, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values)))
    return mean, mean - half, mean + half


@dataclass(frozen=True)
class Shown:
    """What a list led to, per list shown: expected clicks, and their units' margin."""

    clicks: float
    margin: float


def clicked(lists: np.ndarray, liking: np.ndarray, margin: np.ndarray) -> Shown:
    """A cascade of attention times true liking, without chance: what is expected of the lists.

    lists: int (rows, k), −1 for an empty place. liking: float (rows, products) true log weights;
    margin: float (products,) per click that becomes a sale. A place is looked at with
    ATTENTION ** place; a product that is looked at is clicked in proportion to its true weight
    over the best of the person. Source: Moffat & Zobel, ACM TOIS 27 (2008), rank-biased precision.
    """
    weight = np.exp(liking - liking.max(axis=1, keepdims=True))
    there = lists >= 0
    chosen = np.take_along_axis(weight, np.maximum(lists, 0), axis=1)
    attention = ATTENTION ** np.arange(lists.shape[1])
    clicks = CLICKS_A_LOOK * chosen * attention[None, :] * there
    return Shown(
        float(clicks.sum(axis=1).mean()),
        float((clicks * margin[np.maximum(lists, 0)]).sum(axis=1).mean()),
    )


def product_rows(shop: Any) -> dict[str, int]:
    """SKU → its product's place in the truth."""
    places = shop.truth["arrays"]["product_idx"].tolist()
    return dict(zip(shop.truth["skus"], places, strict=True))


def known_events(shop: Any) -> dict[str, np.ndarray]:
    """What a shop may learn from, of customers it knows: arrays of one entry per event.

    customer, product: int64 places in the truth; kind: purchase, cart_add or view; at: float64
    epoch seconds. Views and carts only under consent; purchases from the orders that stood.
    """
    import polars as pl

    customers = shop.truth["customers"]["customer_code"].to_list()
    place = {code: number for number, code in enumerate(customers)}
    product = product_rows(shop)
    events = shop.frames["events"].filter(
        pl.col("kind").is_in(["view", "cart_add"])
        & pl.col("consent")
        & pl.col("customer_code").is_not_null()
    )
    items = shop.frames["orders"].filter(
        pl.col("sku").is_not_null() & (pl.col("state") != "cancelled")
    )
    rows = pl.concat(
        [
            events.select("customer_code", "sku", "kind", at="occurred_at"),
            items.select("customer_code", "sku", kind=pl.lit("purchase"), at="placed_at"),
        ]
    ).filter(pl.col("customer_code").is_not_null())
    return {
        "customer": np.array([place[code] for code in rows["customer_code"]]),
        "product": np.array([product[sku] for sku in rows["sku"]]),
        "kind": rows["kind"].to_numpy(),
        "at": rows["at"].dt.epoch("us").to_numpy() / 1e6,
    }


def margins_minor(shop: Any) -> np.ndarray:
    """int64 (products,): usual price less cost of a product's first SKU, in minor units."""
    arrays = shop.truth["arrays"]
    cost = dict(shop.frames["products"].select("sku", "cost").iter_rows())
    minor = 10**shop.world.minor_digits
    first = np.unique(arrays["product_idx"], return_index=True)[1]
    return np.array(
        [
            round(float(arrays["base_minor"][sku]) - float(cost[shop.truth["skus"][sku]]) * minor)
            for sku in first.tolist()
        ]
    )
