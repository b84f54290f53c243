"""The words of a model: which categories, channels and prices it knows, and what product names mean.

Read once when a model is learned and kept with it, so that a customer is read the same way later.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from .persona_habits import LEAST_CATEGORY_SHARE, MOST_CATEGORIES, Baskets

TEXT_AXES = 6
LEAST_CHANNEL_SHARE = 0.05
OTHER = ""


@dataclass(frozen=True)
class Bought:
    """What was read: orders sorted by customer and time, lines in any order. Parallel arrays.

    customer: row of the wanted customers; spent_minor: without taxes; order: row of the order a
    line is in; category: its code, "" without one; product: key; price_minor: per unit.
    """

    customers: int
    customer: np.ndarray
    at: np.ndarray
    hour: np.ndarray
    weekday: np.ndarray
    month: np.ndarray
    channel: np.ndarray
    spent_minor: np.ndarray
    order: np.ndarray
    product: np.ndarray
    category: np.ndarray
    units: np.ndarray
    price_minor: np.ndarray
    discounted: np.ndarray


@dataclass(frozen=True)
class Words:
    """categories: codes; usual_price: (categories + 1,) log minor units, the last for all others;
    text_axes: (dimensions of the encoder, axes) and text_mean: (dimensions,), empty without text."""

    categories: tuple[str, ...]
    channels: tuple[int, ...]
    usual_price: np.ndarray
    text_axes: np.ndarray = field(default_factory=lambda: np.zeros((0, 0)))
    text_mean: np.ndarray = field(default_factory=lambda: np.zeros(0))

    def read(self, bought: Bought, meanings: dict[int, np.ndarray] | None = None) -> Baskets:
        """meanings: product → vector of the encoder. A product without one means the average."""
        category = _rows(bought.category, self.categories)
        price = np.log(np.maximum(bought.price_minor, 1.0)) - self.usual_price[category]
        return Baskets(
            customers=bought.customers,
            customer=bought.customer,
            hour=bought.hour,
            weekday=bought.weekday,
            month=bought.month,
            channel=bought.channel,
            order=bought.order,
            category=category,
            units=np.maximum(bought.units, 1),
            price_ratio=price,
            discounted=bought.discounted,
            text=self._text(bought.product, meanings or {}),
            categories=self.categories,
            channels=self.channels,
        )

    def _text(self, product: np.ndarray, meanings: dict[int, np.ndarray]) -> np.ndarray:
        if not self.text_axes.size:
            return np.zeros((product.size, 0))
        keys, place = np.unique(product, return_inverse=True)
        vectors = [meanings.get(int(key), self.text_mean) for key in keys]
        placed = (np.array(vectors).reshape(keys.size, -1) - self.text_mean) @ self.text_axes
        return placed[place]


def _rows(codes: np.ndarray, known: tuple[str, ...]) -> np.ndarray:
    """Row of each code among the known; −1 for any other."""
    where = {code: row for row, code in enumerate(known)}
    unique, place = np.unique(codes, return_inverse=True)
    return np.array([where.get(str(code), -1) for code in unique], np.int64)[place]


def words_of(bought: Bought, meanings: dict[int, np.ndarray] | None = None) -> Words:
    """From the orders that teach. Categories by lines, rare ones together; the usual price is the
    median of a category's lines."""
    codes, counts = np.unique(bought.category, return_counts=True)
    order = np.lexsort((codes, -counts))
    least = LEAST_CATEGORY_SHARE * max(bought.category.size, 1)
    kept = [str(codes[row]) for row in order if codes[row] != OTHER and counts[row] >= least]
    categories = tuple(kept[:MOST_CATEGORIES])
    price = np.log(np.maximum(bought.price_minor, 1.0))
    place = _rows(bought.category, categories)
    everything = float(np.median(price)) if price.size else 0.0
    usual = [
        float(np.median(price[place == row])) if (place == row).any() else everything
        for row in [*range(len(categories)), -1]
    ]
    channels, orders = np.unique(bought.channel[bought.channel >= 0], return_counts=True)
    common = channels[orders >= LEAST_CHANNEL_SHARE * max(bought.channel.size, 1)]
    axes, mean = _text_axes(bought.product, meanings or {})
    return Words(
        categories,
        tuple(int(key) for key in common) if common.size > 1 else (),
        np.array(usual),
        axes,
        mean,
    )


def _text_axes(
    product: np.ndarray, meanings: dict[int, np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Principal axes of what was bought, each product as often as it was."""
    keys, counts = np.unique(product, return_counts=True)
    known = [row for row, key in enumerate(keys) if int(key) in meanings]
    if len(known) <= TEXT_AXES:
        return np.zeros((0, 0)), np.zeros(0)
    vectors = np.array([meanings[int(keys[row])] for row in known], dtype=np.float64)
    weight = counts[known] / counts[known].sum()
    mean = weight @ vectors
    _left, _sizes, axes = np.linalg.svd(
        (vectors - mean) * np.sqrt(weight)[:, None], full_matrices=False
    )
    axes = axes[:TEXT_AXES]
    signs = np.sign(axes[np.arange(len(axes)), np.abs(axes).argmax(axis=1)])
    return (axes * signs[:, None]).T, mean
