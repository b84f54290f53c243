"""How good are recommendations on a file of orders in the Online Retail layout?

    python benchmarks/recommender_quality.py FILE [--budget SECONDS] [--short CUSTOMERS | --core]
    python benchmarks/recommender_quality.py --made

Keeps rows with a customer, a positive quantity and price, and a stock code that begins with five
digits (the others are postage, fees and notes), then runs evaluate_recommender on each split.

--short: a shop of occasional customers instead, split leave-one-out. Each customer's distinct
products are cut, in their order, into histories of 5 to 13 rows, of which so many are drawn.

--core: the 1,000 customers and 1,500 products with most rows, each pair once, split random: dense.

--made: no file but 22,363 made histories of 12,101 products (chains within 400 clusters of taste), split
leave-one-out: says what the search does at that size, nothing about quality on real data.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import polars as pl

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.made_interactions import made_sequences  # noqa: E402


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", nargs="?")
    parser.add_argument("--budget", default="300")
    parser.add_argument("--short", type=int, metavar="CUSTOMERS")
    parser.add_argument("--core", action="store_true")
    parser.add_argument("--made", action="store_true")
    options = parser.parse_args()
    if bool(options.file) == options.made:
        parser.error("give a FILE, or --made")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "interactions.csv"
        splits: tuple[str, ...] = ("temporal", "random", "leave-one-out")
        rows = made_sequences() if options.made else interactions_of(options.file)
        if options.short:
            rows = short_histories(rows, options.short)
        if options.core:
            rows, splits = dense_core(rows), ("random",)
        if options.short or options.made:
            splits = ("leave-one-out",)
        rows.write_csv(path)
        for split in splits:
            show(split, evaluate(path, split, options.budget))


def kept_rows(file: str) -> pl.DataFrame:
    """Sales of goods to somebody, all columns as text."""
    return pl.read_csv(file, infer_schema=False).filter(
        pl.col("CustomerID").fill_null("") != "",
        pl.col("Quantity").cast(pl.Float64) > 0,
        pl.col("UnitPrice").cast(pl.Float64) > 0,
        pl.col("StockCode").str.contains(r"^\d{5}"),
    )


def interactions_of(file: str) -> pl.DataFrame:
    return kept_rows(file).select(
        customer_id="CustomerID", product_id="StockCode", timestamp="InvoiceDate"
    )


def short_histories(rows: pl.DataFrame, most: int) -> pl.DataFrame:
    """Numbered anew: at most so many histories of 5 to 13 rows."""
    rng = np.random.default_rng(0)
    rows = rows.sort("customer_id", "timestamp", maintain_order=True).unique(
        ["customer_id", "product_id"], keep="first", maintain_order=True
    )
    new = (rows["customer_id"] != rows["customer_id"].shift(1)).fill_null(True).to_list()
    numbers, number, left = [], -1, 0
    for begins in new:
        if begins or not left:
            number, left = number + 1, int(rng.integers(5, 14))
        numbers.append(number)
        left -= 1
    cut = rows.with_columns(customer_id=pl.Series(numbers))
    long = cut.filter(pl.len().over("customer_id") >= 5)
    drawn = rng.permutation(long["customer_id"].unique().sort().to_numpy())[:most]
    return long.filter(pl.col("customer_id").is_in(drawn.tolist()))


def dense_core(rows: pl.DataFrame, customers: int = 1_000, products: int = 1_500) -> pl.DataFrame:
    """Both choices in turn until they agree; a pair's weight is its rows, up to 5, as a rating is."""
    pairs = (
        rows.sort("timestamp", maintain_order=True)
        .group_by("customer_id", "product_id", maintain_order=True)
        .agg(weight=pl.len().clip(1, 5), timestamp=pl.col("timestamp").last())
    )
    core = pairs
    for _turn in range(20):
        people = _most(core, "customer_id", customers)
        things = _most(pairs.filter(people), "product_id", products)
        core = pairs.filter(things)
    return core.filter(people).sample(fraction=1, shuffle=True, seed=0)


def _most(rows: pl.DataFrame, column: str, number: int) -> pl.Expr:
    most = rows.group_by(column, maintain_order=True).len().top_k(number, by="len")
    return pl.col(column).is_in(most[column].to_list())


def evaluate(path: Path, split: str, budget: str) -> dict:
    command = [sys.executable, "manage.py", "evaluate_recommender", "--interactions", str(path)]
    command += ["--split", split, "--budget", budget]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout)


def show(split: str, card: dict) -> None:
    print(f"\n{split}: chosen {card['chosen']}, {card['seconds']['total']:.0f} s,", end=" ")
    print(f"peak {card['peak_memory_mb']:.0f} MB, {json.dumps(card['comparison'])}")
    print("| model | nDCG@10 | 95 % interval | MAP@10 | hit rate | coverage |")
    print("|---|---|---|---|---|---|")
    for name, found in card["models"].items():
        interval = f"{found['ndcg_low']:.4f} to {found['ndcg_high']:.4f}"
        rest = " | ".join(f"{found[key]:.4f}" for key in ("map", "hit_rate", "coverage"))
        print(f"| {name} | {found['ndcg']:.4f} | {interval} | {rest} |")


if __name__ == "__main__":
    main()
