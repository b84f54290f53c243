"""What does this experiment say? JSON on standard output."""

from __future__ import annotations

import json
import math
import re
import time
from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from decisions.memory import peak_memory_mb

# What polars makes of a second column of the same name.
TWICE = re.compile(r"_duplicated_\d+$")


class Command(BaseCommand):
    help = (
        "Reads a CSV customer_id,variant,converted,revenue[,pre_period_revenue] and compares every "
        "variant with the control."
    )
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--assignments", required=True, type=Path, metavar="FILE")
        parser.add_argument("--control", help="name of the control; else found by its name")
        parser.add_argument(
            "--metric",
            choices=["conversion", "revenue"],
            default="conversion",
            help="what the verdict is about, chosen before the start (default conversion)",
        )
        parser.add_argument(
            "--shares", help="planned shares, e.g. control=0.1,mail=0.9 (default: equal)"
        )
        parser.add_argument(
            "--columns",
            help="names in the file, e.g. customer_id=#,variant=segment,converted=visit "
            "(#: every line is a customer)",
        )
        parser.add_argument("--level", type=float, default=0.95)
        parser.add_argument(
            "--planned",
            type=int,
            help="customers planned in two variants: the always-valid interval is tightest there",
        )

    def handle(self, **options: Any) -> None:
        from decisions.ml.assignment_table import AssignmentTableError

        try:
            card = evaluate_file(options)
        except AssignmentTableError as error:
            raise CommandError(str(error), returncode=2) from error
        self.stdout.write(json.dumps(card, indent=2, ensure_ascii=False, allow_nan=False))


def evaluate_file(options: dict[str, Any]) -> dict[str, Any]:
    """Read, compare, describe. Raises AssignmentTableError."""
    from decisions.ml.assignment_table import AssignmentTableError, find_control, read_assignments
    from decisions.ml.evaluation import EvaluationParams, evaluate
    from decisions.ml.sequential import PLANNED_UNITS

    if not 0.5 <= options["level"] < 1:
        raise AssignmentTableError("--level must be at least 0.5 and below 1.")
    planned = options["planned"] or PLANNED_UNITS
    if planned < 2:
        raise AssignmentTableError("--planned must be at least 2.")
    started = time.perf_counter()
    table = _read_table(options["assignments"])
    data = read_assignments(_renamed(table, options["columns"]))
    read_seconds = time.perf_counter() - started
    control, why = find_control(data.variants, options["control"])
    params = EvaluationParams(
        control=control,
        metric=options["metric"],
        shares=_shares(options["shares"], data.variants),
        level=options["level"],
        planned=planned,
    )
    try:
        found = evaluate(data, params)
    except ValueError as error:
        raise AssignmentTableError(str(error)) from error
    compared = time.perf_counter() - started - read_seconds
    return {
        "task": "experiment",
        "data": asdict(data.facts)
        | {
            "control": control,
            "control_chosen_because": why,
            "variants": data.variants,
            "split": "as assigned",
        },
        "units": {
            "conversion": "share of customers; lift is a difference of shares, *_points is 100 times that",
            "revenue": "the file's unit, per customer; winsorised: each customer counts at most for "
            "the 99 % quantile of all spenders",
            "low, high": f"classic interval of this variant alone, level {options['level']}, right "
            "for one look at a planned end",
            "*_corrected": "the same, Bonferroni-corrected for the number of variants",
            "*_always_valid": "confidence sequence, corrected: right however often one looks; "
            "verdict rests on it",
        },
        "chosen": _chosen(found, control, params.metric),
        **found,
        "seconds": {"read": round(read_seconds, 3), "compare": round(compared, 3)},
        "peak_memory_mb": peak_memory_mb(),
    }


def _chosen(found: dict[str, Any], control: str, metric: str) -> str:
    """The winner with the largest lift, else the control."""
    wins = {
        name: one[metric]["lift"]
        for name, one in found["models"].items()
        if one.get("verdict") == "win"
    }
    return max(wins, key=wins.__getitem__) if wins and found["verdict"] == "win" else control


def _shares(text: str | None, variants: list[str]) -> dict[str, float] | None:
    from decisions.ml.assignment_table import AssignmentTableError

    if not text:
        return None
    try:
        pairs = (part.rsplit("=", 1) for part in text.split(","))
        given = {name.strip(): float(share) for name, share in pairs}
    except ValueError as error:
        raise AssignmentTableError("--shares reads like control=0.1,mail=0.9.") from error
    total = math.fsum(given.values())
    if sorted(given) != variants or min(given.values()) <= 0 or not math.isfinite(total):
        raise AssignmentTableError(
            f"--shares must give each of {', '.join(variants)} a share above zero."
        )
    return {name: given[name] / total for name in variants}


def _renamed(table: Any, text: str | None) -> Any:
    """The table with our names for the columns that --columns maps."""
    import polars as pl

    from decisions.ml.assignment_table import NEEDED, PRE, AssignmentTableError

    if not text:
        return table
    pairs = [part.split("=", 1) for part in text.split(",")]
    if any(len(pair) < 2 or pair[0].strip() not in (*NEEDED, PRE) for pair in pairs):
        raise AssignmentTableError("--columns reads like variant=segment,converted=visit.")
    for ours, theirs in ((one.strip(), other.strip().lower()) for one, other in pairs):
        if theirs == "#":
            table = table.with_columns(pl.int_range(pl.len()).cast(pl.String).alias(ours))
        elif theirs not in table.columns:
            raise AssignmentTableError(f"There is no column {theirs!r} in the file.")
        else:
            table = table.with_columns(pl.col(theirs).alias(ours))
    return table


def _read_table(path: Path) -> Any:
    import polars as pl

    from decisions.ml.assignment_table import AssignmentTableError

    if not path.is_file():
        raise AssignmentTableError(f"There is no file {path}.")
    try:
        table = pl.read_csv(path, infer_schema=False)
        names = [name.strip().lower().lstrip("\ufeff") for name in table.columns]
        if len({*names}) < len(names) or any(TWICE.search(name) for name in names):
            raise AssignmentTableError("The file has a column twice.")
        table.columns = names
    except (pl.exceptions.PolarsError, UnicodeDecodeError, OSError) as error:
        reason = str(error).splitlines()[0] if str(error) else "no reason given"
        raise AssignmentTableError(f"The file cannot be read as CSV: {reason}") from error
    return table
