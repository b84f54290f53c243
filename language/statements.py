"""What a sentence of copy states, in other words than the lists of claim_words know.

The lists name what they refuse; this reads the rest. It is a guess with a threshold, so it only ever
refuses more: what the lists refuse stays refused.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from language.embeddings import load_embedder
from language.phrases import BANKS
from language.seeds import statement_examples
from language.slots import SLOT

if TYPE_CHECKING:
    from language.ml.statements import StatementModel

# Between what it lets pass and what it refuses wrongly; both are in docs/language.md.
THRESHOLD = 0.85
LEAST_LETTERS = 4
SHIPPED = Path(__file__).resolve().parent / "seeds" / "statements.npz"
# A point between digits ends no sentence.
SENTENCE = re.compile(r"(?:[^.!?。！？…\n]|(?<=\d)\.(?=\d))+")
LETTERS = re.compile(r"[^\W\d_]")
LETTERLESS = re.compile(r"[\W\d_]+")
STANDS_FOR_A_NAME = re.compile(r"\bit\b|它")
CLAUSE = re.compile(r"[^,，、:：;；–—()（）]+")


def sentences_of(text: str) -> list[tuple[int, int]]:
    """Where each sentence stands, without what ends it."""
    return [match.span() for match in SENTENCE.finditer(text) if LETTERS.search(match.group())]


def stated_kinds(sentences: Sequence[str]) -> list[str]:
    """Per sentence the kind of statement that it makes; empty where it makes none."""
    return [_stated(as_read(sentence)) for sentence in sentences]


@lru_cache(maxsize=8192)
def _stated(sentence: str) -> str:
    if len(LETTERS.findall(sentence)) < LEAST_LETTERS or _is_of_the_bank(sentence):
        return ""
    vectors = load_embedder().encode([sentence])
    model = _model()
    if model.chances([sentence], vectors)[0] < THRESHOLD:
        return ""
    return model.kinds(vectors)[0]


@lru_cache(maxsize=1)
def _model() -> StatementModel:
    """As it was shipped; learned anew, a minute, where the encoder is another."""
    from language.ml.statements import load_statements

    found = load_statements(SHIPPED, embedder=load_embedder().name, digest=examples_digest())
    return found or learn()


def learn() -> StatementModel:
    """From all examples, with the encoder of this machine."""
    from language.ml.statements import fit_statements

    examples = _examples()
    texts = list(examples)
    return fit_statements(texts, list(examples.values()), load_embedder().encode(texts))


def examples_digest() -> str:
    """Changes with every example and every sentence of the phrase bank."""
    rows = "\n".join(f"{label}\t{text}" for text, label in _examples().items())
    return hashlib.sha256(rows.encode()).hexdigest()


def _examples() -> dict[str, str]:
    """Sentence → label, as sentences are read; the first label of a sentence counts."""
    found: dict[str, str] = {}
    for label, text in [*statement_examples(), *(("none", text) for text in _own_phrases())]:
        found.setdefault(as_read(text), label)
    return found


def as_read(sentence: str) -> str:
    """Lower case, one blank, without what ends it but a question mark."""
    plain = " ".join(sentence.replace("？", "?").lower().split())
    return plain.rstrip(".!。！… ")


def _is_of_the_bank(sentence: str) -> bool:
    """People have read the phrase bank: what a guess says of its clauses counts for nothing."""
    clauses = [_bare(clause) for clause in CLAUSE.findall(sentence)]
    return all(clause in _clauses_of_the_bank() for clause in clauses if clause)


@lru_cache(maxsize=1)
def _clauses_of_the_bank() -> frozenset[str]:
    sentences = [as_read(text) for text in _own_phrases()]
    return frozenset(_bare(clause) for one in sentences for clause in CLAUSE.findall(one))


def _bare(clause: str) -> str:
    """Letters alone, without what stands for a name: that a slot is filled changes nothing."""
    return LETTERLESS.sub("", STANDS_FOR_A_NAME.sub("", clause))


def _own_phrases() -> list[str]:
    """Sentences of the phrase bank: they state what their slots say and nothing else."""
    found = []
    for language, bank in BANKS.items():
        name = {"en": "it", "zh": "它"}[language]
        for phrases in bank.values():
            texts = [SLOT.sub(name, phrase.text) for phrase in phrases]
            found += [text[a:b].strip() for text in texts for a, b in sentences_of(text)]
    return sorted(set(found))
