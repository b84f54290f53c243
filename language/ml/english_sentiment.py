"""Sentiment of English text by two public lexicons with different strengths."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from textblob import TextBlob
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer


def textblob_polarity(text: str) -> float:
    """−1 … 1, 0 where no word is known. Averages adjectives; blind to most negation and idiom."""
    return float(TextBlob(text).sentiment.polarity)


def vader_compound(text: str) -> float:
    """−1 … 1. Rules for negation, degree, contrast and emphasis.

    Source: Hutto & Gilbert, VADER, ICWSM 2014.
    """
    return float(_analyzer().polarity_scores(text)["compound"])


@lru_cache(maxsize=1)
def _analyzer() -> Any:
    return SentimentIntensityAnalyzer()
