"""Groups of points, and how far they can be trusted: stability, recovery, silhouette, strength."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

MOST_POINTS = 4_000  # of a silhouette and of a mixture: both are quadratic, or slow
STARTS = 5


@dataclass(frozen=True)
class Cut:
    """centres: (groups, axes). stability: mean adjusted Rand index between the whole and samples of
    it; recovery: (groups,) mean Jaccard of each group with its best match in a sample; smallest:
    customers in the smallest group."""

    centres: np.ndarray
    stability: float
    recovery: np.ndarray
    silhouette: float
    silhouette_error: float
    smallest: int

    @property
    def least_recovery(self) -> float:
        return float(self.recovery.min())

    def figures(self) -> dict:
        return {
            "groups": len(self.centres),
            "stability": round(self.stability, 4),
            "recovery": [round(float(one), 4) for one in self.recovery],
            "silhouette": round(self.silhouette, 4),
            "smallest": self.smallest,
        }


def nearest(points: np.ndarray, centres: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(n,) row of the nearest centre, −1 for a point with a NaN; (n,) distance to it."""
    squares = ((points[:, None, :] - centres[None, :, :]) ** 2).sum(axis=2)
    known = np.isfinite(squares[:, 0])
    found = np.where(known, np.nan_to_num(squares, nan=np.inf).argmin(axis=1), -1)
    return found, np.sqrt(squares[np.arange(len(points)), np.maximum(found, 0)])


def fit_centres(points: np.ndarray, groups: int, method: str, *, seed: int) -> np.ndarray:
    """(groups, axes), largest group first. hdbscan: `groups` is not read, and none may be found.

    A mixture and HDBSCAN give their groups' means; whoever is nearest to one belongs to it.
    """
    labels = LABELS[method](points, groups, seed)
    found = [points[labels == label].mean(axis=0) for label in np.unique(labels[labels >= 0])]
    if not found:
        return np.zeros((0, points.shape[1]))
    centres = np.array(found)
    sizes = np.bincount(nearest(points, centres)[0], minlength=len(centres))
    return centres[np.argsort(-sizes, kind="stable")]


def _kmeans(points: np.ndarray, groups: int, seed: int) -> np.ndarray:
    from sklearn.cluster import KMeans

    return KMeans(groups, n_init=STARTS, random_state=seed).fit_predict(points)


def _mixture(points: np.ndarray, groups: int, seed: int) -> np.ndarray:
    from sklearn.mixture import GaussianMixture

    model = GaussianMixture(groups, covariance_type="tied", n_init=2, random_state=seed)
    return model.fit(points[:MOST_POINTS]).predict(points)


def _hdbscan(points: np.ndarray, groups: int, seed: int) -> np.ndarray:
    from sklearn.cluster import HDBSCAN

    return HDBSCAN(
        min_cluster_size=max(len(points) // 33, 15), min_samples=10, copy=True
    ).fit_predict(points)


LABELS = {"kmeans": _kmeans, "mixture": _mixture, "hdbscan": _hdbscan}


def judge_cut(
    points: np.ndarray, groups: int, method: str, *, seed: int, samples: int
) -> Cut | None:
    """None where the method finds fewer than two groups.

    Source: Hennig (2007), Cluster-wise assessment of cluster stability, Computational Statistics &
    Data Analysis 52; Rousseeuw (1987), Silhouettes, Journal of Computational and Applied
    Mathematics 20.
    """
    from sklearn.metrics import adjusted_rand_score, silhouette_samples

    centres = fit_centres(points, groups, method, seed=seed)
    if len(centres) < 2:
        return None
    random = np.random.default_rng([seed, groups])
    whole = nearest(points, centres)[0]
    agreed, recovered = [], []
    for _sample in range(samples):
        drawn = np.unique(random.integers(0, len(points), len(points)))  # each point once
        other = fit_centres(points[drawn], groups, method, seed=int(random.integers(1 << 31)))
        if len(other) < 2:
            agreed.append(0.0)
            recovered.append(np.zeros(len(centres)))
            continue
        again = nearest(points, other)[0]
        agreed.append(adjusted_rand_score(whole, again))
        recovered.append(best_jaccard(whole, again, len(centres), len(other)))
    some = random.permutation(len(points))[:MOST_POINTS]
    widths = silhouette_samples(points[some], whole[some])
    return Cut(
        centres,
        float(np.mean(agreed)),
        np.mean(recovered, axis=0),
        float(widths.mean()),
        float(widths.std() / np.sqrt(widths.size)),
        int(np.bincount(whole, minlength=len(centres)).min()),
    )


def jaccard(first: np.ndarray, second: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """(rows, columns): members in both over members in either. Labels below 0 belong nowhere."""
    both = (first >= 0) & (second >= 0)
    shared = np.zeros((rows, columns))
    np.add.at(shared, (first[both], second[both]), 1)
    one = np.bincount(first[first >= 0], minlength=rows)[:, None]
    other = np.bincount(second[second >= 0], minlength=columns)[None, :]
    return shared / np.maximum(one + other - shared, 1)


def best_jaccard(first: np.ndarray, second: np.ndarray, rows: int, columns: int) -> np.ndarray:
    return jaccard(first, second, rows, columns).max(axis=1)


def prediction_strength(points: np.ndarray, groups: int, method: str, *, seed: int) -> float:
    """Cut one half, cut the other: the least share, over its groups, of pairs that the first half's
    centres keep together too. Mean of five halvings; near 1 for groups with gaps between them.

    Source: Tibshirani and Walther (2005), Cluster validation by prediction strength, Journal of
    Computational and Graphical Statistics 14.
    """
    random = np.random.default_rng([seed, groups, 1])
    found = []
    for _halving in range(5):
        order = random.permutation(len(points))
        train, test = np.array_split(points[order], 2)
        ours = fit_centres(train, groups, method, seed=seed)
        theirs = fit_centres(test, groups, method, seed=seed)
        if len(ours) < 2 or len(theirs) < 2:
            return 0.0
        found.append(_kept_together(nearest(test, theirs)[0], nearest(test, ours)[0]))
    return float(np.mean(found))


def _kept_together(own: np.ndarray, other: np.ndarray) -> float:
    shares = []
    for group in np.unique(own):
        counts = np.bincount(other[own == group]).astype(float)
        size = counts.sum()
        if size > 1:
            shares.append((counts * (counts - 1)).sum() / (size * (size - 1)))
    return min(shares, default=0.0)


def valley(points: np.ndarray, centres: np.ndarray) -> float:
    """How shallow the shallowest gap is: along the line from one middle to another, the least density
    between them over the lower of the two peaks. 0: nobody in between, 1: no gap at all.

    Source: Ray and Lindsay (2005), The topography of multivariate normal mixtures, Annals of
    Statistics 33 (there along the ridge line, here along the straight one).
    """
    from scipy.stats import gaussian_kde

    group = nearest(points, centres)[0]
    found = [0.0]
    for one in range(len(centres)):
        for other in range(one):
            way = centres[other] - centres[one]
            length = float(np.linalg.norm(way))
            both = points[(group == one) | (group == other)]
            along = (both - centres[one]) @ way / max(length**2, 1e-12)  # 0 and 1: the middles
            if along.std() < 1e-9:
                continue
            density = gaussian_kde(along)(np.linspace(-0.5, 1.5, 81))
            least = density[20:61].min()
            found.append(float(least / min(density[:41].max(), density[40:].max())))
    return max(found)
