"""How often verdicts change their mind over the life of real experiments.

    .venv/bin/python benchmarks/experiment_flips.py FILE.parquet

FILE: the ASOS Digital Experiments Dataset (Liu et al., NeurIPS 2021; CC BY 4.0): cumulative counts,
means and variances of 78 real A/B tests, several times a day. A flip is a verdict that is given and
later taken back or turned around. Three judges read the same snapshots: a t-test at every look
(p < 0.05), the confidence sequence by itself, and what the product shows: the first verdict of the sequence stays.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from pathlib import Path

import polars as pl

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import itertools

from decisions.ml.effects import mean_effect
from decisions.ml.moments import Moments
from decisions.ml.sequential import always_valid
from decisions.ml.verdicts import kept_verdict, student, verdict_of


def arm(row: dict, side: str) -> Moments:
    count = int(row[f"count_{side}"])
    return Moments(count, row[f"mean_{side}"], row[f"variance_{side}"] * max(0, count - 1))


def verdicts(rows: list[dict]) -> tuple[dict[str, list[str]], bool]:
    """Judge → its verdict at each look; whether a later look alone says the opposite."""
    said: dict[str, list[str]] = {"t_test": [], "sequence": [], "ours": []}
    kept, moved = "cannot tell", False
    for row in rows:
        effect = mean_effect(arm(row, "t"), arm(row, "c"))
        always = always_valid(effect)
        alone = verdict_of(always)
        kept = kept_verdict(kept, alone)
        moved = moved or alone not in (kept, "cannot tell")
        said["t_test"].append(verdict_of(student(effect, 0.95)))
        said["sequence"].append(alone)
        said["ours"].append(kept)
    return said, moved


def flips(said: list[str]) -> int:
    """Looks at which a verdict that stood is given up or turned around."""
    return sum(a != "cannot tell" and a != b for a, b in itertools.pairwise(said))


def measure(path: Path) -> dict:
    table = pl.read_parquet(path).drop_nulls(["variance_c", "variance_t"])
    table = table.filter((pl.col("count_c") > 1) & (pl.col("count_t") > 1))
    keys = ["experiment_id", "variant_id", "metric_id"]
    series = table.sort([*keys, "time_since_start"]).partition_by(keys, maintain_order=True)
    found = {judge: Counter() for judge in ("t_test", "sequence", "ours")}
    moved = looks = 0
    for one in series:
        said, contradicted = verdicts(one.to_dicts())
        moved += contradicted
        looks += len(one)
        for judge, words in said.items():
            changed = flips(words)
            found[judge]["flips"] += changed
            found[judge]["series_that_flip"] += changed > 0
            found[judge][f"ends_{words[-1].replace(' ', '_')}"] += 1
    return {
        "series": len(series),
        "looks": looks,
        "effect_moved": moved,
        **{judge: dict(sorted(counts.items())) for judge, counts in found.items()},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path)
    print(json.dumps(measure(parser.parse_args().file), indent=2))


if __name__ == "__main__":
    main()
