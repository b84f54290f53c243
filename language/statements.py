"""What a sentence of copy states, in other words than the lists of claim_words know.

The lists name what they refuse; this reads the rest. It is a guess with a threshold, so it only ever
refuses more: what the lists refuse stays refused.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from django.conf import settings

from language.embeddings import load_embedder
from language.phrases import BANKS
from language.seeds import statement_examples
from language.slots import SLOT

if TYPE_CHECKING:
    import numpy as np

    from language.ml.statements import StatementModel

# Chosen by cross-validation over the examples (docs/language.md): the least at which three of a
# hundred sentences that state nothing are refused.
THRESHOLD = 0.42
LEAST_LETTERS = 4
# A point between digits ends no sentence.
SENTENCE = re.compile(r"(?:[^.!?。！？…\n]|(?<=\d)\.(?=\d))+")
LETTERS = re.compile(r"[^\W\d_]")


def sentences_of(text: str) -> list[tuple[int, int]]:
    """Where each sentence stands, without what ends it."""
    return [match.span() for match in SENTENCE.finditer(text) if LETTERS.search(match.group())]


def stated_kinds(sentences: Sequence[str]) -> list[str]:
    """Per sentence the kind of statement that it makes; empty where it makes none."""
    return [_stated(" ".join(sentence.lower().split())) for sentence in sentences]


@lru_cache(maxsize=8192)
def _stated(sentence: str) -> str:
    if len(LETTERS.findall(sentence)) < LEAST_LETTERS:
        return ""
    vectors = load_embedder().encode([sentence])
    model = _model()
    if model.chances([sentence], vectors)[0] < THRESHOLD:
        return ""
    return model.kinds([sentence], vectors)[0]


@lru_cache(maxsize=1)
def _model() -> StatementModel:
    """Fitted once per process in less than a second, on vectors that lie beside the artefacts."""
    from language.ml.statements import fit_statements

    examples = [*statement_examples(), *(("none", text) for text in _own_phrases())]
    texts = [text.lower() for _label, text in examples]
    return fit_statements(texts, [label for label, _text in examples], _vectors(texts))


def _own_phrases() -> list[str]:
    """Sentences of the phrase bank: they state what their slots say and nothing else."""
    found = []
    for language, bank in BANKS.items():
        name = {"en": "it", "zh": "它"}[language]
        for phrases in bank.values():
            texts = [SLOT.sub(name, phrase.text) for phrase in phrases]
            found += [text[a:b].strip() for text in texts for a, b in sentences_of(text)]
    return sorted(set(found))


def _vectors(texts: Sequence[str]) -> np.ndarray:
    """The examples' vectors: six seconds the first time, then read from a file."""
    import numpy as np

    embedder: Any = load_embedder()
    digest = hashlib.sha256("\n".join([embedder.name, *texts]).encode()).hexdigest()[:16]
    path = settings.ARTEFACT_DIR / f"statements-{digest}.npy"
    if path.exists():
        return np.load(path, allow_pickle=False)
    found = embedder.encode(texts)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(f".{os.getpid()}.part")
    with part.open("wb") as file:
        np.save(file, found, allow_pickle=False)
    part.replace(path)  # whole or not at all, whoever else writes it now
    return found
