"""What a sentence of copy states, in other words than the lists of claim_words know.

A classifier reads each sentence by itself, with its slots in place. passages.py judges by what it says.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from language.embeddings import load_embedder
from language.phrases import BANKS
from language.rating_words import without_ratings
from language.seeds import statement_examples
from language.slots import SLOT, unnumbered

if TYPE_CHECKING:
    import numpy as np

    from language.ml.statements import StatementModel

LEAST_LETTERS = 4
# A long sentence hides a clause: it is read by pairs of clauses too.
LONG_LETTERS = {"en": 60, "zh": 24}
SHIPPED = Path(__file__).resolve().parent / "seeds" / "statements.npz"
# A point between digits ends no sentence.
SENTENCE = re.compile(r"(?:[^.!?。！？…\n]|(?<=\d)\.(?=\d))+")
LETTERS = re.compile(r"[^\W\d_]")
LETTERLESS = re.compile(r"[\W\d_]+")
CHINESE_LETTER = re.compile(r"[\u4e00-\u9fff]")
STANDS_FOR_A_NAME = re.compile(r"\bit\b|它")
CLAUSE = re.compile(r"[^,，、:：;；–—()（）]+")
NAMES = {"en": "it", "zh": "它"}
# What the encoder reads in a slot's place: it knows no braces.
VALUES = {
    "en": {"price": "$40", "was_price": "$50", "discount": "20%", "until": "June 6", "stock": "3",
           "coupon": "SAVE5"},
    "zh": {"price": "40元", "was_price": "50元", "discount": "20%", "until": "6月6日",
           "stock": "3", "coupon": "优惠码"},
}  # fmt: skip
# The three slots of a coupon are read as what they say.
ROLES = {"coupon_code": "coupon", "coupon_value": "discount", "coupon_until": "until"}


@dataclass(frozen=True)
class Statement:
    """chance: 0 to 1 that the sentence states something unproven; kind: what, if it does.

    is_read: False for too few letters to say anything of them.
    """

    chance: float
    kind: str
    is_read: bool = True


UNREAD = Statement(0.0, "", is_read=False)
OF_THE_BANK = Statement(0.0, "")


def sentences_of(text: str) -> list[tuple[int, int]]:
    """Where each sentence stands, without what ends it."""
    return [match.span() for match in SENTENCE.finditer(text) if LETTERS.search(match.group())]


def read_statements(sentences: Sequence[str]) -> list[Statement]:
    """Per sentence, with figure slots in place and names as `it` / `它`, the worst of its parts."""
    return [_worst(as_read(sentence)) for sentence in sentences]


def as_read(sentence: str) -> str:
    """Lower case, one blank, names for what they stand for, without what ends it but a `?`, and without
    the words of a rating: slot_roles has judged them."""
    language = language_of(sentence)
    named = SLOT.sub(lambda match: _in_place(match, language), without_ratings(sentence))
    return " ".join(named.replace("？", "?").lower().split()).rstrip(".!。！… ")


def language_of(text: str) -> str:
    return "zh" if CHINESE_LETTER.search(text) else "en"


def _in_place(match: re.Match, language: str) -> str:
    slot = unnumbered(match[1])
    if slot in ("shop", "product"):
        return NAMES[language]
    slot = ROLES.get(slot, slot)
    return f"{{{slot}}}" if slot in VALUES[language] else " "


@lru_cache(maxsize=8192)
def _worst(sentence: str) -> Statement:
    parts = [part for part in _parts(sentence) if letters_in(part) >= LEAST_LETTERS]
    if not parts:
        return UNREAD
    if _is_of_the_bank(sentence):
        return OF_THE_BANK
    vectors = vectors_of(parts)
    model = sentence_model()
    chances = model.chances(parts, vectors)
    worst = int(chances.argmax())
    return Statement(float(chances[worst]), model.kinds(vectors[worst : worst + 1])[0])


def _parts(sentence: str) -> list[str]:
    """The sentence, and each pair of neighbouring clauses of a long one."""
    clauses = [clause.strip() for clause in CLAUSE.findall(sentence) if clause.strip()]
    if len(sentence) <= LONG_LETTERS[language_of(sentence)] or len(clauses) < 2:
        return [sentence]
    pairs = [", ".join(clauses[start : start + 2]) for start in range(len(clauses))]
    return list(dict.fromkeys([sentence, *pairs]))


def letters_in(sentence: str) -> int:
    """Outside slots."""
    return len(LETTERS.findall(SLOT.sub("", sentence)))


def vectors_of(sentences: Sequence[str]) -> np.ndarray:
    """Shape (n_sentences, d), of sentences as they are read; the encoder sees values in place of slots."""
    return load_embedder().encode([with_values(sentence) for sentence in sentences])


def with_values(sentence: str) -> str:
    """As the encoder reads it."""
    values = VALUES[language_of(sentence)]
    return SLOT.sub(lambda match: values.get(match[1], " "), sentence)


@lru_cache(maxsize=1)
def sentence_model() -> StatementModel:
    """As it was shipped; learned anew, some minutes, where the encoder is another."""
    from language.ml.statements import load_statements

    found = load_statements(SHIPPED, embedder=load_embedder().name, digest=examples_digest())
    return found or learn()


def learn() -> StatementModel:
    """From all examples, with the encoder of this machine."""
    from language.ml.statements import fit_statements

    examples = sentence_labels()
    texts = list(examples)
    return fit_statements(texts, list(examples.values()), vectors_of(texts))


def examples_digest() -> str:
    """Changes with every example and every sentence of the phrase bank."""
    rows = "\n".join(f"{label}\t{text}" for text, label in sentence_labels().items())
    return hashlib.sha256(rows.encode()).hexdigest()


def sentence_labels() -> dict[str, str]:
    """Sentence → label, as sentences are read; the first label of a sentence counts."""
    found: dict[str, str] = {}
    for label, text in [*statement_examples(), *(("none", text) for text in _own_phrases())]:
        found.setdefault(as_read(text), label)
    return found


def _is_of_the_bank(sentence: str) -> bool:
    """People have read the phrase bank: what a guess says of its clauses counts for nothing."""
    clauses = [_bare(clause) for clause in CLAUSE.findall(sentence)]
    return all(clause in _clauses_of_the_bank() for clause in clauses if clause)


@lru_cache(maxsize=1)
def _clauses_of_the_bank() -> frozenset[str]:
    sentences = [as_read(text) for text in _own_phrases()]
    return frozenset(_bare(clause) for one in sentences for clause in CLAUSE.findall(one))


def _bare(clause: str) -> str:
    """Letters alone, without what stands for a name; slots of figures keep theirs."""
    return LETTERLESS.sub("", STANDS_FOR_A_NAME.sub("", clause))


def _own_phrases() -> list[str]:
    """Sentences of the phrase bank: they state what their slots say and nothing else."""
    rows = [rows for bank in BANKS.values() for rows in bank.values()]
    texts = [phrase.text for phrases in rows for phrase in phrases]
    return sorted({text[a:b].strip() for text in texts for a, b in sentences_of(text)})
