"""The scorecards of `evaluate_intents` and `evaluate_sentiment`: files in, one dict out."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from language.embeddings import load_embedder
from language.labelled_text import (
    LabelledText,
    UnusableFileError,
    polarity_labels,
    read_labelled_text,
)
from language.sentiment import NEUTRAL, scores_of

SEED = 42
Say = Callable[[str], None]


class Stopwatch:
    """Seconds per stage, told as they begin."""

    def __init__(self, say: Say) -> None:
        self.seconds: dict[str, float] = {}
        self._say = say

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        self._say(f"{name} …")
        start = time.perf_counter()
        yield
        self.seconds[name] = round(time.perf_counter() - start, 3)


def peak_memory_mb() -> float | None:
    """Of this process so far; not known on Windows. macOS counts bytes, Linux kilobytes.

    Also in decisions, which this app may not know, nor that app this one.
    """
    if sys.platform == "win32":
        return None
    import resource  # the module is missing on Windows

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (1024 * 1024 if sys.platform == "darwin" else 1024), 1)


def intent_scorecard(train_path: str, test_path: str, say: Say) -> dict[str, Any]:
    """Fit on one file, measure on the other. Raises UnusableFileError."""
    from language.ml import intents, metrics, text_models

    watch = Stopwatch(say)
    with watch.stage("read"):
        train, test = read_labelled_text(train_path), read_labelled_text(test_path)
    with watch.stage("embed"):
        train_vectors, test_vectors = _embed(train), _embed(test)
    with watch.stage("fit"):
        try:
            model = intents.fit_intents(
                train.texts, np.array(train.labels), train_vectors, seed=SEED
            )
        except ValueError as error:
            raise UnusableFileError(f"{train_path}: {error}.") from error
    truth = np.array(test.labels)
    may_reject = metrics.OUT_OF_SCOPE in truth or metrics.OUT_OF_SCOPE in model.classes
    models = {}
    with watch.stage("evaluate"):
        for kind in (text_models.MAJORITY, *model.blends):
            answer = model.answer(kind, test.texts, test_vectors, may_reject=may_reject)
            models[kind] = metrics.intent_metrics(truth, answer.labels, answer.confidence)
    data = _split(train, test) | {
        "labels": len(model.classes),
        "unseen_test_labels": sorted(set(truth) - set(model.classes) - {metrics.OUT_OF_SCOPE}),
        "may_reject": bool(may_reject),
        "validation_accuracy": model.validation,
    }
    return _scorecard("intents", data, model.chosen, models, watch)


def sentiment_scorecard(
    reviews_path: str, train_path: str | None, language: str, say: Say
) -> dict[str, Any]:
    """The shipped model as it is or, with a training file, the best fitted. UnusableFileError."""
    watch = Stopwatch(say)
    with watch.stage("read"):
        test = read_labelled_text(reviews_path)
        numbers, is_rating = polarity_labels(test, reviews_path)
        truth = np.array(numbers)
    with watch.stage("shipped"):
        scores = _shipped_scores(test.texts, language)
    chosen, data = "backroom", {"rows": len(truth), "split": "as given, nothing trained"}
    # Fitted scores have their own zero; the shipped ones mean what their sign says.
    cuts = dict.fromkeys(scores, 0.0)
    seen = truth
    if train_path:
        with watch.stage("train"):
            fitted, validation = _fit_polarity(train_path, test, is_rating, language)
            seen = np.array(polarity_labels(read_labelled_text(train_path), train_path)[0])
        scores |= fitted
        cuts |= dict.fromkeys(fitted, 0.0 if is_rating else 0.5)
        chosen = max(validation, key=lambda name: validation[name])
        data = {"validation": validation} | _split(read_labelled_text(train_path), test)
    scores["majority"], cuts["majority"] = _majority(seen, is_rating, len(truth))
    with watch.stage("evaluate"):
        models = {
            name: _measure(truth, np.asarray(score), is_rating, cuts[name])
            for name, score in scores.items()
        }
    data |= {"label": "rating" if is_rating else "0/1", "language": language}
    data |= {"skipped_rows": test.skipped}
    return _scorecard("sentiment", data, chosen, models, watch)


def _measure(truth: np.ndarray, score: np.ndarray, is_rating: bool, cut: float) -> dict:
    from language.ml.metrics import polarity_metrics, rating_metrics

    if is_rating:
        return rating_metrics(truth, score, NEUTRAL)
    return polarity_metrics(truth.astype(int), score, cut)


def _shipped_scores(texts: list[str], language: str) -> dict[str, np.ndarray]:
    from language.ml.english_sentiment import textblob_polarity, vader_compound

    return {
        "backroom": scores_of(texts, language),
        "textblob": np.array([textblob_polarity(text) for text in texts]),
        "vader": np.array([vader_compound(text) for text in texts]),
    }


def _majority(seen: np.ndarray, is_rating: bool, rows: int) -> tuple[np.ndarray, float]:
    """One answer for every row: of the training part or, without one, of the measured file."""
    if is_rating:
        return np.full(rows, float(np.median(seen))), 0.0
    return np.full(rows, float(seen.mean() >= 0.5)), 0.5


def _fit_polarity(
    train_path: str, test: LabelledText, is_rating: bool, language: str
) -> tuple[dict[str, np.ndarray], dict[str, float]]:
    """Scores for the test rows per fitted model, and each model's score on validation rows."""
    from language.ml.polarity import fit_binary, fit_ratings

    train = read_labelled_text(train_path)
    numbers, train_is_rating = polarity_labels(train, train_path)
    if train_is_rating != is_rating:
        raise UnusableFileError(
            "One file has labels 0 and 1 and the other ratings from -1 to 1: use one kind in both."
        )
    vectors = _embed(train)
    shipped = scores_of(train.texts, language)
    fit = fit_ratings if is_rating else fit_binary
    try:
        model = fit(train.texts, np.array(numbers), vectors, shipped, seed=SEED)
    except ValueError as error:
        raise UnusableFileError(f"{train_path}: {error}.") from error
    return model.scores(test.texts, _embed(test), scores_of(test.texts, language)), model.validation


def _embed(data: LabelledText) -> np.ndarray:
    return load_embedder().encode(data.texts)


def _split(train: LabelledText, test: LabelledText) -> dict[str, Any]:
    return {
        "rows": len(train.texts) + len(test.texts),
        "train_rows": len(train.texts),
        "test_rows": len(test.texts),
        "skipped_rows": train.skipped + test.skipped,
        "split": "as given: one file to train on, another to measure on",
        "embedder": load_embedder().name,
    }


def _scorecard(task: str, data: dict, chosen: str, models: dict, watch: Stopwatch) -> dict:
    return {
        "task": task,
        "data": data,
        "chosen": chosen,
        "models": models,
        "seconds": watch.seconds,
        "peak_memory_mb": peak_memory_mb(),
    }
