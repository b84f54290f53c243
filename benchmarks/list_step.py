"""From the database to everybody's published lists, beside the fit and the top-N inside it.

    DATABASE_URL=postgres:///EMPTY python benchmarks/list_step.py [--users 100000 …]

A made crowd is written into an empty, migrated database, one order line an entry. A round, as a night,
reads it once, fits ALS and what serving needs besides (popularity, item-kNN, transitions), publishes the run and
writes everybody's 50 best. The step is all of that but the other fits, and its ratio is step / (ALS fit + lists
computed, timed once more alone). The row by row reading that the columns replaced is timed beside them.
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from statistics import median

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

import django  # noqa: E402

django.setup()

import numpy as np  # noqa: E402
import polars as pl  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402

from benchmarks.made_interactions import make_counts  # noqa: E402
from decisions.services.artefacts import write_artefact  # noqa: E402
from decisions.services.model_runs import Trained, publish_run  # noqa: E402
from recommendations import frames  # noqa: E402
from recommendations.ml.batch import lists_in_blocks  # noqa: E402
from recommendations.ml.fits import fit  # noqa: E402
from recommendations.ml.sources import Popular  # noqa: E402
from recommendations.models import TASK, PublishedList  # noqa: E402
from recommendations.services import lists  # noqa: E402
from recommendations.services.artefacts import Recommender, write_recommender  # noqa: E402
from recommendations.services.live_model import serving_model  # noqa: E402
from recommendations.services.readings import Reading, one_reading, read_history  # noqa: E402
from shop.importers.write import insert  # noqa: E402
from shop.models import Customer, Order, OrderLine, Product, Variant  # noqa: E402

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
AS_OF = BEGAN + timedelta(days=365)
PARAMS: dict[str, dict] = {
    "als": {
        "factors": 64, "regularization": 10.0, "alpha": 10.0, "iterations": 15,
        "by_weight": False, "half_life_days": None, "recency_baskets": None,
    },
    "popularity": {"half_life_days": None},
    "item_knn": {"similarity": "cosine", "k": 20},
    "transitions": {
        "lag_baskets": 3.0, "backward": 0.3, "item_norm": 0.3, "recency_baskets": 5.0,
        "lag_rows": None, "shrink": 5.0,
    },
}  # fmt: skip
Seconds = dict[str, float]


def fill(users: int, items: int, entries: int) -> None:
    """Customers, products and orders of five lines; each order at a moment of its own."""
    if Order.objects.exists():
        return
    rng = np.random.default_rng(0)
    entry = make_counts(users, items, entries).tocoo()
    order = np.lexsort((rng.random(len(entry.row)), entry.row))
    user, item = entry.row[order], entry.col[order]
    within = np.arange(len(user)) - np.searchsorted(user, user)
    begins = (within % 5 == 0).cumsum() - 1
    insert(Customer, pl.DataFrame({"code": [f"C-{number}" for number in range(users)]}))
    insert(
        Product,
        pl.DataFrame({"code": [f"P-{n}" for n in range(items)], "name": "A thing"}).with_columns(
            updated_at=pl.lit(BEGAN)
        ),
    )
    products, people = (_keys(model) for model in (Product, Customer))
    skus = {"sku": [f"S-{n}" for n in range(items)], "product_id": products}
    insert(Variant, pl.DataFrame(skus))
    buyer = user[within % 5 == 0]
    minutes = rng.integers(0, 365 * 24 * 60, len(buyer))
    insert(
        Order,
        pl.DataFrame(
            {
                "number": [f"O-{number}" for number in range(len(buyer))],
                "customer_id": people[buyer],
                "placed_at": [BEGAN + timedelta(minutes=int(minute)) for minute in minutes],
            }
        ).with_columns(
            state=pl.lit("delivered"),
            currency=pl.lit("GBP"),
            items_minor=pl.lit(500),
            total_minor=pl.lit(500),
            created_at=pl.lit(BEGAN),
        ),
    )
    lines = {"order_id": _keys(Order)[begins], "variant_id": _keys(Variant)[item]}
    lines |= {"position": within % 5 + 1}
    fixed = {"units": 1, "unit_price_minor": 100, "total_minor": 100}
    insert(OrderLine, pl.DataFrame(lines).with_columns(**{k: pl.lit(v) for k, v in fixed.items()}))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")  # what a server does by itself within minutes


def _keys(model: type) -> np.ndarray:
    found = model.objects.order_by("pk").values_list("pk", flat=True)  # type: ignore[attr-defined]
    return np.fromiter(found.iterator(), dtype=np.int64)


@contextmanager
def clocked(taken: Seconds, name: str) -> Iterator[None]:
    started = time.perf_counter()
    yield
    taken[name] = taken.get(name, 0.0) + time.perf_counter() - started


def one_round(number: int) -> Seconds:
    taken: Seconds = {}
    with clocked(taken, "read"):
        reading = read_history(AS_OF)
    with clocked(taken, "prepare"):
        part = reading.gathered
    with clocked(taken, "fit ALS"):
        sources = {"als": fit("als", part, PARAMS["als"], 1)}
    with clocked(taken, "other fits"):
        for name in ("popularity", "item_knn", "transitions"):
            sources[name] = fit(name, part, PARAMS[name], 1)
    with clocked(taken, "publish the run"):
        _publish(reading.history, sources, number)
    taken |= _write_lists()
    taken["lists alone"] = _lists_alone(reading)
    return taken


def _publish(history: frames.ShopInteractions, sources: dict, number: int) -> None:
    none = np.zeros(len(history.product_ids), dtype=np.int64)
    recommender = Recommender(history.product_ids, none, sources, PARAMS, "als", {"als": 1.0})
    artefact = write_artefact(TASK, ".npz", partial(write_recommender, recommender))
    publish_run(
        Trained(
            task=TASK, model="als", params={}, seed=1, data_until=AS_OF,
            row_count=len(history.rows), data_hash=f"benchmark {number} {time.time()}",
            metrics={}, metric="ndcg", higher_is_better=True, value=0.2, baseline="popularity",
            baseline_value=0.1, artefact=artefact,
        )
    )  # fmt: skip


def _write_lists() -> Seconds:
    """The night's step: a block is computed while the one before it is written."""
    taken: Seconds = {}
    with clocked(taken, "whole lists step"):
        lists.publish_lists(AS_OF)
    return taken


