import pytest

from support.ml.passages import best, split_passages
from support.ml.triage import (
    MOST_CANDIDATES,
    carries_risk,
    order_candidates,
    sku_candidates,
    urgency_of,
    wants_person,
)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("Where is order #536365?", "536365"),
        ("my order no. T-1002 please", "T-1002"),
        ("订单t1002还没到", "T1002"),
        ("单号：５３６３６５", "536365"),
        ("(S-00012)", "S-00012"),
    ],
)
def test_order_numbers_are_found_as_people_write_them(text, number):
    assert number in order_candidates(text)


def test_small_numbers_and_words_are_no_candidates():
    assert order_candidates("I ordered 2 mugs 10 days ago, please help") == []


def test_candidates_are_bounded():
    assert len(order_candidates(" ".join(str(10_000 + n) for n in range(500)))) <= MOST_CANDIDATES


def test_sku_candidates():
    assert "TEA-1" in sku_candidates("Is tea-1 back?")


@pytest.mark.parametrize(
    "text", ["Let me talk to a human", "I want to speak to your manager", "转人工"]
)
def test_wish_for_a_person(text):
    assert wants_person(text)


@pytest.mark.parametrize("text", ["My lawyer will write", "the charger caught fire", "孩子过敏了"])
def test_safety_and_law_are_urgent(text):
    assert carries_risk(text)
    assert urgency_of(text, "praise", 1.0, order_is_unsent=False) == 4


def test_urgency_rises_with_what_presses():
    calm = urgency_of("Is it organic?", "product_question", 0.0, order_is_unsent=False)
    assert calm == 2
    assert urgency_of("Please cancel", "cancel", 0.0, order_is_unsent=False) == 2
    assert urgency_of("Please cancel", "cancel", 0.0, order_is_unsent=True) == 3
    assert urgency_of("broken, asap!", "damaged", -0.8, order_is_unsent=False) == 4
    assert urgency_of("Lovely", "praise", 0.8, order_is_unsent=False) == 1


def test_passages_are_cut_between_sentences_and_never_rewritten():
    body = "First one. Second one.\n\n第三句。第四句。"
    assert split_passages(body) == ["First one. Second one.", "第三句。第四句。"]
    assert split_passages("One two. Three four.", longest=10) == ["One two.", "Three four."]


def test_a_second_passage_must_be_nearly_as_near():
    assert best([(0, 0.6), (1, 0.58)], least=0.33, near=0.05) == [0, 1]
    assert best([(0, 0.6), (1, 0.4)], least=0.33, near=0.05) == [0]
    assert best([(0, 0.3)], least=0.33, near=0.05) == []
