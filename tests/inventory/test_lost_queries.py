"""A query names goods only where its words say so."""

import pytest

from inventory.ml.queries import Match, is_personal, match, normal_query, one_slip_apart, shelf_of

SHELF = shelf_of(
    [
        (1, 10, "Porcelain Gaiwan 瓷盖碗 Teaware"),
        (2, 10, "Clay Gaiwan 紫砂盖碗 Teaware"),
        (3, 20, "Jasmine Pearls 茉莉龙珠 Green tea"),
        (4, 20, "Dragon Well 龙井 Green tea"),
    ]
)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("porcelain gaiwan", Match(1, 10)),
        ("Porcelian  GAIWAN", Match(1, 10)),
        ("gaiwan", Match(None, 10)),
        ("盖碗", Match(None, 10)),
        ("瓷盖碗", Match(1, 10)),
        ("a gaiwan for the tea", Match()),
        ("bread", Match()),
        ("gaiwan holder", Match()),
        ("", Match()),
        ("pearl", Match(3, 20)),
        ("wel", Match()),
    ],
)
def test_what_a_query_names(query, found):
    assert match(query, SHELF) == found


@pytest.mark.parametrize(
    ("one", "other", "apart"),
    [
        ("teapot", "taepot", True),
        ("teapot", "teapt", True),
        ("teapot", "teappot", True),
        ("teapot", "teapox", True),
        ("teapot", "taepto", False),
        ("teapot", "kettle", False),
    ],
)
def test_one_slip_of_the_finger(one, other, apart):
    assert one_slip_apart(one, other) is apart
    assert one_slip_apart(other, one) is apart


def test_one_spelling_of_a_query():
    assert normal_query("  Ｇreen   TEA ") == "green tea"


def test_what_stands_for_a_person_is_known():
    assert is_personal("ann@example.com")
    assert is_personal("call 020 7946 0018")
    assert not is_personal("teapot 500 ml")
