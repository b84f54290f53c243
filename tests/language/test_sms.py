"""SMS parts by the standard's own numbers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from language.sms import sms_length


@pytest.mark.parametrize(
    ("text", "encoding", "units", "parts", "left"),
    [
        ("", "GSM-7", 0, 1, 160),
        ("a" * 160, "GSM-7", 160, 1, 0),
        ("a" * 161, "GSM-7", 161, 2, 145),
        ("a" * 306, "GSM-7", 306, 2, 0),
        ("a" * 307, "GSM-7", 307, 3, 152),
        ("€" * 80, "GSM-7", 160, 1, 0),
        ("€" * 81, "GSM-7", 162, 2, 143),
        ("a" * 159 + "€", "GSM-7", 161, 2, 145),
        ("[]{}~^|\\", "GSM-7", 16, 1, 144),
        ("£é@Ω", "GSM-7", 4, 1, 156),
        ("茶" * 70, "UCS-2", 70, 1, 0),
        ("茶" * 71, "UCS-2", 71, 2, 63),
        ("茶" * 134, "UCS-2", 134, 2, 0),
        ("茶" * 135, "UCS-2", 135, 3, 66),
        ("😀" * 35, "UCS-2", 70, 1, 0),
        ("a" * 69 + "’", "UCS-2", 70, 1, 0),
    ],
)
def test_lengths_are_those_of_the_standard(text, encoding, units, parts, left):
    found = sms_length(text)
    assert (found.encoding, found.units, found.parts, found.left) == (encoding, units, parts, left)


def test_an_escape_is_not_split_between_two_parts():
    # 152 letters fill the first part but for one septet: the sign moves whole to the second.
    found = sms_length("a" * 152 + "€" + "a" * 152)
    assert (found.units, found.parts) == (306, 3)


def test_a_surrogate_pair_is_not_split_either():
    assert sms_length("茶" * 66 + "😀" + "茶" * 66).parts == 3


def test_the_signs_that_cost_half_the_room_are_named():
    assert sms_length("It’s here – “now”, it’s").culprits == "’–“”"


@given(st.text(max_size=400), st.text(max_size=20))
def test_more_text_never_takes_fewer_parts(text, more):
    assert sms_length(text + more).parts >= sms_length(text).parts
