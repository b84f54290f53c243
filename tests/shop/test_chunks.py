"""Rows by the piece."""

from shop.chunks import chunks


def test_every_row_comes_once_and_in_its_order():
    assert list(chunks(iter(range(7)), 3)) == [[0, 1, 2], [3, 4, 5], [6]]
    assert list(chunks(range(6), 3)) == [[0, 1, 2], [3, 4, 5]]
    assert list(chunks([], 3)) == []


def test_no_row_is_read_before_it_is_asked_for():
    read = []
    first = next(chunks((read.append(n) or n for n in range(100)), 2))
    assert (first, read) == ([0, 1], [0, 1])
