"""A person's ruling that a sentence states nothing clears what a classifier said of it, and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from language.claims import REASONS, Fact, refusals, wording_of
from language.passages import EXAMPLE_FACTS
from language.statements import sentences_of
from tests.language.test_statements import strangers

SING = "{product} remembers your grandmother's kitchen"
# One sentence for every reason that a list, a figure or a slot gives.
LISTED = {
    "figure": ("The lamp lives for 9 summers", False),
    "figure_by_hand": ("The lamp lives for 9 summers", True),
    "unknown_slot": ("It hums {tune} to you", True),
    "broken_slot": ("It hums {to you", True),
    "misused_slot": ("It sings, it was {price}", True),
    "unrated": ("{product} is rated {rating} out of 5", True),
    "not_of_buyers": ("{review_count} customer reviews", True),
    "discount": ("It hums at half price", True),
    "free": ("It hums free of charge", True),
    "stock": ("It hums while stocks last", True),
    "deadline": ("It hums today only", True),
    "delivery": ("It hums by courier", True),
    "guarantee": ("We guarantee that it hums", True),
    "rating": ("It hums to our bestseller", True),
    "comparison": ("It is the best hum", True),
    "health": ("It hums and cures colds", True),
    "coupon": ("It hums with code HUM", True),
    "price": ("一杯咖啡钱，它就陪你哼歌", True),
    "specification": ("The hum is solid oak", True),
    "currency": ("It hums for € and love", True),
    "percent": ("It hums % and love", True),
    "placeholder": ("It hums to [name] softly", True),
    "contact": ("It hums at www.example.com to you", True),
}
RATED = [Fact("review_count", "reviews", "12")]


def rulings(*texts: str) -> list[Fact]:
    """One on every sentence of these texts."""
    words = [wording_of(text, span) for text in texts for span in sentences_of(text)]
    return [Fact(f"ruling_{n}", "ruling", said, f"ruling:{n}") for n, said in enumerate(words)]


def refused(text: str, *more: Fact, strict: bool = True) -> list[tuple[str, str]]:
    found = refusals(text, [*EXAMPLE_FACTS, *more], slots_only=strict)
    return [(text[c.start : c.end].strip(), c.reason) for c in found]


def test_a_ruling_clears_the_sentence_in_any_case_and_with_any_end():
    assert refused(f"{SING}.")
    for text in (f"{SING}.", f"{SING}!", SING.replace("kitchen", "Kitchen"), f" {SING}  。"):
        assert refused(text, *rulings(SING)) == []


def test_half_of_it_more_than_it_and_its_question_are_other_sentences():
    said = rulings(SING)
    for text in (f"{SING} and cures colds", f"Yes: {SING}", f"{SING} and its spout is solid oak"):
        assert refused(text, *said) == refused(text)
        assert refused(text)
    question = f"{SING}?"
    assert refused(question, *said) == refused(question)
    assert refused(f"{SING}.", *rulings(question)) == refused(f"{SING}.")


def test_what_stands_around_a_ruled_sentence_is_still_judged():
    claim = "Prices go up Monday, so do us a favour and tap now"
    text = f"{SING}. {claim}."
    assert refused(text) == [(SING, "stated_health")]  # of a passage the most telling one is named
    assert refused(text, *rulings(SING)) == [(claim, "stated_discount")]
    assert refused(text, *rulings(claim)) == [(SING, "stated_health")]
    assert refused(text, *rulings(text)) == []
    innocent = f"Good morning. {SING}. Have a lovely day."
    assert refused(innocent)
    assert refused(innocent, *rulings(SING)) == []


@pytest.mark.parametrize("reason", sorted(REASONS))
def test_no_other_reason_is_cleared(reason):
    """With every sentence ruled, alone and beside others: only what classifiers state goes."""
    if reason.startswith("stated_"):
        return
    sentence, strict = LISTED[reason]
    for text in (sentence, f"{SING}. {sentence}.", f"{sentence}. {SING}. {sentence}."):
        before = refused(text, *RATED, strict=strict)
        after = refused(text, *RATED, *rulings(text), strict=strict)
        assert reason in {why for _words, why in before}, before
        assert after == [one for one in before if not one[1].startswith("stated_")]


def test_every_reason_is_tried():
    assert {one for one in REASONS if not one.startswith("stated_")} == set(LISTED)


TEXTS = [text for name in ("eighth", "ninth") for _label, text in strangers(name)]


@given(st.data())
def test_whatever_is_ruled_only_stated_refusals_change(data):
    text = data.draw(st.sampled_from(TEXTS))
    ruled = data.draw(st.lists(st.sampled_from(sentences_of(text) or [(0, 0)]), unique=True))
    said = rulings(*(text[a : b + 1] for a, b in ruled))
    before, after = refused(text), refused(text, *said)

    def listed(found: list[tuple[str, str]]) -> list[tuple[str, str]]:
        return [one for one in found if not one[1].startswith("stated_")]

    assert listed(before) == listed(after)
    if not before:
        assert after == []  # a ruling never stands in the way of a text
    at_ruled = {text[a:b].strip() for a, b in ruled}
    assert not any(why.startswith("stated_") and words in at_ruled for words, why in after)
    assert listed(refused(text, *rulings(text))) == refused(text, *rulings(text))


def test_a_ruling_proves_no_figure_and_fills_no_slot():
    said = rulings("It hums 1.7 litres for £12")
    assert refused("It hums 1.7 litres for £12", *said, strict=False)
    assert ("{ruling_0}", "unknown_slot") in refused("It hums {ruling_0} to you", *said)
