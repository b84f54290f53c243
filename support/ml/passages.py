"""Help texts cut into passages that can be quoted whole, and the search among them."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

LONGEST_PASSAGE = 320  # characters; about three sentences
_PARAGRAPH = re.compile(r"\n\s*\n|\r\n\s*\r\n")
_SENTENCE = re.compile(r"(?<=[.!?])\s+|(?<=[。！？])")


def split_passages(body: str, longest: int = LONGEST_PASSAGE) -> list[str]:
    """Paragraphs, cut between sentences where they are longer; nothing is rewritten."""
    passages: list[str] = []
    for paragraph in _PARAGRAPH.split(body.strip()):
        current = ""
        for sentence in _SENTENCE.split(" ".join(paragraph.split())):
            if current and len(current) + len(sentence) > longest:
                passages.append(current.strip())
                current = ""
            gap = "" if not current or current[-1] in "。！？" else " "
            current += gap + sentence
        if current.strip():
            passages.append(current.strip())
    return passages


def rank(question: np.ndarray, passages: np.ndarray, most: int) -> list[tuple[int, float]]:
    """The nearest passages by cosine, best first: (place, similarity).

    question: (d,). passages: (n, d). Rows of length 1. Ties keep the order given.
    """
    if not len(passages):
        return []
    similarity = passages @ question
    order = np.argsort(-similarity, kind="stable")[:most]
    return [(int(place), round(float(similarity[place]), 4)) for place in order]


def best(ranked: Sequence[tuple[int, float]], least: float, near: float) -> list[int]:
    """Places at or above `least`; a second one only within `near` of the first."""
    if not ranked or ranked[0][1] < least:
        return []
    top = ranked[0][1]
    return [place for place, score in ranked if score >= max(least, top - near)]
