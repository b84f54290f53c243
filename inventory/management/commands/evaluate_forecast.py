"""How good would the demand forecast be on this sales history? JSON on standard output."""

from __future__ import annotations

import json
import sys
import time
from argparse import ArgumentParser
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from decisions.memory import peak_memory_mb


class Command(BaseCommand):
    help = (
        "Backtests the demand model and its baselines on a CSV sku,date,units[,price][,promotion]."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--sales", required=True, type=Path, metavar="FILE")
        parser.add_argument("--horizon", required=True, type=int, help="periods ahead")
        parser.add_argument("--frequency", required=True, choices=["D", "W", "M"])
        parser.add_argument("--folds", type=int, default=1, help="test windows (default 1)")
        parser.add_argument("--seed", type=int, default=42)
        parser.add_argument(
            "--countries",
            default=",".join(settings.SHOP_COUNTRIES),
            help="whose public holidays count, e.g. IT or GB,CN",
        )

    def handle(self, **options: Any) -> None:
        from inventory.ml.backtest import TooShortError
        from inventory.ml.sales_table import SalesTableError

        if options["horizon"] < 1 or options["folds"] < 1:
            raise CommandError("--horizon and --folds must be at least 1.", returncode=2)
        try:
            card = evaluate(options)
        except (SalesTableError, TooShortError) as error:
            raise CommandError(str(error), returncode=2) from error
        self.stdout.write(json.dumps(card, indent=2))


def evaluate(options: dict[str, Any]) -> dict[str, Any]:
    """Read, backtest, describe. Raises SalesTableError or TooShortError."""
    from inventory.ml.backtest import backtest
    from inventory.ml.gbm import DemandParams
    from inventory.ml.sales_table import read_sales

    started = time.perf_counter()
    panel, facts = read_sales(_read_table(options["sales"]), options["frequency"])
    read_seconds = round(time.perf_counter() - started, 2)
    countries = tuple(code.strip() for code in options["countries"].split(",") if code.strip())
    with _Bar() as bar:
        card = backtest(
            replace(panel, countries=countries),
            options["horizon"],
            DemandParams(countries=countries),
            seed=options["seed"],
            folds=options["folds"],
            report=bar,
        )
    return {
        "task": "forecast",
        "data": asdict(facts)
        | {
            "frequency": options["frequency"],
            "series_scored": card.series_scored,
            "series_refused": card.series_refused,
            "undefined": card.undefined,
            "split": f"the last {card.folds} × {options['horizon']} periods, rolling origin",
        },
        "chosen": card.chosen,
        "models": card.models,
        "choice": card.choice,
        "weights": card.learned["weights"]["by_class"],
        "folds": card.by_fold if card.folds > 1 else {},
        "seconds": {"read": read_seconds} | card.seconds,
        "peak_memory_mb": peak_memory_mb(),
    }


def _read_table(path: Path) -> Any:
    import polars as pl

    from inventory.ml.sales_table import SalesTableError

    if not path.is_file():
        raise SalesTableError(f"There is no file {path}.")
    try:
        table = pl.read_csv(path, infer_schema=False)
    except (pl.exceptions.PolarsError, UnicodeDecodeError, OSError) as error:
        reason = str(error).splitlines()[0] if str(error) else "no reason given"
        raise SalesTableError(f"The file cannot be read as CSV: {reason}") from error
    return table.rename({name: name.strip().lower().lstrip("\ufeff") for name in table.columns})


class _Bar:
    """A progress bar on standard error, fed with (done, total, note)."""

    def __enter__(self) -> _Bar:
        self._bar = tqdm(total=1, file=sys.stderr, unit="window")
        return self

    def __exit__(self, *exception: object) -> None:
        self._bar.close()

    def __call__(self, done: int, total: int, note: str) -> None:
        self._bar.total, self._bar.n = total, done
        self._bar.set_postfix_str(note)
        self._bar.refresh()
