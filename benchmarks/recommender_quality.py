"""How good are recommendations on a file of orders in the Online Retail layout?

    python benchmarks/recommender_quality.py FILE [--budget SECONDS]

Keeps rows with a customer, a positive quantity and price, and a stock code that begins with five
digits (the others are postage, fees and notes), then runs evaluate_recommender on each split.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import polars as pl

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file")
    parser.add_argument("--budget", default="300")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "interactions.csv"
        interactions_of(options.file).write_csv(path)
        for split in ("temporal", "random", "leave-one-out"):
            show(split, evaluate(path, split, options.budget))


def interactions_of(file: str) -> pl.DataFrame:
    rows = pl.read_csv(file, infer_schema=False).filter(
        pl.col("CustomerID").fill_null("") != "",
        pl.col("Quantity").cast(pl.Float64) > 0,
        pl.col("UnitPrice").cast(pl.Float64) > 0,
        pl.col("StockCode").str.contains(r"^\d{5}"),
    )
    return rows.select(customer_id="CustomerID", product_id="StockCode", timestamp="InvoiceDate")


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
