"""How good would recommendations be on somebody's data? Read, split, choose, measure."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from decisions.memory import peak_memory_mb
from recommendations.interaction_files import (
    InteractionFile,
    UnusableFileError,
    as_rows,
    read_interactions,
)
from recommendations.ml.harness import (
    MIXES,
    Choice,
    Measured,
    Plan,
    choose,
    comparison,
    measure,
    mixes_compared,
)
from recommendations.ml.interactions import Rows
from recommendations.ml.splits import Split, SplitError, held_out_mask, likely_kind, split_parts


@dataclass(frozen=True)
class Cut:
    """How a file is to be split, or that two files are the two parts already."""

    kind: str
    test_share: float = 0.25


def evaluate_file(path: str | Path, cut: Cut, plan: Plan, report: Callable) -> dict[str, Any]:
    """The scorecard of one file, split here. Raises UnusableFileError."""
    file = read_interactions(path)
    [rows], _customers, _products = as_rows([file])
    try:
        mask = held_out_mask(rows, cut.kind, share=cut.test_share, seed=plan.seed)
        how = {"kind": cut.kind, "seed": plan.seed, "test_share": cut.test_share}
        return _scorecard([file], rows.take(~mask), rows.take(mask), how, plan, report)
    except SplitError as error:
        raise UnusableFileError(f"{path}: {error}.") from error


def evaluate_parts(
    train_path: str | Path, test_path: str | Path, plan: Plan, report: Callable
) -> dict[str, Any]:
    """The scorecard of two files that are the training and the test part. Raises UnusableFileError."""
    files = [read_interactions(train_path), read_interactions(test_path)]
    [train, test], _customers, _products = as_rows(files)
    how = {"kind": "given", "validation": likely_kind(train, test), "seed": plan.seed}
    try:
        return _scorecard(files, train, test, how, plan, report)
    except SplitError as error:
        raise UnusableFileError(f"{train_path}: {error}.") from error


def patient_clock() -> float:
    """Seconds for the search's brake and stages: of the processor, or half of those on the wall.

    On a machine that others keep busy the wall would end a search in another place each time.
    """
    return max(time.process_time(), time.perf_counter() / 2)


def _scorecard(
    files: list[InteractionFile],
    train: Rows,
    test: Rows,
    how: dict,
    plan: Plan,
    report: Callable,
) -> dict[str, Any]:
    started = time.perf_counter()
    kind = how.get("validation", how["kind"])
    choice = choose(train, kind, plan, clock=patient_clock, report=report)
    split = split_parts(train, test)
    measured = measure(split, choice, plan, clock=time.perf_counter, report=report)
    card: dict[str, Any] = {
        "task": "recommender",
        "data": describe(files, train, test, split) | {"split": how | _sizes(train, test, split)},
        "k": plan.k,
        "chosen": choice.chosen,
        "why": choice.why,
        "models": measured.metrics,
        "search": describe_search(choice),
        "seconds": choice.seconds | measured.seconds | {"total": time.perf_counter() - started},
        "peak_memory_mb": peak_memory_mb(),
    }
    if "popularity" in measured.metrics or "item_knn" in measured.metrics:
        card["comparison"] = comparison(measured, choice.chosen, seed=plan.seed)
    if any(name in measured.metrics for name in MIXES):
        card["against_best_source"] = mixes_compared(measured, seed=plan.seed)
    return card


def describe(files: list[InteractionFile], train: Rows, test: Rows, split: Split) -> dict[str, Any]:
    """What was in the data, and what could not be used."""
    bad: dict[str, int] = {}
    for file in files:
        for reason, number in file.bad_rows.items():
            bad[reason] = bad.get(reason, 0) + number
    user = np.concatenate([train.user, test.user])
    item = np.concatenate([train.item, test.item])
    result: dict[str, Any] = {
        "rows": sum(file.rows_read for file in files),
        "rows_used": len(user),
        "bad_rows": bad,
        "customers": len(np.unique(user)),
        "products": len(np.unique(item)),
        "repeated_pairs": len(user) - len(np.unique(user * np.int64(train.n_items) + item)),
    }
    if train.at is not None and test.at is not None:
        result["first_at"] = _iso(min(train.at.min(), test.at.min()))
        result["last_at"] = _iso(max(train.at.max(), test.at.max()))
    return result


def describe_search(choice: Choice) -> dict[str, Any]:
    """Parameters, validation values and whether the budget cut the search short."""
    return {
        "params": choice.params | ({"blend": choice.weights} if choice.weights else {}),
        "validation_ndcg": choice.values,
        "trials": choice.trials,
        "validation_cuts": choice.cuts,
        "trees": choice.learned.rounds if choice.learned else 0,
        "cut_by_budget": choice.cut_by_budget,
        "left_out": choice.left_out,
    }


def _sizes(train: Rows, test: Rows, split: Split) -> dict[str, int]:
    held = split.held_out
    histories = split.train.histories.take(held.users)
    seen = histories.row_user * np.int64(split.train.n_items) + histories.item_idx
    row = np.repeat(np.arange(len(held)), np.diff(held.indptr))
    wanted = row * np.int64(split.train.n_items) + held.item_idx
    return {
        "train_rows": len(train),
        "test_rows": len(test),
        "customers_held_out": len(held),
        "customers_without_history": int((np.diff(histories.indptr) == 0).sum()),
        "items_held_out": int(held.counts.sum()),
        "items_held_out_already_seen": int(np.isin(wanted, seen).sum()),
        "items_held_out_unknown": int(held.counts.sum() - len(wanted)),
    }


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(float(seconds), tz=UTC).isoformat()


__all__ = ["Cut", "Measured", "UnusableFileError", "evaluate_file", "evaluate_parts"]
