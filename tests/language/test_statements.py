"""Sentences that state something in words that no list holds, and sentences that are only mood.

held_out_statements.csv was written before the classifier and is never learned from.
"""

import csv
import re
from pathlib import Path

import numpy as np
import pytest

from language.claims import Fact, refusals
from language.embeddings import load_embedder
from language.ml.passages import load_passages
from language.ml.statements import fit_statements, words_and_neighbours
from language.ml.tuned_encoder import load_tuned, weights_of
from language.seeds import passage_examples, statement_examples
from language.statements import UNREAD, as_read, language_of, read_statements, sentences_of

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


def strangers(name: str) -> list[tuple[str, str]]:
    path = Path(__file__).with_name(f"{name}_claim_texts.csv")
    with path.open(encoding="utf-8", newline="") as file:
        return [(row["label"], row["text"]) for row in csv.DictReader(file)]


def test_nothing_held_out_was_learned_from():
    learned = {as_read(text) for _label, text in statement_examples()}
    learned |= {as_read(text) for _label, text in passage_examples()}
    assert not learned & {as_read(text) for _language, _label, text in held_out()}
    for name in ("eighth", "ninth"):
        assert not learned & {as_read(text) for _label, text in strangers(name)}


def test_what_is_shipped_was_learned_from_the_examples_as_they_are():
    """After a change of examples or phrases: manage.py learn_statements --tune."""
    from language import passages
    from language.ml.statements import load_statements
    from language.statements import SHIPPED, examples_digest

    name = "universal-sentence-encoder-multilingual-v3"
    assert load_statements(SHIPPED, embedder=name, digest=examples_digest()) is not None
    assert load_statements(SHIPPED, embedder="another", digest=examples_digest()) is None
    assert load_passages(passages.SHIPPED, digest=passages.passages_digest()) is not None
    assert load_passages(passages.SHIPPED, digest="another") is None
    own = weights_of(load_embedder().backend)
    assert load_tuned(passages.TUNED, own, digest=passages.passages_digest()) is not None


@pytest.mark.parametrize(
    ("name", "most_passing", "most_refused"), [("eighth", 5, 16), ("ninth", 5, 45)]
)
def test_lists_of_strangers_are_read_no_worse_than_is_written_down(
    name, most_passing, most_refused
):
    read = [
        (label, bool(refusals(text, FACTS, slots_only=True))) for label, text in strangers(name)
    ]
    assert sum(label != "none" and not refused for label, refused in read) <= most_passing
    assert sum(label == "none" and refused for label, refused in read) <= most_refused


def test_a_claim_among_pleasantries_is_found_about_as_often_as_bare():
    """“Good morning. … Have a lovely day.” around one sentence of lists that nothing learned from."""
    around = {"en": "Good morning. %s Have a lovely day.", "zh": "早上好。%s祝您愉快。"}
    listed = [(label, text) for _language, label, text in held_out()]
    listed += [row for name in ("eighth", "ninth") for row in strangers(name)]
    passing = refused = 0
    for label, text in listed:
        if len(re.findall(r"[.!?。！？]", text)) > 1:
            continue
        language = language_of(text)
        end = "" if text.strip()[-1] in ".!?。！？" else {"en": ".", "zh": "。"}[language]
        found = refusals(around[language] % (text.strip() + end), FACTS, slots_only=True)
        passing += label != "none" and not found
        refused += label == "none" and bool(found)
    assert passing <= 21
    assert refused <= 16


def test_a_question_is_read_as_one():
    [asked] = [text[a : b + 1] for text in ["Is it warm?"] for a, b in sentences_of(text)]
    assert as_read(asked) == "is it warm?"
    assert as_read("它 暖和吗？") == "它 暖和吗?"
    assert as_read("It is warm. ") == "it is warm"


def test_a_claim_beside_a_proven_figure_is_read_too():
    text = "{product} is {price}, and it keeps colds away."
    [refused] = refusals(text, FACTS, slots_only=True)
    assert refused.reason.startswith("stated_")
    assert "keeps colds away" in text[refused.start : refused.end]


def test_what_an_evidence_says_word_for_word_is_no_longer_read():
    evidence = Fact("care", "text", "The frame is solid oak", "evidence:7")
    assert refusals("The frame is solid oak.", FACTS)
    assert refusals("The frame is solid oak.", [*FACTS, evidence]) == []


def test_sentences_keep_their_places():
    text = "One. Two! 三。四？"
    assert [text[a:b].strip() for a, b in sentences_of(text)] == ["One", "Two", "三", "四"]


def test_a_lone_word_or_an_empty_one_states_nothing():
    assert read_statements(["", "ok", "您好", "{price}, {until}"]) == [UNREAD] * 4


def test_a_slot_is_one_word_with_neighbours_on_either_side():
    was_now, now_was = (
        set(words_and_neighbours(text)) for text in ("was {a}, now {b}", "now {a}, was {b}")
    )
    assert "before:was>{a}" in was_now - now_was
    assert "order:{a}>{b}" in was_now & now_was
    assert "after:{a}>now" in was_now


def test_names_figures_and_questions_stand_as_they_are_read():
    assert as_read("{product} for {price}, {greeting}") == "it for {price},"
    assert as_read("{shop}的{product_2}，{discount}？") == "它的它，{discount}?"


def test_a_figure_of_another_product_is_refused():
    assert not refusals("{product} is {price}.", FACTS, slots_only=True)
    assert not refusals(
        "Have a look at {product} and {product_2}. {price}.", FACTS, slots_only=True
    )
    [refused] = refusals("{product_2} is {price}.", FACTS, slots_only=True)
    assert refused.reason == "misused_slot"


@pytest.mark.parametrize(
    ("shown", "bare"),
    [
        (
            "{product} is {price}. The lowest price of the 30 days before was {was_price}.",
            "{product} is {price}. It is the lowest price of the 30 days before.",
        ),
        (
            "It is {price}, the lowest price of the 30 days before was {was_price}.",
            "The lowest price of the 30 days before was {was_price} and nobody comes near it.",
        ),
        (
            "{product}现价{price}，降价前30天最低价为{was_price}。",
            "{product}现价{price}，30天最低价。",
        ),
    ],
)
def test_a_laws_words_for_a_prior_price_stand_beside_it_and_nowhere_else(shown, bare):
    assert not refusals(shown, FACTS, slots_only=True)
    assert refusals(bare, FACTS, slots_only=True)


def test_a_numeral_that_counts_nothing_is_cleared_and_one_that_counts_is_not():
    assert not refusals("Take five minutes for yourself and a cup of tea.", FACTS, slots_only=True)
    assert refusals("It is ready in five minutes.", FACTS, slots_only=True)
    assert refusals("Only five left.", FACTS, slots_only=True)
    assert refusals("5 minutes for yourself and a cup of tea.", FACTS, slots_only=True)


def test_a_clause_hidden_in_a_long_sentence_is_read_by_itself():
    story = "We unpacked the boxes, put the kettle on, sat down by the window and talked of rain, "
    assert not refusals(story + "as one does.", FACTS, slots_only=True)
    assert refusals(story + "it is cut from one piece of oak.", FACTS, slots_only=True)


def test_fitting_needs_both_sides():
    vectors = np.zeros((2, 3), dtype=np.float32)
    with pytest.raises(ValueError, match="needs sentences"):
        fit_statements(["a", "b"], ["none", "none"], vectors)
