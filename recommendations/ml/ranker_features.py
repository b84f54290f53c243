"""What the ranker knows of a customer and an item: sources' scores and ranks, times, attributes."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy import sparse

from .blend import Candidates, first_of_each, spread
from .interactions import Histories
from .item_facts import SECONDS_A_DAY, SPANS, ItemFacts
from .lists import top_lists
from .sources import Neighbours, Source

BLEND_POOL = 100  # of the blend's best
SOURCE_POOL = 10  # of each source's best


@dataclass(frozen=True)
class Attributes:
    """What a shop knows of its items; nothing of it is needed.

    price: float (n_items,), positive, NaN where unknown.
    codes: int (n_items,) per name (brand, category, …), −1 where unknown.
    figures: float (n_items,) per name (margin_rate, stock_cover_days, in_season, …), NaN where
    unknown.
    """

    price: np.ndarray | None = None
    codes: dict[str, np.ndarray] = field(default_factory=dict)
    figures: dict[str, np.ndarray] = field(default_factory=dict)

    def take(self, items: np.ndarray) -> Attributes:
        """Of some items, in the order asked for."""
        return Attributes(
            None if self.price is None else self.price[items],
            {name: codes[items] for name, codes in self.codes.items()},
            {name: figures[items] for name, figures in self.figures.items()},
        )

    def arrays(self) -> dict[str, np.ndarray]:
        """By name, without pickle."""
        found = {f"code.{name}": codes for name, codes in self.codes.items()}
        found |= {f"figure.{name}": figures for name, figures in self.figures.items()}
        return found | ({} if self.price is None else {"price": self.price})


@dataclass(frozen=True)
class FeatureReader:
    """Features of pairs of a customer and an item, from fitted sources and facts.

    weights: the blend's, which brings the pool together and is a feature itself.
    """

    sources: dict[str, Source]
    weights: dict[str, float]
    facts: ItemFacts
    attributes: Attributes = Attributes()

    @property
    def views(self) -> list[str]:
        """Names of the score columns: the blend, every source, and what the session says."""
        return ["blend", *self.sources, *self.newest]

    @property
    def names(self) -> list[str]:
        """Names of all features, in the order of `read`."""
        scored = [f"{view}_{what}" for view in self.views for what in ("score", "rank")]
        levels = [f"level_{span:g}" for span in SPANS]
        own = ["popularity", *levels, "lift", "mean_weight", "age_days", "own_weight"]
        person = ["history_items", "history_baskets", "days_since"]
        bought = self.attributes
        of_price = ["price", "price_distance"] if bought.price is not None else []
        return [*scored, *own, *person, *of_price, *bought.codes, *bought.figures]

    def scores(self, histories: Histories) -> dict[str, np.ndarray]:
        """float32 (n, n_items) per view, spread."""
        found = {name: spread(source.scores(histories)) for name, source in self.sources.items()}
        total = np.zeros((len(histories), len(self.facts.popularity)), dtype=np.float32)
        for name, weight in self.weights.items():
            total += np.float32(weight) * found[name]
        newest = {name: spread(view.scores(histories)) for name, view in self.newest.items()}
        return {"blend": total, **found, **newest}

    def pool(self, scores: dict[str, np.ndarray], histories: Histories) -> np.ndarray:
        """int32 (n, c): the blend's best and each source's best, −1 in place of repeats."""
        ties = self.facts.popularity
        parts = [top_lists(scores["blend"], histories, ties, BLEND_POOL)]
        parts += [top_lists(scores[name], histories, ties, SOURCE_POOL) for name in self.sources]
        return first_of_each(np.hstack(parts))

    def read(
        self, at: dict[str, np.ndarray], histories: Histories, items: np.ndarray
    ) -> np.ndarray:
        """float32 (n, c, features), no NaN; rows of an item −1 mean nothing.

        at: float32 (n, c) per view, its scores of these items.
        """
        safe = np.maximum(items, 0)
        columns: list[np.ndarray] = []
        for view in self.views:
            columns += [at[view], _log_rank(np.where(items < 0, -np.inf, at[view]))]
        columns += self._facts(histories, safe)
        columns += self._person(histories, safe.shape)
        columns += self._attributes(histories, safe)
        return np.nan_to_num(np.stack(columns, axis=2).astype(np.float32), nan=-1.0)

    def of_candidates(
        self, found: Candidates, histories: Histories
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """What `read` gives for the pools of gathered candidates, one row per pair.

        histories: of the g customers. Returns features (rows, f), label (rows,), sizes (g,).
        """
        totals = found.totals(self.weights)
        inside = _places(totals) < BLEND_POOL
        for place in range(len(self.sources)):
            inside |= (
                _places(np.where(found.items < 0, -np.inf, found.scores[:, place])) < SOURCE_POOL
            )
        inside &= found.items >= 0
        sizes = inside.sum(axis=1)
        order = np.argsort(~inside, axis=1, kind="stable")[:, : sizes.max(initial=1)]
        kept = np.take_along_axis(inside, order, axis=1)
        items = np.where(kept, np.take_along_axis(found.items, order, axis=1), -1)
        at = {
            name: np.take_along_axis(found.scores[:, place], order, axis=1)
            for place, name in enumerate(found.names)
        }
        at["blend"] = np.zeros(items.shape, dtype=np.float32)
        for name, weight in self.weights.items():
            at["blend"] += np.float32(weight) * at[name]
        label = np.take_along_axis(found.label, order, axis=1)
        return self.read(at, histories, items)[kept], label[kept], sizes

    @property
    def newest(self) -> dict[str, Session]:
        """Views of the session: the sources that can look at the newest basket alone."""
        return newest_views(self.sources)

    def _facts(self, histories: Histories, items: np.ndarray) -> list[np.ndarray]:
        facts = self.facts
        popularity = np.log1p(facts.popularity)[items]
        found = [popularity]
        moments = facts.moments(histories)
        share = facts.popularity * (len(facts.popularity) / max(facts.popularity.sum(), 1e-12))
        for table in facts.levels:
            level = np.asarray(moments @ table, dtype=np.float32) if len(table) else share[None, :]
            level = np.broadcast_to(level, (len(items), len(share)))
            found.append(np.log(0.1 + np.take_along_axis(level, items, axis=1)))
        found.append(found[2] - np.log(0.1 + share)[items])
        age = (facts.asked_at(histories)[:, None] - facts.first_at[items]) / SECONDS_A_DAY
        if facts.reading == "past":  # what first came later is not known yet
            age = np.where(age < 0, np.nan, age)
        return [*found, facts.mean_weight[items], age, _own(histories, items, len(share))]

    def _person(self, histories: Histories, shape: tuple[int, ...]) -> list[np.ndarray]:
        sizes = np.diff(histories.indptr)
        some = np.flatnonzero(sizes)
        baskets, since = np.zeros(len(sizes)), np.full(len(sizes), np.nan)
        baskets[some] = histories.baskets_ago[histories.indptr[:-1][some]] + 1
        if histories.at is not None:
            newest = histories.at[histories.indptr[1:][some] - 1]
            since[some] = (self.facts.asked_at(histories)[some] - newest) / SECONDS_A_DAY
            # Who came back after the model was made is as fresh as one can be.
            since = np.maximum(since, 0)
        each = (np.log1p(sizes), np.log1p(baskets), since)
        return [np.broadcast_to(values[:, None], shape) for values in each]

    def _attributes(self, histories: Histories, items: np.ndarray) -> list[np.ndarray]:
        known, found = self.attributes, []
        if known.price is not None:
            price = np.log(known.price)
            usual = _mean_of(histories, price)
            found += [price[items], np.abs(price[items] - usual[:, None])]
        for codes in known.codes.values():
            shares = _shares(histories, codes)
            column = np.maximum(codes, 0)[items]
            of_code = np.take_along_axis(shares, column, axis=1)
            found.append(np.where(codes[items] < 0, np.nan, of_code))
        return found + [figures[items] for figures in known.figures.values()]


@dataclass(frozen=True)
class Session:
    """A source that is asked with the newest basket of a history alone."""

    source: Source

    def scores(self, histories: Histories) -> np.ndarray:
        """float32 (n, n_items)."""
        return self.source.scores(histories.newest_baskets())


def newest_views(sources: dict[str, Source]) -> dict[str, Session]:
    """A view of the session by each neighbourhood source."""
    return {
        f"{name}_newest": Session(source)
        for name, source in sources.items()
        if isinstance(source, Neighbours)
    }


def _places(values: np.ndarray) -> np.ndarray:
    """int (n, c): the place of each value in its row, 0 for the largest."""
    places = np.empty(values.shape, dtype=np.int32)
    order = np.argsort(-values, axis=1, kind="stable")
    np.put_along_axis(places, order, np.arange(values.shape[1], dtype=np.int32)[None, :], axis=1)
    return places


def _log_rank(values: np.ndarray) -> np.ndarray:
    return np.log1p(_places(values).astype(np.float32))


def _own(histories: Histories, items: np.ndarray, n_items: int) -> np.ndarray:
    """The weight of an item that she looked at and has not bought, else 0."""
    if histories.bought.all():
        return np.zeros(items.shape, dtype=np.float32)
    seen = histories.matrix(histories.weight, n_items).toarray()
    return np.take_along_axis(seen, items, axis=1)


def _mean_of(histories: Histories, values: np.ndarray) -> np.ndarray:
    """float (n,): the mean over each history of what is known of its items; NaN without any."""
    mine = values[histories.item_idx]
    known = np.isfinite(mine)
    n = len(histories)
    count = np.bincount(histories.row_user[known], minlength=n)
    total = np.bincount(histories.row_user[known], weights=mine[known], minlength=n)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _shares(histories: Histories, codes: np.ndarray) -> np.ndarray:
    """float32 (n, codes): which share of each history has each code."""
    mine = codes[histories.item_idx]
    known = mine >= 0
    shape = (len(histories), max(int(codes.max(initial=0)) + 1, 1))
    ones = np.ones(int(known.sum()), dtype=np.float32)
    counts = sparse.coo_matrix((ones, (histories.row_user[known], mine[known])), shape).toarray()
    return counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
