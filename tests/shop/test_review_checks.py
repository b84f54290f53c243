"""What the checks find in words, and that stars are none of their business."""

import inspect

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shop.models import ReviewReason
from shop.services.reviews import checks


def reasons(body: str, title: str = "") -> dict[str, list[str]]:
    return {str(one.reason): one.evidence["words"] for one in checks.in_words(title, body)}


@pytest.mark.parametrize(
    ("body", "reason", "words"),
    [
        ("Write to ann@example.com", "personal_data", ["ann@example.com"]),
        ("Call 020 7946 0958 and ask", "personal_data", ["020 7946 0958"]),
        ("加我微信 13812345678", "personal_data", ["13812345678"]),
        ("Cheaper at www.other.example/kettle", "links", ["www.other.example/kettle"]),
        ("See other-shop.com", "links", ["other-shop.com"]),
        ("The seller is an asshole", "abuse", ["asshole"]),
        ("卖家王八蛋", "abuse", ["王八蛋"]),
        ("Delivery was late. The courier was rude.", "off_topic", ["Delivery", "courier"]),
        ("快递太慢了！客服不理人。", "off_topic", ["快递", "客服"]),
    ],
)
def test_what_is_found_is_shown(body, reason, words):
    assert reasons(body) == {reason: words}


@pytest.mark.parametrize(
    "body",
    [
        "",
        "Bad. Broke after two days, never again.",
        "This kettle is damn awful rubbish.",
        "Bought in 2024 for £1,250.00, 500 ml, 30 x 40 cm.",
        "Delivery was late, but the kettle is lovely. It pours well.",
        "质量太差，用了两天就坏了。",
        "It holds 1.5 litres.Nice handle.",
    ],
)
def test_an_opinion_is_no_reason(body):
    assert reasons(body) == {}


def test_the_same_words_with_a_word_changed_are_found():
    first = "I have used this kettle every morning for a month and it still shines like new."
    second = first.replace("month", "week")
    found = checks.same_words(
        second, {"r1": first, "r2": "Something else altogether, much shorter."}
    )
    assert found is not None
    assert found.reason == ReviewReason.DUPLICATE
    assert found.evidence["review"] == "r1"
    assert found.evidence["likeness"] > 0.7


def test_a_short_phrase_that_many_say_is_no_copy():
    assert checks.same_words("Very good, thank you", {"r1": "Very good, thank you"}) is None
    assert checks.same_words("很好，谢谢", {"r1": "很好，谢谢"}) is None


def test_many_at_once_are_found_beside_what_is_usual():
    assert checks.burst(12, [0] * 89 + [1]) is not None
    assert checks.burst(12, [10] * 90) is None
    assert checks.burst(7, [0] * 90) is None  # seven friends are no burst


@given(st.text(max_size=80))
def test_a_text_is_like_itself_and_likeness_has_no_direction(text):
    mine = checks.shingles(text)
    other = checks.shingles(text[::-1])
    assert checks.likeness(mine, mine) == (1.0 if mine else 0.0)
    assert checks.likeness(mine, other) == checks.likeness(other, mine) <= 1.0


def test_no_check_can_ask_for_the_stars():
    """The rule of the house, held by the signatures: no function of the checks is given a rating."""
    for _name, function in inspect.getmembers(checks, inspect.isfunction):
        assert not {"rating", "stars", "review"} & set(inspect.signature(function).parameters)
