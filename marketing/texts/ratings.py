"""What a text may say of how a product is rated: only through slots, and of reviews enough."""

from __future__ import annotations

from datetime import UTC, datetime

from django.conf import settings
from django.db.models import Q

from access.figures import figure
from language.claims import Fact
from shop.models import Product
from shop.services.reviews.ratings import Rating

RATING, REVIEW_COUNT = "rating", "review_count"
KINDS = {RATING: "stars", REVIEW_COUNT: "reviews"}


def rating_facts(product: Product, rating: Rating, suffix: str, at: datetime) -> list[Fact]:
    """None below RATING_MIN_REVIEWS published reviews: “5.0” of one is true and says nothing."""
    if rating.reviews < settings.RATING_MIN_REVIEWS:
        return []
    words = {RATING: rating.shown, REVIEW_COUNT: figure(rating.reviews)}
    source = (
        f"reviews:{product.code} ({rating.reviews}, {rating.verified} verified, "
        f"{rating.incentivised} incentivised) {at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    )
    return [
        Fact(f"{slot}{suffix}", KINDS[slot], text, source, is_of_buyers=rating.is_of_buyers)
        for slot, text in words.items()
    ]


def has_only_grown(slot: str, before: str, after: str) -> bool:
    """A count of reviews that is higher than it was approved: each message says that of its own moment,
    and a product under review would else hold its campaign up with every new one."""
    return slot.startswith(REVIEW_COUNT) and _number(before) < _number(after)


def states_rating() -> Q:
    """Of copies: whose text has a slot of a rating."""
    found = Q()
    for part in ("subject", "preheader", "body"):
        for slot in KINDS:
            found |= Q(**{f"{part}__contains": f"{{{slot}"})
    return found


def _number(words: str) -> int:
    return int("".join(sign for sign in words if sign.isdecimal()))
