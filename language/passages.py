"""What a passage of copy states, in other words than the lists know.

Sentences are read one by one (statements.py) and then up to three in a row, with their slots and what
the lists suspect. What a passage is taken to state is refused at its most telling sentence; a
suspicion stands unless every passage around it is certain of a mood.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from language.claim_types import Claim, Fact
from language.embeddings import MOST_LETTERS, SentenceEncoder, load_embedder
from language.listed_claims import Findings, find_claims, wording_of
from language.seeds import passage_examples
from language.slots import SLOT, unnumbered
from language.statements import (
    OF_THE_BANK,
    Statement,
    as_read,
    examples_digest,
    language_of,
    letters_in,
    read_statements,
    sentence_labels,
    sentence_model,
    sentences_of,
    vectors_of,
    with_values,
)

if TYPE_CHECKING:
    from language.ml.passages import Passage, PassageModel
    from language.ml.tuned_encoder import TunedEncoder, TunedReader

PASSAGE_SENTENCES = 3
NONE = "none"
FRAGMENT_LETTERS = {"en": 12, "zh": 8}
LEAST_CHANCE = 1e-4
SHIPPED = Path(__file__).resolve().parent / "seeds" / "passages.npz"
TUNED = SHIPPED.with_name("tuned.npz")
# Of the tuned encoder's log-odds in a passage's; chosen on lists that neither had learned from.
TUNED_SHARE = 0.4
PASSAGE_WEIGHT = 2.0  # beside a sentence's, in tuning: it is what will be read
# The facts that the examples were written with.
EXAMPLE_FACTS = [
    Fact("greeting", "person", "Hello"), Fact("shop", "name", "Backroom"),
    Fact("product", "name", "Copper Kettle"), Fact("product_2", "name", "Blue Cup"),
    Fact("price", "money", "£40.00"), Fact("was_price", "prior_money", "£50.00"),
    Fact("discount", "percent", "20%"), Fact("until", "date", "6 June 2026"),
    Fact("link", "link", "https://shop.example/"),
]  # fmt: skip
EXAMPLE_SLOTS = frozenset(fact.slot for fact in EXAMPLE_FACTS)


@dataclass(frozen=True)
class Limits:
    """Chances, 0 to 1. From `stated` on a passage is refused; a suspicion falls below its own."""

    stated: float
    figure: float
    role: float
    word: float

    def of(self, claim: Claim) -> float:
        if claim.reason == "misused_slot":
            return self.role
        return self.figure if claim.reason.startswith("figure") else self.word


# Between what they let pass and what they refuse wrongly; both are in docs/language.md.
OF_PASSAGES = Limits(0.38, 0.38, 0.38, 0.38)
OF_SENTENCES = Limits(0.62, 0.5, 0.62, 0.05)


@dataclass(frozen=True)
class PassageReading:
    """spans: its sentences; worst: the most telling of them; chance: 0 to 1 that it states something.

    kind: what, if it does. limits: None where no sentence has letters enough to say anything.
    """

    spans: tuple[tuple[int, int], ...]
    worst: tuple[int, int]
    chance: float
    kind: str
    limits: Limits | None

    @property
    def is_refused(self) -> bool:
        return self.limits is not None and self.chance >= self.limits.stated

    def covers(self, claim: Claim) -> bool:
        return any(claim.start < end and start < claim.end for start, end in self.spans)

    def clears(self, claim: Claim) -> bool:
        """A slot among too few letters to read (`{product}. {until}.`) says nothing wrong."""
        if self.limits is None:
            return claim.reason == "misused_slot"
        return self.chance < self.limits.of(claim)


def read_findings(findings: Findings) -> list[PassageReading]:
    """Each run of up to three readable sentences, in reading order."""
    spans = findings.readable_sentences()
    shown = [findings.as_shown(span) for span in spans]
    statements = read_statements(shown)
    last = max(len(spans) - PASSAGE_SENTENCES, 0)
    return [
        _read(findings, spans[start:end], shown[start:end], statements[start:end])
        for start, end in ((n, n + PASSAGE_SENTENCES) for n in range(last + 1))
        if spans[start:end]
    ]


def read_without(
    findings: Findings, reading: PassageReading, ruled: Container[str]
) -> PassageReading | None:
    """A refused passage as it is judged beside rulings, by their wordings.

    Where its most telling sentence is ruled to state nothing, the ruled ones are taken out and what
    stands around them is read again; None where nothing does.
    """
    if wording_of(findings.text, reading.worst) not in ruled:
        return reading
    spans = [span for span in reading.spans if wording_of(findings.text, span) not in ruled]
    if not spans:
        return None
    shown = [findings.as_shown(span) for span in spans]
    return _read(findings, spans, shown, read_statements(shown))


def _read(
    findings: Findings,
    spans: Sequence[tuple[int, int]],
    shown: Sequence[str],
    statements: Sequence[Statement],
) -> PassageReading:
    telling = max(range(len(spans)), key=lambda n: statements[n].chance)
    worst = statements[telling]
    chance, limits = 0.0, OF_PASSAGES if any(one.is_read for one in statements) else None
    if any(one.is_read and one is not OF_THE_BANK for one in statements):
        passage = _passage(findings, spans, shown, statements)
        chance, limits = worst.chance, OF_SENTENCES
        # A slot that no example has only the sentence model reads as one.
        if EXAMPLE_SLOTS.issuperset(map(unnumbered, passage.slots)):
            together = _chance(passage)
            if len(spans) > 1:
                chance, limits = together, OF_PASSAGES
            elif together >= limits.stated and not _is_a_fragment(passage):
                chance = max(chance, together)  # of a lone sentence either reading suffices
    return PassageReading(
        tuple(spans), spans[telling], chance, worst.kind or "specification", limits
    )


def _is_a_fragment(passage: Passage) -> bool:
    """“It is back.” is too little for a reading that hears the tone."""
    return letters_in(passage.text) < FRAGMENT_LETTERS["zh" if passage.is_chinese else "en"]


def _passage(
    findings: Findings,
    spans: Sequence[tuple[int, int]],
    shown: Sequence[str],
    statements: Sequence[Statement],
) -> Passage:
    from language.ml.passages import Passage

    sentences = [as_read(sentence) for sentence in shown]
    text = " ".join(s if s.endswith("?") else f"{s}." for s in sentences if s)
    suspicions = {
        claim.reason
        for claim in findings.suspected
        if any(claim.start < end and start < claim.end for start, end in spans)
    }
    slots = {slot for sentence in shown for slot in SLOT.findall(sentence)}
    chances = tuple(statement.chance for statement in statements)
    return Passage(
        text, chances, frozenset(suspicions), frozenset(slots), language_of(text) == "zh"
    )


@lru_cache(maxsize=8192)
def _chance(passage: Passage) -> float:
    vectors = vectors_of([passage.text])
    as_one = sentence_model().chances([passage.text], vectors)
    chance = float(_model().chances([passage], vectors, as_one)[0])
    tuned = _tuned()
    return blended(chance, _log_odds(tuned, passage.text), TUNED_SHARE) if tuned else chance


def _log_odds(tuned: TunedReader, text: str) -> float:
    """Half of it as one, half of its most telling sentence: a claim among pleasantries stays one."""
    alone = [text[start : end + 1].strip() for start, end in sentences_of(text)]
    whole, *each = tuned.log_odds([with_values(one)[:MOST_LETTERS] for one in (text, *alone)])
    return float(whole + max(each, default=whole)) / 2.0


def blended(chance: float, log_odds: float, share: float) -> float:
    """A chance, and another reader's log-odds with this share in the blend; from 0 to 1."""
    own = math.log((chance + LEAST_CHANCE) / (1.0 - chance + LEAST_CHANCE))
    return 1.0 / (1.0 + math.exp(-((1.0 - share) * own + share * log_odds)))


