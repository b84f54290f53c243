"""The check on a list that it never learned from: what docs/language.md says of it still holds."""

from language.claims import Fact, refusals
from tests.language.second_claim_texts import FALSE, TRUE

FACTS = [
    Fact("shop", "name", "Leaf & Cup"),
    Fact("product", "name", "Pulse 2 Kettle", "variant:KET-2"),
    Fact("price", "money", "£12.50", "price:7"),
]


def test_it_misses_no_more_than_is_written_down_and_blocks_no_harmless_text():
    missed = [text for text in FALSE if not refusals(text, FACTS, slots_only=True)]
    assert len(missed) <= 2, missed
    assert sum(bool(refusals(text, FACTS, slots_only=True)) for text in TRUE) <= 2
