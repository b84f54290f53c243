"""Sentences that state something in words that no list holds, and sentences that are only mood.

held_out_statements.csv was written before the classifier and is never learned from.
"""

import csv
from pathlib import Path

import numpy as np
import pytest

from language.claims import Fact, refusals
from language.ml.statements import fit_statements
from language.seeds import statement_examples
from language.statements import as_read, sentences_of, stated_kinds

FACTS = [
    Fact("greeting", "person", "Hello"), Fact("shop", "name", "Backroom"),
    Fact("product", "name", "Copper Kettle"), Fact("product_2", "name", "Blue Cup"),
    Fact("price", "money", "£40.00"), Fact("was_price", "prior_money", "£50.00"),
    Fact("discount", "percent", "20%"), Fact("until", "date", "6 June 2026"),
    Fact("link", "link", "https://shop.example/"),
]  # fmt: skip


def held_out() -> list[tuple[str, str, str]]:
    path = Path(__file__).with_name("held_out_statements.csv")
    with path.open(encoding="utf-8", newline="") as file:
        return [(row["language"], row["label"], row["text"]) for row in csv.DictReader(file)]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_held_out_statements_are_refused_and_moods_pass(language):
    rows = [(label, text) for lang, label, text in held_out() if lang == language]
    false = [text for label, text in rows if label != "none"]
    moods = [text for label, text in rows if label == "none"]
    passed = [text for text in false if not refusals(text, FACTS, slots_only=True)]
    blocked = [text for text in moods if refusals(text, FACTS, slots_only=True)]
    assert len(passed) <= 0.05 * len(false), passed
    assert len(blocked) <= 0.05 * len(moods), blocked


def test_nothing_held_out_was_learned_from():
    learned = {as_read(text) for _label, text in statement_examples()}
    assert not learned & {as_read(text) for _language, _label, text in held_out()}
    for name in ("fourth", "fifth"):
        path = Path(__file__).with_name(f"{name}_claim_texts.csv")
        with path.open(encoding="utf-8", newline="") as file:
            assert not learned & {as_read(row["text"]) for row in csv.DictReader(file)}


def test_what_is_shipped_was_learned_from_the_examples_as_they_are():
    """After a change of examples or phrases: manage.py learn_statements."""
    from language.ml.statements import load_statements
    from language.statements import SHIPPED, examples_digest

    name = "universal-sentence-encoder-multilingual-v3"
    assert load_statements(SHIPPED, embedder=name, digest=examples_digest()) is not None
    assert load_statements(SHIPPED, embedder="another", digest=examples_digest()) is None


@pytest.mark.parametrize(
    ("name", "most_passing", "most_refused"), [("fourth", 32, 20), ("fifth", 19, 32)]
)
def test_lists_of_strangers_are_read_no_worse_than_is_written_down(
    name, most_passing, most_refused
):
    path = Path(__file__).with_name(f"{name}_claim_texts.csv")
    with path.open(encoding="utf-8", newline="") as file:
        rows = [(row["label"], row["text"]) for row in csv.DictReader(file)]
    read = [(label, bool(refusals(text, FACTS, slots_only=True))) for label, text in rows]
    assert sum(label != "none" and not refused for label, refused in read) <= most_passing
    assert sum(label == "none" and refused for label, refused in read) <= most_refused


def test_a_question_is_read_as_one():
    [asked] = [text[a : b + 1] for text in ["Is it warm?"] for a, b in sentences_of(text)]
    assert as_read(asked) == "is it warm?"
    assert as_read("它 暖和吗？") == "它 暖和吗?"
    assert as_read("It is warm. ") == "it is warm"


def test_a_claim_beside_a_proven_figure_is_read_too():
    text = "{product} is {price}, and it keeps colds away."
    [refused] = refusals(text, FACTS, slots_only=True)
    assert refused.reason == "stated_health"
    assert "keeps colds away" in text[refused.start : refused.end]


def test_what_an_evidence_says_word_for_word_is_no_longer_read():
    evidence = Fact("care", "text", "The frame is solid oak", "evidence:7")
    assert refusals("The frame is solid oak.", FACTS)
    assert refusals("The frame is solid oak.", [*FACTS, evidence]) == []


def test_sentences_keep_their_places():
    text = "One. Two! 三。四？"
    assert [text[a:b].strip() for a, b in sentences_of(text)] == ["One", "Two", "三", "四"]


def test_a_lone_word_or_an_empty_one_states_nothing():
    assert stated_kinds(["", "ok", "您好"]) == ["", "", ""]


def test_fitting_needs_both_sides():
    vectors = np.zeros((2, 3), dtype=np.float32)
    with pytest.raises(ValueError, match="needs sentences"):
        fit_statements(["a", "b"], ["none", "none"], vectors)
