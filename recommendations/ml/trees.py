"""Score with LightGBM's trees in numpy, so that a web process loads no OpenMP and no LightGBM."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

BLOCK = 256  # rows at a time: the tables of comparisons stay in the cache
MOST_LEAVES = 16  # one bit per leaf in a uint16
_TRAILING_ZEROS = np.zeros(1 << MOST_LEAVES, dtype=np.uint8)
for _bit in range(MOST_LEAVES):
    _TRAILING_ZEROS[1 << _bit] = _bit


@dataclass(frozen=True)
class Trees:
    """t trees of at most MOST_LEAVES leaves, as tables; leaves are numbered from the left.

    feature int32, threshold float32, keeps uint16: (t, n): a row whose feature is above the
    threshold cannot end in the leaves whose bit is not in `keeps`. A padded node never fires.
    leaf: float64 (t, MOST_LEAVES).
    Source: Lucchese et al., SIGIR 2015 (QuickScorer).
    """

    feature: np.ndarray
    threshold: np.ndarray
    keeps: np.ndarray
    leaf: np.ndarray

    def predict(self, features: np.ndarray) -> np.ndarray:
        """float64 (rows,): the sum over all trees. features: float32 (rows, f), no NaN."""
        total = np.zeros(len(features))
        for start in range(0, len(features) if len(self.leaf) else 0, BLOCK):
            block = slice(start, start + BLOCK)
            total[block] = self._predict(features[block])
        return total

    def _predict(self, features: np.ndarray) -> np.ndarray:
        columns = np.ascontiguousarray(features.T)
        above = columns[self.feature.ravel()] > self.threshold.ravel()[:, None]
        left = np.where(above, self.keeps.ravel()[:, None], np.uint16(0xFFFF))
        left = left.reshape(*self.feature.shape, len(features))
        reached = np.bitwise_and.reduce(left, axis=1)
        place = _TRAILING_ZEROS[reached & (~reached + np.uint16(1))]
        return np.take_along_axis(self.leaf, place, axis=1).sum(axis=0)


def read_trees(text: str) -> Trees:
    """Tables from LightGBM's text format, numerical splits without missing values only.

    Raises ValueError for a tree that has categorical splits or too many leaves.
    """
    blocks = text.split("end of trees")[0].split("\nTree=")[1:]
    trees = [
        _tree(dict(line.split("=", 1) for line in block.split("\n") if "=" in line))
        for block in blocks
    ]
    nodes = max((len(tree[0]) for tree in trees), default=1)
    feature = np.zeros((len(trees), max(nodes, 1)), dtype=np.int32)
    threshold = np.full(feature.shape, np.inf, dtype=np.float32)
    keeps = np.full(feature.shape, 0xFFFF, dtype=np.uint16)
    leaf = np.zeros((len(trees), MOST_LEAVES))
    for number, (features, thresholds, masks, leaves) in enumerate(trees):
        feature[number, : len(features)] = features
        threshold[number, : len(features)] = thresholds
        keeps[number, : len(features)] = masks
        leaf[number, : len(leaves)] = leaves
    return Trees(feature, threshold, keeps, leaf)


def _tree(fields: dict[str, str]) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    values = _numbers(fields["leaf_value"])
    if len(values) > MOST_LEAVES or fields.get("num_cat", "0") != "0":
        raise ValueError("a tree has too many leaves or categorical splits")
    if len(values) == 1:
        none = np.zeros(0)
        return none, none, none, values
    left, right = (
        _numbers(fields["left_child"]).astype(int),
        _numbers(fields["right_child"]).astype(int),
    )
    order: list[int] = []
    masks = np.zeros(len(left), dtype=np.uint16)
    _walk(0, left, right, order, masks)
    wide = _numbers(fields["threshold"])
    narrow = wide.astype(np.float32)
    # x ≤ wide for a float32 x exactly when x ≤ the largest float32 that is not above it.
    narrow = np.where(narrow > wide, np.nextafter(narrow, np.float32(-np.inf)), narrow)
    return _numbers(fields["split_feature"]).astype(int), narrow, masks, values[order]


def _walk(
    node: int, left: np.ndarray, right: np.ndarray, order: list[int], masks: np.ndarray
) -> None:
    """Leaves from the left into `order`; a node's mask clears the leaves to its left."""
    if node < 0:
        order.append(~node)
        return
    begin = len(order)
    _walk(left[node], left, right, order, masks)
    masks[node] = 0xFFFF & ~(((1 << len(order)) - 1) & ~((1 << begin) - 1))
    _walk(right[node], left, right, order, masks)


def _numbers(text: str) -> np.ndarray:
    return np.array(text.split(), dtype=np.float64)
