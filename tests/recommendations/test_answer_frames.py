"""What answers have shown where, by the receipts that events name."""

import numpy as np

from recommendations.answer_frames import _entries, _receipt

KEY = "0f8fad5b-d9cb-469f-a165-70867728950e"


def test_what_an_answer_holds_twice_is_there_once_in_its_last_place():
    answer, product, position = _entries([[5, 3, 5], [], [7]])
    assert answer.tolist() == [0, 0, 2]
    assert product.tolist() == [3, 5, 7]
    assert position.tolist() == [2, 3, 1]


def test_no_answers_have_no_entries():
    for column in _entries([]):
        assert column.tolist() == []
        assert column.dtype == np.int64


def test_a_receipt_is_found_however_it_was_written():
    written = [KEY, KEY.upper(), KEY.replace("-", ""), f"{{{KEY}}}"]
    assert [_receipt(one) for one in written] == [KEY] * 4
    assert [_receipt(one) for one in ("", "x", KEY[:-1])] == [None] * 3
