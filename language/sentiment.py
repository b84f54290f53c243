"""How a text feels, behind one interface, in English and Chinese.

English is the mean of TextBlob, VADER and a head on sentence vectors; Chinese the mean of our own
lexicon and the same head. docs/language.md has the figures behind that choice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from language.detection import CHINESE, detect_language
from language.embeddings import load_embedder
from language.seeds import sentiment_examples

if TYPE_CHECKING:
    import numpy as np

    from language.ml.sentiment_head import SentimentHead

# Between these a text is neither praise nor complaint; VADER's authors use the same cut.
NEUTRAL = 0.05


@dataclass(frozen=True)
class Sentiment:
    """score: −1 … 1. parts: what each method said, for the receipt."""

    score: float
    language: str
    parts: dict[str, float]


def sentiment_of(text: str, language: str = "auto") -> Sentiment:
    return sentiments_of([text], language)[0]


def sentiments_of(texts: Sequence[str], language: str = "auto") -> list[Sentiment]:
    """One Sentiment per text, in order. language: en, zh, or auto to look at each text.

    A language that is neither is read by the head alone, or 0 where no embedder is installed.
    """
    languages = [_language(text, language) for text in texts]
    head = _head_scores(texts)
    return [
        _combine(text, own, None if head is None else float(head[index]))
        for index, (text, own) in enumerate(zip(texts, languages, strict=True))
    ]


def scores_of(texts: Sequence[str], language: str = "auto") -> np.ndarray:
    """Shape (n_texts,), −1 … 1, in order."""
    import numpy as np

    return np.array([sentiment.score for sentiment in sentiments_of(texts, language)])


def _language(text: str, asked: str) -> str:
    return detect_language(text).language if asked == "auto" else asked


def _combine(text: str, language: str, head: float | None) -> Sentiment:
    parts = lexicon_parts(text, language)
    if head is not None:
        parts["head"] = head
    score = sum(parts.values()) / len(parts) if parts else 0.0
    return Sentiment(score, language, parts)


def lexicon_parts(text: str, language: str) -> dict[str, float]:
    if language == CHINESE:
        from language.ml.chinese_sentiment import chinese_polarity

        return {"lexicon": chinese_polarity(text)}
    if language == "en":
        from language.ml.english_sentiment import textblob_polarity, vader_compound

        return {"textblob": textblob_polarity(text), "vader": vader_compound(text)}
    return {}


def _head_scores(texts: Sequence[str]) -> np.ndarray | None:
    embedder = load_embedder()
    if not embedder.is_semantic:
        return None
    return _head().predict(embedder.encode(texts))


@lru_cache(maxsize=1)
def _head() -> SentimentHead:
    """Fitted on first use from the sentences in seeds/: 0.3 s, and nothing binary to trust."""
    import numpy as np

    from language.ml.sentiment_head import fit_head

    examples = sentiment_examples()
    vectors = load_embedder().encode([text for _language, text, _score in examples])
    return fit_head(vectors, np.array([score for *_rest, score in examples]))
