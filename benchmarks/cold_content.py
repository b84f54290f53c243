"""What descriptions are worth for products that nobody has bought yet.

    python benchmarks/cold_content.py FILE [--share 0.25]

FILE is in the Online Retail layout (recommender_quality.py says which rows are kept). The rows are cut
in time; new products are those whose first sale comes after the cut, known by the text of that sale.
Asked are the customers who bought before the cut and bought a new product after it, for the ten
new products they would take, from their rows before the cut alone:

content       the source `content` with the parameters that the search tries first; nothing is searched
liked text    for everybody the same: how popular the products are whose text lies close
popularity    customers before the cut, which is none for any of them: ties, drawn by lot
random        by lot; both are means over 20 draws

A second table ranks all products that a customer has not bought and counts the new ones found.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import numpy as np
import polars as pl

from benchmarks.recommender_quality import kept_rows
from language.embeddings import load_embedder
from recommendations.ml.content import fit_content
from recommendations.ml.interactions import Histories, Interactions, Rows, interactions
from recommendations.ml.metrics import intervals, paired_difference, per_customer
from recommendations.ml.search import SPACES
from recommendations.ml.splits import HeldOut

K, DRAWS = 10, 20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file")
    parser.add_argument("--share", type=float, default=0.25, help="of the rows, the newest")
    asked = parser.parse_args()
    train, held_out, new = _cut(kept_rows(asked.file), asked.share)
    params = {name: values[0] for name, values in SPACES["content"].items()}
    content = fit_content(train, params, 0)
    users = train.item_users()
    histories = train.histories.take(held_out.users)
    scores = content.scores(histories)
    liked = np.asarray(content.weights.T @ users, dtype=np.float32)
    print(f"{load_embedder().name}; {train.n_users:,} customers and {int((~new).sum()):,} products")
    print(
        f"before the cut; {int(new.sum())} new products, bought by {len(held_out)} of them, {params}"
    )
    everybody = np.tile(liked, (len(scores), 1))
    only_new = {
        "content": [_listed(scores, new, histories, 0)],
        "liked text": [_listed(everybody, new, histories, 0)],
        "popularity": [
            _listed(np.tile(users, (len(scores), 1)), new, histories, n) for n in range(DRAWS)
        ],
        "random": [_listed(np.zeros_like(scores), new, histories, DRAWS + n) for n in range(DRAWS)],
    }
    print(f"\nthe new products alone, {K} of {int(new.sum())}")
    found = {name: _values(lists, held_out, train.n_items) for name, lists in only_new.items()}
    _show(found)
    for other in ("liked text", "popularity", "random"):
        gain = paired_difference(found["content"]["ndcg"], found[other]["ndcg"], seed=0)
        print(f"content − {other}: nDCG {gain[0]:+.4f} ({gain[1]:.4f} – {gain[2]:.4f})")
    everything = np.ones(train.n_items, dtype=bool)
    both = {
        "content": [_listed(scores, everything, histories, 0)],
        "popularity": [_listed(np.tile(users, (len(scores), 1)), everything, histories, 0)],
    }
    print(f"\nall products ranked, of the new ones found among {K}")
    _show({name: _values(lists, held_out, train.n_items) for name, lists in both.items()})


def _cut(rows: pl.DataFrame, share: float) -> tuple[Interactions, HeldOut, np.ndarray]:
    """The part before the cut over all products, new purchases of its customers, which are new."""
    rows = rows.with_columns(pl.col("InvoiceDate").str.to_datetime()).sort(
        "InvoiceDate", maintain_order=True
    )
    cut = int(len(rows) * (1 - share))
    codes = {
        code: place for place, code in enumerate(rows["StockCode"].unique(maintain_order=True))
    }
    people = {
        who: place for place, who in enumerate(rows["CustomerID"].unique(maintain_order=True))
    }
    item = np.array([codes[code] for code in rows["StockCode"]])
    user = np.array([people[who] for who in rows["CustomerID"]])
    at = rows["InvoiceDate"].dt.epoch("s").to_numpy().astype(np.float64)
    first = rows.unique("StockCode", keep="first", maintain_order=True)
    texts = ["" if text is None else str(text) for text in first["Description"]]
    before = user[:cut]
    n_users = int(before.max()) + 1  # numbered as they came: all of them came before the cut
    content = load_embedder().encode(texts)
    part = Rows(
        before, item[:cut], np.ones(cut, np.float32), at[:cut], n_users, len(codes), None, content
    )
    new = np.ones(len(codes), dtype=bool)
    new[item[:cut]] = False
    wanted = np.unique(
        np.c_[user[cut:], item[cut:]][(user[cut:] < n_users) & new[item[cut:]]], axis=0
    )
    users, counts = np.unique(wanted[:, 0], return_counts=True)
    indptr = np.concatenate([[0], np.cumsum(counts)])
    return interactions(part), HeldOut(users, indptr, wanted[:, 1], counts), new


def _listed(scores: np.ndarray, among: np.ndarray, histories: Histories, seed: int) -> np.ndarray:
    """The K best of some products; equal scores by lot. In parts, so that memory stays flat."""
    rng = np.random.default_rng(seed)
    lists = np.empty((len(scores), K), dtype=np.int32)
    columns = np.flatnonzero(among)
    for start in range(0, len(scores), 512):
        part = histories.take(np.arange(start, min(start + 512, len(scores))))
        seen = part.matrix(part.bought, scores.shape[1]).toarray()[:, columns] > 0
        some = scores[start : start + 512, columns].astype(np.float32)
        some[seen] = -np.inf
        order = np.lexsort((rng.random(some.shape), -some), axis=1)[:, :K]
        lists[start : start + 512] = columns[order]
    return lists


def _values(lists: list[np.ndarray], held_out: HeldOut, n_items: int) -> dict[str, np.ndarray]:
    """Per customer, the mean over the draws."""
    each = [per_customer(one, held_out, n_items) for one in lists]
    return {
        name: np.mean([one[name] for one in each], axis=0)
        for name in ("ndcg", "recall", "hit_rate")
    }


def _show(found: dict[str, dict[str, np.ndarray]]) -> None:
    print(
        f"{'':12} {'nDCG@10':>8} {'95 % interval':>18} {'recall@10':>10} {'95 % interval':>18} {'hit rate':>9}"
    )
    for name, values in found.items():
        low, high = intervals(np.stack([values["ndcg"], values["recall"]]), seed=0)
        print(
            f"{name:12} {values['ndcg'].mean():8.4f} {f'{low[0]:.4f} – {low[1]:.4f}':>18}"
            f" {values['recall'].mean():10.4f} {f'{high[0]:.4f} – {high[1]:.4f}':>18}"
            f" {values['hit_rate'].mean():9.4f}"
        )


if __name__ == "__main__":
    main()
