"""The facts that copy may state, and the claims that were found in it, with their reasons."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext, gettext_noop

FACT_KINDS = frozenset(
    {
        "money", "prior_money", "percent", "count", "date", "name", "text", "link", "person",
        "spec", "evidence", "coupon", "products", "stars", "reviews", "ruling",
    }
)  # fmt: skip
FIGURE_KINDS = frozenset({"money", "prior_money", "percent", "count", "date"})
# The mean of a product's published reviews, and how many there are.
RATING_KINDS = frozenset({"stars", "reviews"})
# Shown through its slot and never written out: a struck-through price, what is one customer's, and a
# figure that moves with every review.
ONLY_BY_SLOT = frozenset({"prior_money", "coupon", "products"}) | RATING_KINDS
# Of a whole sentence: a document proves it, or a person ruled that it states nothing.
OF_SENTENCES = frozenset({"evidence", "ruling"})
# What only a classifier took a sentence to state: the one thing that a ruling clears.
STATED = "stated_"
REASONS = {
    "figure": gettext_noop("This figure is not among the facts."),
    "figure_by_hand": gettext_noop("A figure written by hand: it must come from a slot."),
    "unknown_slot": gettext_noop("No fact fills this slot."),
    "broken_slot": gettext_noop("A brace that is no slot."),
    "misused_slot": gettext_noop("This slot stands in the wrong role."),
    "unrated": gettext_noop(
        "No rating fills this slot: the product has too few published reviews, or none may stand here."
    ),
    "not_of_buyers": gettext_noop(
        "It says that customers wrote the reviews, and not each is of a purchase of its own that the "
        "shop knows."
    ),
    "discount": gettext_noop("It promises a reduction that is not among the facts."),
    "free": gettext_noop("It promises something free that is not among the facts."),
    "stock": gettext_noop("It speaks of scarcity without a stock figure among the facts."),
    "deadline": gettext_noop("It names a time that is not among the facts."),
    "delivery": gettext_noop("It promises a delivery that is not among the facts."),
    "guarantee": gettext_noop("It promises a guarantee that is not among the facts."),
    "rating": gettext_noop("It claims popularity or praise that is not among the facts."),
    "comparison": gettext_noop("It compares or uses a superlative without evidence."),
    "health": gettext_noop("It states an effect or a property that is not among the facts."),
    "coupon": gettext_noop("It speaks of a coupon or a code that is not shown through its slot."),
    "price": gettext_noop("It states a price that is not among the facts."),
    "specification": gettext_noop("It describes the product beyond what the facts say."),
    "currency": gettext_noop("A currency sign outside a price slot."),
    "percent": gettext_noop("A percentage outside a discount slot."),
    "stated_price": gettext_noop("It states a price that is not among the facts."),
    "stated_discount": gettext_noop("It promises a reduction that is not among the facts."),
    "stated_stock": gettext_noop("It speaks of scarcity without a stock figure among the facts."),
    "stated_delivery": gettext_noop("It promises a delivery that is not among the facts."),
    "stated_guarantee": gettext_noop("It promises a guarantee that is not among the facts."),
    "stated_rating": gettext_noop("It claims popularity or praise that is not among the facts."),
    "stated_comparison": gettext_noop("It compares or uses a superlative without evidence."),
    "stated_health": gettext_noop("It states an effect or a property that is not among the facts."),
    "stated_specification": gettext_noop("It describes the product beyond what the facts say."),
    "stated_role": gettext_noop("This slot stands in the wrong role."),
    "stated_figure": gettext_noop("This figure is not among the facts."),
    "placeholder": gettext_noop("A placeholder that nobody filled."),
    "contact": gettext_noop("An address written by hand: links come from slots."),
}


@dataclass(frozen=True)
class Fact:
    """One thing that may be said: the slot that says it, its words, and the row it comes from.

    is_of_buyers: of a rating, whether each of its reviews is of a purchase of its own that the shop knows.
    """

    slot: str
    kind: str
    text: str
    source: str = ""
    is_of_buyers: bool = False

    def __post_init__(self) -> None:
        if self.kind not in FACT_KINDS:
            raise ValueError(f"{self.kind!r} is no kind of fact")

    @property
    def fills_a_slot(self) -> bool:
        return self.kind not in OF_SENTENCES


RULED = "policy"  # marked like a claim because a rule forbids it


@dataclass(frozen=True)
class Claim:
    """A stretch of the text that states something. `reason` is empty when a fact supports it."""

    start: int
    end: int
    kind: str
    reason: str = ""
    source: str = ""

    @property
    def is_supported(self) -> bool:
        return not self.reason

    @property
    def is_stated(self) -> bool:
        """Refused by a classifier alone: no list, figure or slot has anything against it."""
        return self.reason.startswith(STATED)

    @property
    def explanation(self) -> str:
        if self.kind == RULED:
            return self.reason  # a rule's own words, in the reader's language already
        return gettext(REASONS[self.reason]) if self.reason else self.source
