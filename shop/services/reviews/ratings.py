"""How products are rated: the one figure that the storefront shows and that copy may state.

Of published reviews alone. The stars of an erased person stay with the product (docs/privacy.md).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, Q

from access.figures import figure
from shop.models import Review, ReviewState
from shop.services.events.event_rows import among

STARS = (5, 4, 3, 2, 1)


@dataclass(frozen=True)
class Rating:
    """stars: each of the five numbers of stars → published reviews with so many, five first.

    verified: of them, of order lines that this shop knows; buyers: customers who wrote those.
    incentivised: something was given for them, whatever they say.
    """

    stars: Mapping[int, int]
    verified: int = 0
    buyers: int = 0
    incentivised: int = 0

    @property
    def reviews(self) -> int:
        return sum(self.stars.values())

    @property
    def mean(self) -> Decimal | None:
        """1 to 5; None without a review."""
        if not self.reviews:
            return None
        return Decimal(sum(stars * n for stars, n in self.stars.items())) / self.reviews

    @property
    def shown(self) -> str:
        """As everybody reads it: 4.55 → 4.6, a half up. Without a review a dash."""
        return figure(self.mean, 1)

    @property
    def is_of_buyers(self) -> bool:
        """Whether so many customers bought and wrote as there are reviews: each verified, none twice."""
        return self.verified == self.buyers == self.reviews > 0


UNRATED = Rating(dict.fromkeys(STARS, 0))


def ratings_of(product_ids: Collection[int]) -> dict[int, Rating]:
    """Of those that have a published review, in one query."""
    counts = {f"stars_{stars}": Count("pk", filter=Q(rating=stars)) for stars in STARS}
    rows: Iterable[Mapping[str, Any]] = (
        Review.objects.filter(product__in=among(product_ids), state=ReviewState.PUBLISHED)
        .order_by()
        .values("product_id")
        .annotate(
            verified=Count("order_line"),
            buyers=Count("order_line__order__customer", distinct=True),
            incentivised=Count("pk", filter=Q(is_incentivised=True)),
            **counts,
        )
    )
    return {
        row["product_id"]: Rating(
            {stars: row[f"stars_{stars}"] for stars in STARS},
            row["verified"],
            row["buyers"],
            row["incentivised"],
        )
        for row in rows
    }


def rating_of(product_id: int) -> Rating:
    return ratings_of([product_id]).get(product_id, UNRATED)
