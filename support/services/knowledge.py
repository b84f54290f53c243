"""Find the passages that answer a question."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from django.db.models import Q

from language.embeddings import load_embedder
from support.ml.passages import best, rank, split_passages
from support.models import Intent, KnowledgeArticle

if TYPE_CHECKING:
    import numpy as np

MOST_ARTICLES = 1000
MOST_PASSAGES = 2
NEAR = 0.05
# Cosines of the sentence encoder and of hashed n-grams are different scales: docs/support.md.
# Kinds of question that one policy answers; a product question has as many answers as products.
POLICY_INTENTS = frozenset(
    {Intent.RETURN_REFUND, Intent.DAMAGED, Intent.INVOICE, Intent.PAYMENT, Intent.CANCEL}
    | {Intent.CHANGE_ADDRESS}
)
LEAST = {True: 0.33, False: 0.30}


def find_passages(
    question: str, language: str, intent: str, *, intent_is_sure: bool = False
) -> list[dict]:
    """At most two passages in that language, the best first; none where nothing is near enough.

    Articles that name another intent are left out. "It arrived in pieces" is not near the words
    of any policy, so where the intent is sure and settles which policy applies, an article that
    names it needs no nearness: docs/support.md has the measurement.
    """
    rows = _rows(language, intent)
    if not rows:
        return []
    embedder = load_embedder()
    texts = tuple(f"{article.title_in(language)}. {passage}" for article, passage in rows)
    ranked = rank(embedder.encode([question])[0], _vectors(texts), len(rows))
    least = LEAST[embedder.is_semantic]
    if intent_is_sure and intent in POLICY_INTENTS:
        named = [pair for pair in ranked if rows[pair[0]][0].intent == intent]
        near = [pair for pair in ranked if pair[1] >= least]
        ranked, least = near or named[:1], -1.0
    scores = dict(ranked)
    return [
        {
            "code": rows[place][0].code,
            "title": rows[place][0].title_in(language),
            "text": rows[place][1],
            "score": scores[place],
        }
        for place in best(ranked, least, NEAR)[:MOST_PASSAGES]
    ]


def _rows(language: str, intent: str) -> list[tuple[KnowledgeArticle, str]]:
    articles = KnowledgeArticle.objects.filter(Q(intent="") | Q(intent=intent), is_published=True)
    return [
        (article, passage)
        for article in articles.order_by("code")[:MOST_ARTICLES]
        for passage in split_passages(article.body_in(language))
    ]


@lru_cache(maxsize=24)
def _vectors(texts: tuple[str, ...]) -> np.ndarray:
    """The same passages are asked about all day: kept until one of them is changed."""
    return load_embedder().encode(texts)
