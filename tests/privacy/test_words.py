"""What counts as her, and what only looks like her."""

import json

import pytest

from privacy.registry.base import Subject
from privacy.services.words import words_of

HER = Subject(17, "C-17", "ann@example.com", "+44 7700 900123", "安娜", visitors=["v-9f3a"])


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("order of C-17.", ["code"]),
        ("customer:c-17", ["code"]),
        ("C-170 AC-17 C-17-5 x_C-17", []),
        ("Mail ANN@example.com!", ["email"]),
        ("joann@example.com ann@example.com.au", []),
        ("call +44 7700 900123", ["phone"]),
        ("给安娜的礼物", ["name"]),
        (json.dumps({"said": "安娜"}), ["name"]),
        ('{"customer_id": 17}', ["key"]),
        ('{"customer_id":17,"x":1}', ["key"]),
        ('{"customer_ids": [4, 17, 9]}', ["key"]),
        ('{"customer_id": 170, "units": 17, "customer_ids": [117, 171]}', []),
    ],
)
def test_what_is_her(text, kinds):
    assert words_of(HER).kinds_in(text) == kinds


def test_short_codes_are_looked_for_as_whole_values():
    words = words_of(Subject(900, "7"))
    assert words.kinds_in("7") == ["code"]
    assert words.kinds_in('{"customer": "7"}') == ["code"]
    assert words.kinds_in("customer:7") == ["code"]
    assert words.kinds_in("7 units of SKU 7-7 at 7.70") == []


def test_json_stays_json_and_nothing_of_her_is_left():
    said = {"customer_id": 17, "customers": [17, 3, 17], "to": "Ann@Example.com", "n": 17}
    clean = words_of(HER).without_her(json.dumps(said), "erased-1")
    assert json.loads(clean) == {
        "customer_id": None,
        "customers": [None, 3, None],
        "to": "erased-1",
        "n": 17,
    }
    assert words_of(HER).kinds_in(clean) == []


def test_what_others_bear_too_is_not_looked_for():
    words = words_of(Subject(1, "CODE-1", name="Ann Li", shared=["name"]))
    assert words.kinds_in("Ann Li") == []
