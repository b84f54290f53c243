"""How well would the next orders of these customers be foreseen? JSON on standard output."""

from __future__ import annotations

import json
import time
from argparse import ArgumentParser, ArgumentTypeError
from dataclasses import asdict
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from decisions.memory import peak_memory_mb

UNIT_DAYS = {"day": 1.0, "week": 7.0}


def _iso_date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ArgumentTypeError(f"{text} is no date like 2026-03-31") from error


class Command(BaseCommand):
    help = (
        "Fits BG/NBD, MBG/NBD, MBG/CNBD-k, Pareto/NBD and the shipped forecast on a CSV"
        " customer_id,date[,amount] up to a date and judges them on the days after it."
    )
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--transactions", required=True, type=Path, metavar="FILE")
        parser.add_argument(
            "--calibration-end", required=True, type=_iso_date, metavar="DATE",
            help="last day that the models see",
        )  # fmt: skip
        parser.add_argument("--holdout-days", required=True, type=int, metavar="N")
        parser.add_argument(
            "--unit", choices=sorted(UNIT_DAYS), default="week",
            help="time unit of likelihood and parameters (default week); predictions do not change",
        )  # fmt: skip
        parser.add_argument("--seed", type=int, default=42)

    def handle(self, **options: Any) -> None:
        from marketing.ml.order_table import OrderTableError
        from marketing.ml.value_metrics import TooFewCustomersError

        if options["holdout_days"] < 1:
            raise CommandError("--holdout-days must be at least 1.", returncode=2)
        try:
            card = evaluate(options)
        except (OrderTableError, TooFewCustomersError) as error:
            raise CommandError(str(error), returncode=2) from error
        self.stdout.write(json.dumps(card, indent=2, ensure_ascii=False, allow_nan=False))


def evaluate(options: dict[str, Any]) -> dict[str, Any]:
    """Read, fit, judge, describe. Raises OrderTableError or TooFewCustomersError."""
    from marketing.ml.order_table import OrderTableError, day_number, read_orders
    from marketing.ml.value_metrics import scorecard

    started = time.perf_counter()
    days, facts = read_orders(_read_table(options["transactions"]))
    read_seconds = round(time.perf_counter() - started, 2)
    end, horizon = options["calibration_end"], options["holdout_days"]
    last = end + timedelta(days=horizon)
    if facts.last_date <= str(end):
        raise OrderTableError(
            f"The last order is of {facts.last_date}: nothing to judge after {end}."
        )
    card = scorecard(
        days, day_number(end), horizon, unit_days=UNIT_DAYS[options["unit"]], seed=options["seed"]
    )
    return {
        "task": "customer_value",
        "data": asdict(facts)
        | {
            "customers_judged": card.customers,
            "unit": options["unit"],
            "holdout_is_complete": facts.last_date >= str(last),
            "split": f"seen until {end}, judged from {end + timedelta(days=1)} to {last};"
            " all orders of a customer on one date count once",
        },
        "chosen": card.chosen,
        "models": card.models,
        "choice": card.choice,
        "clock": card.clock,
        "calibration": card.calibration,
        "spend": card.spend,
        "seconds": {"read": read_seconds} | card.seconds,
        "peak_memory_mb": peak_memory_mb(),
    }


def _read_table(path: Path) -> Any:
    import polars as pl

    from marketing.ml.order_table import OrderTableError

    if not path.is_file():
        raise OrderTableError(f"There is no file {path}.")
    try:
        table = pl.read_csv(path, infer_schema=False)
    except (pl.exceptions.PolarsError, UnicodeDecodeError, OSError) as error:
        reason = str(error).splitlines()[0] if str(error) else "no reason given"
        raise OrderTableError(f"The file cannot be read as CSV: {reason}") from error
    return table.rename({name: name.strip().lower().lstrip("\ufeff") for name in table.columns})
