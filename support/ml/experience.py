"""How likely a customer is content with a conversation, and what pulled the chance down.

A logistic regression whose signs are bound: a longer wait can never raise the score, nor can blame,
a worse mood, a hand-off or having to write again. The wait counts piecewise in the logarithm of
hours, each piece with a slope of zero or less.
Source: Slawski & Hein, Non-negative least squares for high-dimensional linear models, Electronic
Journal of Statistics 7 (2013), for bounds as the only selection that is needed.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

WAIT_KNOTS_HOURS = (0.0, 1.0, 4.0, 12.0, 24.0, 48.0, 96.0, 336.0)
PENALTY = 1.0  # of squared weights, in rows
FORMAT_VERSION = 1  # 1: first
_PIECES = len(WAIT_KNOTS_HOURS) - 1


@dataclass(frozen=True)
class Conversations:
    """Arrays of one length, a row a conversation, no NaN.

    wait_hours: to the first answer, or so far, 0 or more. mood: −1 … 1. again: messages of the
    customer after the first, 0 or more. handed_off: bool. blamed: (n, n_aspects), bool.
    intent_idx: place in the list of intents, −1 for none.
    """

    wait_hours: np.ndarray
    mood: np.ndarray
    again: np.ndarray
    handed_off: np.ndarray
    blamed: np.ndarray
    intent_idx: np.ndarray

    def rows(self, chosen: np.ndarray) -> Conversations:
        return Conversations(*(getattr(self, name)[chosen] for name in self.__dataclass_fields__))

    def __len__(self) -> int:
        return len(self.wait_hours)


@dataclass(frozen=True)
class ExperienceModel:
    """weights: one per column of `columns_of`; usual: their means in training."""

    weights: np.ndarray
    intercept: float
    usual: np.ndarray
    aspects: tuple[str, ...]
    intents: tuple[str, ...]

    def scores(self, told: Conversations) -> np.ndarray:
        """Shape (n,), 0 to 100: the chance, in percent, of an answer of 4 or 5."""
        margin = columns_of(told, len(self.intents)) @ self.weights + self.intercept
        return 100.0 / (1.0 + np.exp(-margin))

    def causes(self, told: Conversations) -> dict[str, np.ndarray]:
        """Per cause (n,): log odds against a usual conversation; below 0 it pulled down."""
        part = (columns_of(told, len(self.intents)) - self.usual) * self.weights
        edges = {"wait": slice(0, _PIECES), "mood": _PIECES, "again": _PIECES + 1}
        edges["handoff"] = _PIECES + 2
        found = {
            name: part[:, place].sum(axis=1) if isinstance(place, slice) else part[:, place]
            for name, place in edges.items()
        }
        first = _PIECES + 3
        for place, aspect in enumerate(self.aspects):
            found[f"aspect:{aspect}"] = part[:, first + place]
        first += len(self.aspects)
        own = np.zeros(len(told))
        for place in range(len(self.intents)):
            own += part[:, first + place]
        return found | {"intent": own}


def columns_of(told: Conversations, intents: int) -> np.ndarray:
    """(n, 7 pieces of wait + mood + again + hand-off + aspects + intents)."""
    knots = np.log1p(np.array(WAIT_KNOTS_HOURS))
    logged = np.log1p(told.wait_hours)[:, None]
    wait = np.clip(logged - knots[:-1], 0.0, np.diff(knots))
    kinds = told.intent_idx[:, None] == np.arange(intents)
    rest = np.column_stack([told.mood, np.log1p(told.again), told.handed_off])
    return np.hstack([wait, rest, told.blamed, kinds]).astype(float)


def fit_experience(
    told: Conversations, content: np.ndarray, aspects: Sequence[str], intents: Sequence[str]
) -> ExperienceModel:
    """content: (n,), bool: answered 4 or 5. Raises ValueError unless both answers occur."""
    from scipy.optimize import minimize  # only where a night learns

    if content.all() or not content.any():
        raise ValueError("needs conversations that went well and some that did not")
    columns = columns_of(told, len(intents))
    signs = np.where(content, 1.0, -1.0)

    def loss(values: np.ndarray) -> tuple[float, np.ndarray]:
        weights, intercept = values[:-1], values[-1]
        margin = signs * (columns @ weights + intercept)
        wrong = -signs / (1.0 + np.exp(np.clip(margin, -500, 500)))
        value = np.logaddexp(0.0, -margin).sum() + PENALTY / 2 * weights @ weights
        return value, np.append(columns.T @ wrong + PENALTY * weights, wrong.sum())

    falls, rises, free = (None, 0.0), (0.0, None), (None, None)
    bounds = [falls] * _PIECES + [rises, falls, falls] + [falls] * len(aspects)
    bounds += [free] * (len(intents) + 1)
    start = np.zeros(len(bounds))
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds)
    return ExperienceModel(
        found.x[:-1], float(found.x[-1]), columns.mean(axis=0), tuple(aspects), tuple(intents)
    )


def save_experience(model: ExperienceModel, path: Path) -> None:
    about = {
        "version": FORMAT_VERSION,
        "weights": model.weights.tolist(),
        "intercept": model.intercept,
        "usual": model.usual.tolist(),
        "aspects": model.aspects,
        "intents": model.intents,
    }
    path.write_text(json.dumps(about), encoding="utf-8")


def load_experience(path: Path) -> ExperienceModel:
    """Raises ValueError for a file of another version."""
    about = json.loads(path.read_text(encoding="utf-8"))
    if about["version"] != FORMAT_VERSION:
        raise ValueError(f"version {about['version']}, this code reads {FORMAT_VERSION}")
    return ExperienceModel(
        np.array(about["weights"]),
        about["intercept"],
        np.array(about["usual"]),
        tuple(about["aspects"]),
        tuple(about["intents"]),
    )
