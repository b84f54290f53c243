"""How good are recommendations on a file of orders in the Online Retail layout?

    python benchmarks/recommender_quality.py FILE [--budget SECONDS] [--short CUSTOMERS]

Keeps rows with a customer, a positive quantity and price, and a stock code that begins with five
digits (the others are postage, fees and notes), then runs evaluate_recommender on each split.

--short: a shop of occasional customers instead, split leave-one-out. Each customer's distinct
products are cut, in their order, into histories of 5 to 13 rows, of which so many are drawn.
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file")
    parser.add_argument("--budget", default="300")
    parser.add_argument("--short", type=int, metavar="CUSTOMERS")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "interactions.csv"
        rows = interactions_of(options.file)
        if options.short:
            rows = short_histories(rows, options.short)
        rows.write_csv(path)
        splits = ("leave-one-out",) if options.short else ("temporal", "random", "leave-one-out")
        for split in splits:
            show(split, evaluate(path, split, options.budget))


def interactions_of(file: str) -> pl.DataFrame:
    rows = pl.read_csv(file, infer_schema=False).filter(
        pl.col("CustomerID").fill_null("") != "",
        pl.col("Quantity").cast(pl.Float64) > 0,
        pl.col("UnitPrice").cast(pl.Float64) > 0,
        pl.col("StockCode").str.contains(r"^\d{5}"),
    )
    return rows.select(customer_id="CustomerID", product_id="StockCode", timestamp="InvoiceDate")


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


def evaluate(path: Path, split: str, budget: str) -> dict:
    command = [sys.executable, "manage.py", "evaluate_recommender", "--interactions", str(path)]
    command += ["--split", split, "--budget", budget]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout)


def show(split: str, card: dict) -> None:
    print(f"\n{split}: chosen {card['chosen']}, {card['seconds']['total']:.0f} s,", end=" ")
    print(f"peak {card['peak_memory_mb']:.0f} MB, {json.dumps(card['comparison'])}")
    print("| model | nDCG@10 | MAP@10 | hit rate | coverage | novelty |")
    print("|---|---|---|---|---|---|")
    for name, found in card["models"].items():
        keys = ("ndcg", "map", "hit_rate", "coverage", "novelty")
        print(f"| {name} | " + " | ".join(f"{found[key]:.4f}" for key in keys) + " |")


if __name__ == "__main__":
    main()