@lru_cache(maxsize=1)
def _tuned() -> TunedReader | None:
    """As it was shipped. Nothing but `learn_statements --tune` makes another: a quarter of an hour."""
    encoder = load_embedder()
    if not isinstance(encoder, SentenceEncoder):
        return None
    from language.ml.tuned_encoder import load_tuned, weights_of

    found = load_tuned(TUNED, weights_of(encoder.backend), digest=passages_digest())
    return found.reader(encoder.backend) if found else None


@lru_cache(maxsize=1)
def _model() -> PassageModel:
    """As it was shipped; learned anew, a minute, where encoder, sentences or passages are others."""
    from language.ml.passages import load_passages

    return load_passages(SHIPPED, digest=passages_digest()) or learn_passages()


def learn_passages() -> PassageModel:
    """From all examples that the lists do not refuse already, with the sentence model of this machine."""
    from language.ml.passages import fit_passages

    labels, passages = _example_passages()
    texts = [passage.text for passage in passages]
    vectors = vectors_of(texts)
    return fit_passages(passages, labels, vectors, sentence_model().chances(texts, vectors))


def learn_tuned(encoder: SentenceEncoder, tell: Callable[[str], object]) -> TunedEncoder:
    """From the same passages and all sentences; some minutes of one core per epoch."""
    from language.ml.tuning import tune

    labels, passages = _example_passages()
    sentences = sentence_labels()
    texts = [*sentences, *(passage.text for passage in passages)]
    return tune(
        encoder.backend,
        [with_values(text) for text in texts],
        [label != NONE for label in [*sentences.values(), *labels]],
        [1.0] * len(sentences) + [PASSAGE_WEIGHT] * len(passages),
        tell=tell,
    )


def _example_passages() -> tuple[list[str], list[Passage]]:
    """Labels and passages of the examples that the lists do not refuse already."""
    labels, passages = [], []
    for label, text in passage_examples():
        findings = find_claims(text, EXAMPLE_FACTS, slots_only=True)
        spans = findings.readable_sentences()
        if not findings.refused and 1 <= len(spans) <= PASSAGE_SENTENCES:
            shown = [findings.as_shown(span) for span in spans]
            labels.append(label)
            passages.append(_passage(findings, spans, shown, read_statements(shown)))
    return labels, passages


def passages_digest() -> str:
    """Changes with every example, and with what the sentence model was learned from."""
    rows = "\n".join("\t".join(example) for example in passage_examples())
    about = f"{load_embedder().name}\n{examples_digest()}\n{rows}"
    return hashlib.sha256(about.encode()).hexdigest()
