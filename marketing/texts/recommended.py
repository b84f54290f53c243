"""What a letter may say of products chosen for its recipient: only through the slot {recommended}."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from language.claims import Fact
from marketing.models import BriefChannel

RECOMMENDED = "recommended"
# What stands for her products until there is a recipient: no name, no price.
STANDS_FOR_PRODUCTS = {
    "en": "… (products chosen for each recipient, with price and link)",
    "zh": "……（为每位收件人挑选的商品，附价格和链接）",
}


@dataclass(frozen=True)
class ShownProduct:
    """One of them, in the words of the letter's language. address: empty where it leads nowhere."""

    name: str
    price: str
    reason: str
    address: str


def recommended_facts(channel: str, language: str) -> list[Fact]:
    """The slot, where there is room for it: a letter."""
    if channel != BriefChannel.EMAIL:
        return []
    words = STANDS_FOR_PRODUCTS[language]
    return [Fact(RECOMMENDED, "products", words, "placement:email")]


def recommended_words(products: Sequence[ShownProduct]) -> str:
    """A paragraph each: name and price, why it, where it is."""
    return "\n\n".join(
        "\n".join(filter(None, (f"{one.name} – {one.price}", one.reason, one.address)))
        for one in products
    )
