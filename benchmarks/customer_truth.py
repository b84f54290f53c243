"""What the models say of customers, against a shop whose truth is known.

    python benchmarks/customer_truth.py [--seeds 3] [--products 120] [--customers 4000] [--days 540]

Each seed is simulated into a database of its own (SQLite, in a folder that goes afterwards), read,
fitted and stored by the night's own step, then compared with the truth. Prints mean and 95 %
interval over seeds beside the tolerance (tests/customer_truth.py) and ends with 1 where a seed left it.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")


def main() -> None:
    import django

    django.setup()
    parser = argparse.ArgumentParser(description=__doc__)
    for name, usual in (("seeds", 3), ("products", 120), ("customers", 4000), ("days", 540)):
        parser.add_argument(f"--{name}", type=int, default=usual)
    parser.add_argument("--one", type=int, help="one seed, in the database that is there")
    options = parser.parse_args()
    if options.one is not None:
        print(json.dumps(figures(options.one, options)))
        return
    found = [in_own_folder(seed, options) for seed in range(1, options.seeds + 1)]
    show(found)
    if faults := [f"seed {n}: {one}" for n, row in enumerate(found, 1) for one in broken(row)]:
        sys.exit("\n".join(["outside the tolerance:", *faults]))


def in_own_folder(seed: int, options: argparse.Namespace) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        env = {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "BROKER_URL")}
        sizes = [f"--{name}={getattr(options, name)}" for name in ("products", "customers", "days")]
        done = subprocess.run(
            [sys.executable, __file__, "--one", str(seed), *sizes],
            env=env | {"VAR_DIR": folder}, capture_output=True, text=True, check=False,
        )  # fmt: skip
    if done.returncode:
        sys.exit(done.stderr[-3000:])
    print(f"seed {seed}: done", file=sys.stderr)
    return json.loads(done.stdout.strip().splitlines()[-1])


def figures(seed: int, options: argparse.Namespace) -> dict[str, float]:
    from django.core.management import call_command

    from tests import customer_truth

    call_command("migrate", verbosity=0)
    sizes = {name: getattr(options, name) for name in ("products", "customers", "days")}
    truth = customer_truth.fill(seed, sizes)
    return customer_truth.value_figures(truth, seed) | customer_truth.uplift_figures(seed)


def show(found: list[dict[str, float]]) -> None:
    import numpy as np

    from shop.simulator.oracle import interval
    from tests.customer_truth import TOLERANCES

    print("| figure | mean | 95 % interval | seeds | tolerance |\n|---|---|---|---|---|")
    for name in found[0]:
        mean, low, high = interval(np.array([one[name] for one in found]))
        said = "at {} {}".format(*TOLERANCES[name]) if name in TOLERANCES else ""
        print(f"| {name} | {mean:.3f} | {low:.3f} to {high:.3f} | {len(found)} | {said} |")


def broken(found: dict[str, float]) -> list[str]:
    from tests import customer_truth

    return customer_truth.broken(found)


if __name__ == "__main__":
    main()
