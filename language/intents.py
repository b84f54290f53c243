"""Learn what texts ask from labelled examples, answer with a confidence, keep it in one file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from language.embeddings import load_embedder

if TYPE_CHECKING:
    import numpy as np

    from language.ml.intents import IntentModel


class ReaderMismatchError(Exception):
    """The file was learned with another embedder than the one that is installed."""


@dataclass(frozen=True)
class Guess:
    """label: the likeliest; confidence: 0 … 1; others: the next two with theirs."""

    label: str
    confidence: float
    others: tuple[tuple[str, float], ...] = ()


class IntentReader:
    """A fitted classifier with its embedder. Made by `learn_intents` or `load_reader`."""

    def __init__(self, model: IntentModel) -> None:
        self._model = model

    @property
    def labels(self) -> list[str]:
        return [str(label) for label in self._model.classes]

    @property
    def kind(self) -> str:
        return self._model.chosen

    def read(self, texts: Sequence[str]) -> list[Guess]:
        """One guess per text, in order."""
        if not texts:
            return []
        vectors = load_embedder().encode(texts)
        chances = self._model.probabilities(self._model.chosen, texts, vectors)
        order = (-chances).argsort(axis=1)[:, :3]
        return [self._guess(row, top) for row, top in zip(chances, order, strict=True)]

    def save(self, path: Path) -> None:
        from language.ml.artefact import save_model

        save_model(self._model, load_embedder().name, path)

    def _guess(self, chances: np.ndarray, top: np.ndarray) -> Guess:
        ranked = [(self.labels[place], round(float(chances[place]), 4)) for place in top]
        return Guess(*ranked[0], others=tuple(ranked[1:]))


def learn_intents(texts: Sequence[str], labels: Sequence[str], *, seed: int) -> IntentReader:
    """Raises ValueError when there is too little to learn from (see ml.intents.fit_intents)."""
    import numpy as np

    from language.ml.intents import fit_intents

    vectors = load_embedder().encode(texts)
    return IntentReader(fit_intents(texts, np.array(labels), vectors, seed=seed))


def load_reader(path: Path) -> IntentReader:
    """Raises ReaderMismatchError."""
    from language.ml.artefact import load_model

    model, embedder = load_model(path)
    if embedder != load_embedder().name:
        raise ReaderMismatchError(f"learned with {embedder}, installed is {load_embedder().name}")
    return IntentReader(model)


def intent_figures(truth: Sequence[str], guesses: Sequence[Guess]) -> dict[str, float | None]:
    """The metrics of the contract for guesses on rows that were not learned from."""
    import numpy as np

    from language.ml.metrics import intent_metrics

    return intent_metrics(
        np.array(truth),
        np.array([guess.label for guess in guesses]),
        np.array([guess.confidence for guess in guesses]),
    )
