"""Sentences written for this project, and how to read them. Free to ship, change and add to."""

from __future__ import annotations

import csv
from pathlib import Path

_FOLDER = Path(__file__).resolve().parent


def sentiment_examples() -> list[tuple[str, str, float]]:
    """(language, text, score) with score −1, 0 or 1, in the order of the file."""
    with (_FOLDER / "sentiment.csv").open(encoding="utf-8", newline="") as file:
        return [(row["language"], row["text"], float(row["score"])) for row in csv.DictReader(file)]


def statement_examples() -> list[tuple[str, str]]:
    """(label, text): what a sentence of advertising states, or `none`, in the order of the file."""
    with (_FOLDER / "statements.csv").open(encoding="utf-8", newline="") as file:
        return [(row["label"], row["text"]) for row in csv.DictReader(file)]
