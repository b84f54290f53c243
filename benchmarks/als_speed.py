"""ALS and the lists for everybody, beside `implicit`, in turn within one run.

`python benchmarks/als_speed.py` is 100,000 users × 20,000 items × 5 million entries, 64 factors.
Exit status 1 when the objectives differ by more than a thousandth, or an id of a list differs.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np
from scipy import sparse
from threadpoolctl import threadpool_limits

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import implicit.cpu.als

from benchmarks.made_interactions import make_counts
from recommendations.ml import als
from recommendations.ml.topn import top_items

CLOSE_ENOUGH = 1e-3


def their_model(params: als.AlsParams) -> implicit.cpu.als.AlternatingLeastSquares:
    return implicit.cpu.als.AlternatingLeastSquares(
        factors=params.factors,
        regularization=params.regularization,
        iterations=params.iterations,
        alpha=1.0,
        random_state=params.seed,
        num_threads=als.threads_here(),
    )


def fit_theirs(confidence: sparse.csr_matrix, params: als.AlsParams) -> tuple:
    model = their_model(params)
    with threadpool_limits(1, "blas"):  # as implicit itself asks for
        model.fit(confidence, show_progress=False)
    return model.user_factors, model.item_factors


def list_theirs(factors: tuple, seen: sparse.csr_matrix, k: int) -> np.ndarray:
    model = their_model(als.AlsParams(factors=factors[0].shape[1]))
    model.user_factors, model.item_factors = factors
    with threadpool_limits(1, "blas"):
        return model.recommend(np.arange(seen.shape[0]), seen, N=k)[0]


def compare(
    confidence: sparse.csr_matrix, params: als.AlsParams, *, k: int, rounds: int
) -> dict[str, dict]:
    """Seconds of every round, both objectives per entry, and how many lists differ."""
    seconds: dict[str, list[float]] = {}
    processor: dict[str, list[float]] = {}

    def timed(name: str, work: Callable, *given) -> object:
        started, used = time.perf_counter(), time.process_time()
        result = work(*given)
        seconds.setdefault(name, []).append(time.perf_counter() - started)
        processor.setdefault(name, []).append(time.process_time() - used)
        return result

    _warm(params, k)
    for _round in range(rounds):
        their = timed("fit implicit", fit_theirs, confidence, params)
        ours = timed("fit own", als.fit_factors, confidence, params)
    for _round in range(rounds):
        their_ids = timed("top-n implicit", list_theirs, their, confidence, k)
        our_ids = timed("top-n own", top_items, *their, confidence, k)
    value = [
        als.objective(confidence, *pair, params.regularization) / confidence.nnz
        for pair in (their, ours)
    ]
    differ = int((their_ids != our_ids).any(axis=1).sum())
    return {
        "seconds": seconds,
        "processor": processor,
        "objective": value,
        "lists_that_differ": differ,
    }


def _warm(params: als.AlsParams, k: int) -> None:
    """Compile outside the clock: once per machine, kept on disk."""
    some = make_counts(50, 40, 300, clusters=2)
    few = als.AlsParams(params.factors, params.regularization, 1)
    pair = als.fit_factors(some, few)
    fit_theirs(some, few)
    top_items(*pair, some, k)


def report(found: dict, n_users: int) -> None:
    for name, taken in found["seconds"].items():
        per = f", {n_users / median(taken):,.0f} users/s" if name.startswith("top") else ""
        print(
            f"{name:15} {median(taken):7.2f} s, median of {len(taken)}"
            f" ({min(taken):.2f} – {max(taken):.2f}){per},"
            f" processor {median(found['processor'][name]):.2f} s"
        )
    for part in ("fit", "top-n"):
        for clock, word in (("seconds", "wall clock"), ("processor", "processor time")):
            theirs, ours = (found[clock][f"{part} {who}"] for who in ("implicit", "own"))
            rounds = [their / our for their, our in zip(theirs, ours, strict=True)]
            print(
                f"{part}: {median(theirs) / median(ours):.2f} × as fast as implicit by {word}"
                f" (round by round {min(rounds):.2f} – {max(rounds):.2f})"
            )
    theirs, ours = found["objective"]
    print(f"objective per entry: implicit {theirs:.6f}, own {ours:.6f} ({ours / theirs - 1:+.2e})")
    print(f"lists that differ: {found['lists_that_differ']} of {n_users}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--users", type=int, default=100_000)
    parser.add_argument("--items", type=int, default=20_000)
    parser.add_argument("--entries", type=int, default=5_000_000)
    parser.add_argument("--factors", type=int, default=64)
    parser.add_argument("--iterations", type=int, default=15)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--k", type=int, default=10)
    asked = parser.parse_args()
    confidence = make_counts(asked.users, asked.items, asked.entries)
    confidence.data = 1 + 10 * np.log2(1 + confidence.data)
    degrees = np.diff(confidence.indptr)
    print(
        f"{confidence.shape[0]:,} users × {confidence.shape[1]:,} items, {confidence.nnz:,} entries"
        f" (median {np.median(degrees):.0f}, at most {degrees.max():,} a user),"
        f" {asked.factors} factors, {asked.iterations} iterations, {als.threads_here()} threads"
    )
    params = als.AlsParams(asked.factors, iterations=asked.iterations, seed=1)
    before = _peak_megabytes()
    found = compare(confidence, params, k=asked.k, rounds=asked.rounds)
    report(found, asked.users)
    print(f"peak memory {_peak_megabytes()} MB, {before} MB before the first fit")
    theirs, ours = found["objective"]
    return int(abs(ours / theirs - 1) > CLOSE_ENOUGH or found["lists_that_differ"] > 0)


def _peak_megabytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


if __name__ == "__main__":
    sys.exit(main())
