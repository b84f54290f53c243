"""Questions written for this project, so that a new shop's tickets are sorted on the first day."""

from __future__ import annotations

import csv
from pathlib import Path

_FILE = Path(__file__).resolve().parent / "intents.csv"


def intent_examples() -> list[tuple[str, str]]:
    """(text, intent), in the order of the file: English and Chinese for each intent."""
    with _FILE.open(encoding="utf-8", newline="") as file:
        return [(row["text"], row["label"]) for row in csv.DictReader(file)]
