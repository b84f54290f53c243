"""The scorecard of `evaluate_aspects`: a file in, one dict out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from language.aspects import Mention, mentions_of, shipped_aspects
from language.detection import detect_language
from language.labelled_text import (
    LabelledText,
    UnusableFileError,
    polarity_labels,
    read_labelled_text,
)
from language.scorecards import SEED, Say, Stopwatch, peak_memory_mb
from language.seeds import aspect_label
from language.sentiment import NEUTRAL, lexicon_parts

Pairs = set[tuple[str, int]]
SHIPPED, UNSURE, WORDS = "backroom", "without_abstention", "keywords"
LEAST_GUESS = 0.4  # what `without_abstention` still answers


def aspect_scorecard(path: str, say: Say) -> dict[str, Any]:
    """The shipped model as it is. Labels: `aspect:polarity;…`, or one polarity for each message.

    Raises UnusableFileError.
    """
    watch = Stopwatch(say)
    with watch.stage("read"):
        data = read_labelled_text(path)
        has_aspects = any(":" in label or label.lower() == "none" for label in data.labels)
        truth = _aspect_truth(data, path) if has_aspects else polarity_labels(data, path)
    with watch.stage("learn"):
        model = shipped_aspects()
    with watch.stage("answer"):
        guesses = mentions_of(data.texts, threshold=LEAST_GUESS)
        sure = [[m for m in row if m.confidence >= model.threshold] for row in guesses]
        found = {SHIPPED: sure, UNSURE: guesses}
    with watch.stage("keywords"):
        words = [_by_words(text) for text in data.texts]
    with watch.stage("evaluate"):
        measure = _measure_aspects if has_aspects else _measure_polarity
        models = measure(truth, found, words)
    about = {
        "rows": len(data.texts),
        "skipped_rows": data.skipped,
        "split": "as given, nothing trained",
        "label": "aspects" if has_aspects else "one polarity for each message",
        "threshold": model.threshold,
    }
    return {
        "task": "aspects",
        "data": about,
        "chosen": SHIPPED,
        "models": models,
        "seconds": watch.seconds,
        "peak_memory_mb": peak_memory_mb(),
    }


def _aspect_truth(data: LabelledText, path: str) -> list[Pairs]:
    from language.ml.aspects import ASPECTS

    truth = []
    for line, label in enumerate(data.labels, start=1):
        try:
            found = aspect_label(label)
        except ValueError as error:
            raise UnusableFileError(f"{Path(path).name}: {error} in data row {line}.") from error
        stray = set(found) - set(ASPECTS)
        if stray:
            name = sorted(stray)[0]
            raise UnusableFileError(
                f"{Path(path).name}: {name!r} in data row {line} is none of {', '.join(ASPECTS)}."
            )
        truth.append(set(found.items()))
    return truth


def _by_words(text: str) -> Pairs:
    from language.ml.aspect_words import aspects_by_words
    from language.ml.clauses import clauses_of

    found: Pairs = set()
    for start, end in clauses_of(text):
        clause = text[start:end].strip()
        parts = lexicon_parts(clause, detect_language(clause).language)
        mood = sum(parts.values()) / len(parts) if parts else 0.0
        polarity = (mood > NEUTRAL) - (mood < -NEUTRAL)
        found |= {(aspect, polarity) for aspect in aspects_by_words(clause)}
    return found


def _measure_aspects(
    truth: list[Pairs], found: dict[str, list[list[Mention]]], words: list[Pairs]
) -> dict[str, Any]:
    from language.ml.aspect_metrics import aspect_metrics
    from language.ml.metrics import expected_calibration_error

    models = {}
    for name, rows in found.items():
        pairs = [{(m.aspect, m.polarity) for m in row} for row in rows]
        right = [
            (m.aspect, m.polarity) in t for t, row in zip(truth, rows, strict=True) for m in row
        ]
        sure = [m.confidence for row in rows for m in row]
        models[name] = aspect_metrics(truth, pairs, seed=SEED) | {
            "expected_calibration_error": expected_calibration_error(
                np.array(sure), np.array(right)
            )
            if sure
            else None
        }
    return models | {WORDS: aspect_metrics(truth, words, seed=SEED)}


def _measure_polarity(
    truth: tuple[list[float], bool], found: dict[str, list[list[Mention]]], words: list[Pairs]
) -> dict[str, Any]:
    """Whether praise and blame of aspects add up to what the message was labelled.

    answered: share of messages with some praise or blame; accuracy: of those with one of both.
    """
    from language.ml.metrics import polarity_metrics

    numbers, is_rating = np.array(truth[0]), truth[1]
    good = numbers > (0.0 if is_rating else 0.5)
    sums = {
        name: np.array([sum(m.polarity for m in row) for row in rows])
        for name, rows in found.items()
    }
    sums[WORDS] = np.array([sum(polarity for _aspect, polarity in row) for row in words])
    models = {}
    for name, total in sums.items():
        told = total != 0
        models[name] = {
            "answered": float(told.mean()),
            "accuracy": float((good == (total > 0))[told].mean()) if told.any() else None,
            "auc": polarity_metrics(good.astype(int), total, 0.0)["auc"],
        }
    return models
