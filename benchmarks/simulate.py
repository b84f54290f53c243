"""How long the simulator takes to make a shop and to load it, on this machine.

    python benchmarks/simulate.py                                   # SQLite in a temporary folder
    DATABASE_URL=postgres:///an_empty_database python benchmarks/simulate.py

Defaults: about 100,000 orders and 2 million events. Prints JSON; wall and processor seconds.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name, size in {"products": 500, "customers": 21_500, "days": 540, "seed": 7}.items():
        parser.add_argument(f"--{name}", type=int, default=size)
    parser.add_argument("--generate-only", action="store_true", help="no database")
    sizes = vars(parser.parse_args())
    generate_only = sizes.pop("generate_only")
    with tempfile.TemporaryDirectory(prefix="backroom-bench-") as folder:
        os.environ["VAR_DIR"] = folder
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
        print(json.dumps(measure(sizes, generate_only), indent=1))


def measure(sizes: dict[str, int], generate_only: bool) -> dict:
    import django

    django.setup()
    from django.core.management import call_command

    from decisions.memory import peak_memory_mb
    from shop.services.stock.verify import verify_stock
    from shop.simulator.loading import database_name, load_shop
    from shop.simulator.shop import order_count, simulate
    from shop.simulator.world import make_world

    # Imports and query compilation of the libraries are no part of the shop.
    simulate(
        make_world("teahouse", products=12, customers=10, days=60, seed=1, until=date(2026, 6, 30))
    )
    generated = Stopwatch()
    shop = simulate(make_world("teahouse", **sizes, until=date(2026, 6, 30)))
    report = {
        "cores": os.cpu_count(),
        "sizes": sizes,
        "orders": order_count(shop),
        "events": shop.frames["events"].height,
        "generate": generated.read(),
    }
    if not generate_only:
        call_command("migrate", verbosity=0)
        loading = Stopwatch()
        loaded = load_shop(shop)
        report |= {
            "database": database_name(),
            "load": loading.read(),
            "rows": loaded.rows,
            "load_steps_seconds": loaded.seconds,
            "stock_differences": len(verify_stock()),
        }
    return report | {"peak_memory_mb": peak_memory_mb()}


class Stopwatch:
    """Wall seconds, and processor seconds of this process: on a busy machine they differ."""

    def __init__(self) -> None:
        self.wall, self.processor = time.perf_counter(), time.process_time()

    def read(self) -> dict[str, float]:
        wall, processor = time.perf_counter() - self.wall, time.process_time() - self.processor
        return {"wall_seconds": round(wall, 1), "processor_seconds": round(processor, 1)}


if __name__ == "__main__":
    main()