def _lists_alone(reading: Reading) -> float:
    """Seconds for everybody's lists while nothing is written: what the step cannot do without."""
    model = serving_model()
    assert model is not None
    popular = model.recommender.sources["popularity"]
    assert isinstance(popular, Popular)
    _customers, histories = lists._known_to(model, reading)
    started = time.perf_counter()
    for _block in lists_in_blocks(
        lists.source_of(model), histories, popular.popularity, lists.MOST
    ):
        pass
    return time.perf_counter() - started


def row_by_row() -> int:
    """What the reading of purchases was before: every row a tuple in Python."""
    lines = frames.sold_lines(AS_OF).filter(order__customer__isnull=False).order_by("pk")
    found = lines.values_list("order__customer_id", "variant__product_id", "order__placed_at")
    return sum(1 for _customer, _product, at in found.iterator(20_000) if at.timestamp())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--users", type=int, default=100_000)
    parser.add_argument("--items", type=int, default=20_000)
    parser.add_argument("--entries", type=int, default=5_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    call_command("migrate", verbosity=0)
    fill(asked.users, asked.items, asked.entries)
    before = _peak_megabytes()
    rounds = []
    for number in range(asked.rounds):
        with one_reading():
            taken = one_round(number)
        with clocked(taken, "row by row, for comparison"):
            row_by_row()
        rounds.append(taken)
    print(
        f"{connection.vendor}, {OrderLine.objects.count():,} lines, {len(rounds)} rounds, median s"
    )
    for name in rounds[0]:
        values = [one[name] for one in rounds]
        print(f"{name:28} {median(values):8.2f} ({min(values):.2f} – {max(values):.2f})")
    inside = [one["fit ALS"] + one["lists alone"] for one in rounds]
    parts = ("read", "prepare", "fit ALS", "publish the run", "whole lists step")
    steps = [sum(one[part] for part in parts) for one in rounds]
    others = [one["other fits"] for one in rounds]
    ratios = [step / alone for step, alone in zip(steps, inside, strict=True)]
    served = [
        (step + other) / (alone + other)
        for step, alone, other in zip(steps, inside, others, strict=True)
    ]
    print(
        f"step / (fit + lists computed): {median(ratios):.2f} ({min(ratios):.2f} – {max(ratios):.2f})"
    )
    print(
        f"the same with the fits that serving needs besides on both sides: {median(served):.2f}"
        f" ({min(served):.2f} – {max(served):.2f})"
    )
    print(
        f"{PublishedList.objects.count():,} lists; peak memory {_peak_megabytes()} MB, {before} MB before"
    )


def _peak_megabytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


if __name__ == "__main__":
    main()
