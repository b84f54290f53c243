"""Fuzzed import files through every importer of the registry; what was done to them and what came of it.

    python benchmarks/fuzz_imports.py [--files 10000] [--seed 0]

Each file either ends with a report whose rows add up and whose intact rows are all in the database, or
is refused with one sentence; anything else stops the run with the seed that brings it back. Uses the
test database of DATABASE_URL (in memory on SQLite) and leaves none.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections import Counter
from itertools import count
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ.setdefault(
    "POLARS_MAX_THREADS", "1"
)  # small frames: threads would only wait for each other

import django

django.setup()

from django.db import connection  # noqa: E402

from benchmarks.fuzzing import (  # noqa: E402
    Fault,
    add_what_rows_refer_to,
    import_case,
    make_case,
)
from shop.importers.registry import all_importers  # noqa: E402


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    if connection.vendor == "sqlite":
        connection.settings_dict["TEST"]["NAME"] = ":memory:"
    before = connection.settings_dict["NAME"]
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    try:
        add_what_rows_refer_to()
        _report(_fuzz(options.files, options.seed))
    finally:
        connection.creation.destroy_test_db(before, verbosity=0)


def _fuzz(files: int, first_seed: int) -> Counter:
    seen: Counter = Counter()
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        for seed in count(first_seed):
            for importer in all_importers().values():
                case = make_case(importer, seed)
                try:
                    seen[f"outcome: {import_case(case, Path(folder))}"] += 1
                except Exception as error:
                    name = f"{case.kind} {case.format}, seed {seed}, {case.did}"
                    raise Fault(f"{name}: {error}") from error
                seen.update(case.did)
                seen["rows"] += len(case.rows)
                seen["files"] += 1
                if seen["files"] >= files:
                    seen["seconds"] = round(time.perf_counter() - began)
                    return seen


def _report(seen: Counter) -> None:
    print(f"{len(all_importers())} importers, {connection.vendor}")
    for name, number in sorted(seen.items()):
        print(f"{name:36s} {number:>8,}")


if __name__ == "__main__":
    main()
