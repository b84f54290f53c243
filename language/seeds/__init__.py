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


def passage_examples() -> list[tuple[str, str]]:
    """(label, text): what a short text of advertising with slots states, or `none`."""
    with (_FOLDER / "passages.csv").open(encoding="utf-8", newline="") as file:
        return [(row["label"], row["text"]) for row in csv.DictReader(file)]


def aspect_examples() -> list[tuple[str, dict[str, int]]]:
    """(clause, aspect → −1, 0 or 1); nothing where it speaks of none, in the order of the file."""
    with (_FOLDER / "aspects.csv").open(encoding="utf-8", newline="") as file:
        return [(row["text"], aspect_label(row["label"])) for row in csv.DictReader(file)]


def aspect_label(label: str) -> dict[str, int]:
    """`delivery:-1;quality:1` → {"delivery": −1, "quality": 1}; `none` → {}. Raises ValueError."""
    if label.strip().lower() == "none":
        return {}
    found = {}
    for part in label.split(";"):
        aspect, colon, polarity = part.strip().partition(":")
        if not colon or polarity not in ("-1", "0", "1"):
            raise ValueError(f"{part.strip()!r} is no aspect with -1, 0 or 1")
        found[aspect] = int(polarity)
    return found
