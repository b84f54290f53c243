"""The check on a list written after its patterns: what docs/language.md says of it still holds."""

from language.claims import Fact, refusals
from tests.language.third_claim_texts import FALSE_EN, FALSE_ZH, TRUE

FACTS = [
    Fact("product", "name", "Copper Kettle"), Fact("price", "money", "£40.00"),
    Fact("was_price", "prior_money", "£50.00"), Fact("link", "link", "https://shop.example/"),
]  # fmt: skip


def test_the_figures_in_the_documentation_are_not_better_than_the_check():
    def passing(texts: list[str]) -> list[str]:
        return [text for text in texts if not refusals(text, FACTS, slots_only=True)]

    assert len(passing(FALSE_EN)) <= 3
    assert len(passing(FALSE_ZH)) <= 4
    assert len(TRUE) - len(passing(TRUE)) <= 2
