"""The rules of the markets: those that ship with the program, added where they are missing."""

from __future__ import annotations

import csv
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.db import DEFAULT_DB_ALIAS

from marketing.models import PolicyRule

SHIPPED = Path(__file__).resolve().parents[2] / "seeds" / "policy_rules.csv"


@lru_cache(maxsize=1)
def shipped_rules() -> tuple[dict[str, str], ...]:
    """Rows of the file; words and exceptions a line each."""
    with SHIPPED.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        row["words"] = row["words"].replace("|", "\n")
        row["exceptions"] = row["exceptions"].replace("|", "\n")
    return tuple(rows)


def ensure_policy_rules(using: str = DEFAULT_DB_ALIAS, rows: Any = PolicyRule) -> int:
    """Add what is missing by code; what a person changed or switched off stays as it is."""
    known = set(rows.objects.using(using).values_list("code", flat=True))
    missing = [rows(**row) for row in shipped_rules() if row["code"] not in known]
    rows.objects.using(using).bulk_create(missing, ignore_conflicts=True)
    return len(missing)
