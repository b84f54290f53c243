"""A customer writes about what she bought: once per order line, whoever sends it how often."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from shop.models import (
    Order,
    OrderLine,
    OrderState,
    OrderTransition,
    Return,
    ReturnLine,
    Review,
    ReviewFlag,
    ReviewState,
)
from shop.services.reviews.checks import Found, burst, in_words, same_words
from shop.services.reviews.moderation import publish_unflagged

COMPARED = 1_000  # newest reviews whose words a new one is held beside
LONGEST, LONGEST_TITLE = 5_000, 200
A_DAY, USUAL_DAYS = timedelta(days=1), 90


class ReviewError(Exception):
    """Why nothing can be written; meant for the customer."""

    def __str__(self) -> str:
        return str(self.args[0])


@dataclass(frozen=True)
class Words:
    """rating: 1 to 5 stars. is_incentivised: she was given something, whatever she writes."""

    rating: int
    title: str = ""
    body: str = ""
    language: str = ""
    is_incentivised: bool = False


def reviewable(at: datetime) -> QuerySet[OrderLine]:
    """Lines that were delivered, that nothing came back of, of orders without money on its way back,
    and that nobody has written about."""
    came = OrderTransition.objects.filter(
        order=OuterRef("order"), to_state=OrderState.DELIVERED, at__lte=at
    )
    back = ReturnLine.objects.filter(order_line=OuterRef("pk"))
    # A return without lines, or without the line that it is of, is of the whole order.
    of_order = Return.objects.filter(order=OuterRef("order")).exclude(
        Exists(ReturnLine.objects.filter(parent=OuterRef("pk"), order_line__isnull=False))
    )
    return OrderLine.objects.sold().filter(
        Q(Exists(came)),
        ~Q(Exists(back)),
        ~Q(Exists(of_order)),
        order__customer__is_pseudonym=False,  # an old link gives an erased person no words back
        order__state=OrderState.DELIVERED,
        variant__isnull=False,
        review__isnull=True,
    )


def write_review(line: OrderLine, words: Words, *, at: datetime | None = None) -> Review:
    """The first words stand: sent again, by her or by a second click, they are found again.

    Raises ReviewError for a line that was not delivered or came back.
    """
    at = at or timezone.now()
    if not 1 <= words.rating <= 5:
        raise ReviewError(_("Stars are 1 to 5."))
    with transaction.atomic():
        Order.objects.select_for_update(of=("self",)).get(pk=line.order_id)
        if known := Review.objects.filter(order_line=line).first():
            return known
        mine = reviewable(at).filter(pk=line.pk).select_related("order", "variant").first()
        if mine is None or mine.variant is None:
            raise ReviewError(
                _("This order line cannot be reviewed: it has not come, or it went back.")
            )
        review = Review.objects.create(
            key=f"{mine.order.number}:{mine.position}",
            product_id=mine.variant.product_id,
            customer_id=mine.order.customer_id,
            order_line=mine,
            rating=words.rating,
            title=words.title.strip()[:LONGEST_TITLE],
            body=words.body.strip()[:LONGEST],
            language=words.language,
            written_at=at,
            state=ReviewState.PENDING,
            is_incentivised=words.is_incentivised,
        )
        _flag(review, check(review))
        publish_unflagged(review, at)
    return review


def check(review: Review) -> list[Found]:
    """Everything that the checks find; nothing of it depends on the stars."""
    text = f"{review.title}\n{review.body}"
    found = in_words(review.title, review.body)
    others = Review.objects.exclude(pk=review.pk).order_by("-written_at", "-pk")[:COMPARED]
    texts = {
        key: f"{title}\n{body}" for key, title, body in others.values_list("key", "title", "body")
    }
    around = (same_words(text, texts), burst(*_days_of(review)))
    return found + [one for one in around if one]


def _days_of(review: Review) -> tuple[int, list[int]]:
    """How many in the 24 hours to this one, and in each of the days before those."""
    at = review.written_at
    start = at - A_DAY * (USUAL_DAYS + 1)
    known = Review.objects.filter(
        product=review.product_id, written_at__gt=start, written_at__lte=at
    )
    ages = Counter((at - one) // A_DAY for one in known.values_list("written_at", flat=True))
    return ages[0], [ages[day] for day in range(USUAL_DAYS, 0, -1)]


def _flag(review: Review, found: Iterable[Found]) -> None:
    ReviewFlag.objects.bulk_create(
        (ReviewFlag(review=review, reason=one.reason, evidence=one.evidence) for one in found),
        ignore_conflicts=True,
    )


def rest_of_order(line: OrderLine, at: datetime) -> list[OrderLine]:
    """What else of the same order can be written about; a product once."""
    rows = reviewable(at).filter(order=line.order_id).exclude(pk=line.pk)
    found: dict[int, OrderLine] = {}
    for one in rows.select_related("variant__product").order_by("position")[:50]:
        if one.variant is not None:
            found.setdefault(one.variant.product_id, one)
    return list(found.values())
