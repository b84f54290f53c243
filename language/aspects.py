"""What a message speaks of, and whether it praises or blames it, clause by clause."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from language.embeddings import load_embedder
from language.seeds import aspect_examples
from language.sentiment import scores_of

if TYPE_CHECKING:
    from language.ml.aspects import AspectModel, Label

# The examples have none; a question mark says something.
ENDINGS = " \t\r\n.,;:!()。，；：！、…（）-–—"
CODE = "aspects-2"  # changed code reads everything anew
MOST_CLAUSES = 200  # of one message: what follows is not read


@dataclass(frozen=True)
class Mention:
    """polarity: −1, 0 or 1. confidence: 0 to 1, calibrated. start, end: of the surest clause."""

    aspect: str
    polarity: int
    confidence: float
    start: int
    end: int


def mentions_of(texts: Sequence[str], *, threshold: float | None = None) -> list[list[Mention]]:
    """Per text what it speaks of, each aspect and polarity once; none below the threshold.

    threshold: 0 to 1; without one, what the model's calibration says.
    """
    from language.ml.clauses import clauses_of

    spans = [
        (place, start, end)
        for place, text in enumerate(texts)
        for start, end in clauses_of(text)[:MOST_CLAUSES]
    ]
    clauses = [texts[place][start:end].strip(ENDINGS) for place, start, end in spans]
    found: list[dict[tuple[str, int], Mention]] = [{} for _text in texts]
    for (place, start, end), mentions in zip(spans, _read(clauses, threshold), strict=True):
        for aspect, polarity, confidence in mentions:
            known = found[place].get((aspect, polarity))
            if known is None or confidence > known.confidence:
                mention = Mention(aspect, polarity, confidence, start, end)
                found[place][aspect, polarity] = mention
    return [list(one.values()) for one in found]


def reader_version() -> str:
    """Changes with the code, the examples and the encoder: older readings are then read again."""
    return hashlib.sha256(
        repr((CODE, load_embedder().name, aspect_examples())).encode()
    ).hexdigest()[:16]


def learn_aspects(examples: Sequence[tuple[str, Label]]) -> AspectModel:
    """Raises ValueError where the examples are too few."""
    from language.ml.aspects import fit_aspects

    texts = [text for text, _label in examples]
    labels = [label for _text, label in examples]
    return fit_aspects(texts, labels, load_embedder().encode(texts), scores_of(texts))


@lru_cache(maxsize=1)
def shipped_aspects() -> AspectModel:
    """Learned on first use from the clauses in seeds/, some 5 s: nothing binary to trust."""
    return learn_aspects(aspect_examples())


def _read(clauses: Sequence[str], threshold: float | None) -> list[list[tuple[str, int, float]]]:
    if not clauses:
        return []
    from language.ml.aspects import ASPECTS

    model = shipped_aspects()
    least = model.threshold if threshold is None else threshold
    read = model.read(clauses, load_embedder().encode(clauses), scores_of(clauses))
    return [
        [
            (ASPECTS[column], int(polarity), float(row[column]))
            for column in row.nonzero()[0]
            if row[column] >= least
        ]
        for row, polarity in zip(read.confidence, read.polarity, strict=True)
    ]
