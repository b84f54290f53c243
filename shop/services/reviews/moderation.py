"""Publish, reject, take that back. A person rejects, for a reason that is not the rating."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from shop.fact_listeners import ratings_changed
from shop.models import Review, ReviewDecision, ReviewReason, ReviewState, ReviewStep


class ModerationError(Exception):
    """Why it cannot be decided like that; meant for the moderator."""

    def __str__(self) -> str:
        return str(self.args[0])


@dataclass(frozen=True)
class Verdict:
    """reason: only of a rejection. by: None for the machine."""

    step: ReviewStep
    by: Any = None
    reason: str = ""
    note: str = ""


def publish_unflagged(review: Review, at: datetime) -> bool:
    """What no check has found anything in needs no person, unless the shop wants to see them all."""
    if settings.REVIEWS_ALL_WAIT or review.flags.exists():
        return False
    _decide(review, ReviewState.PUBLISHED, Verdict(ReviewStep.PUBLISH), at)
    return True


def publish(review: Review, *, by: Any, at: datetime | None = None) -> Review:
    """Twice is once. Raises ModerationError where somebody decided otherwise meanwhile."""
    if _is(review, ReviewState.PUBLISHED):
        return review
    return _decide(review, ReviewState.PUBLISHED, Verdict(ReviewStep.PUBLISH, by), at)


def reject(
    review: Review, reason: str, *, by: Any, note: str = "", at: datetime | None = None
) -> Review:
    """For one of the reasons there are; where no check found it, the moderator says what it is.

    Twice is once. Raises ModerationError.
    """
    if reason not in ReviewReason.values:
        raise ModerationError(_("Name one of the reasons; an opinion and its stars are none."))
    if not note.strip() and not review.flags.filter(reason=reason).exists():
        raise ModerationError(_("No check has found this: say in a note where it stands."))
    if _is(review, ReviewState.REJECTED):
        return review
    verdict = Verdict(ReviewStep.REJECT, by, reason, note.strip()[:300])
    return _decide(review, ReviewState.REJECTED, verdict, at)


def undo(review: Review, *, by: Any, at: datetime | None = None) -> Review:
    """Back to where it was before the last decision that stands. Raises ModerationError."""
    standing: list[ReviewDecision] = []
    for one in review.decisions.order_by("number"):
        if one.step == ReviewStep.UNDO:
            standing.pop()
        else:
            standing.append(one)
    if not standing:
        raise ModerationError(_("There is nothing to take back."))
    back = ReviewState(standing[-1].from_state)
    return _decide(review, back, Verdict(ReviewStep.UNDO, by), at)


def _is(review: Review, state: str) -> bool:
    review.refresh_from_db(fields=["state"])
    return review.state == state


def _decide(review: Review, to: ReviewState, verdict: Verdict, at: datetime | None) -> Review:
    """Compare and set: the state must be the one that was looked at."""
    before = review.state
    with transaction.atomic():
        mine = Review.objects.filter(pk=review.pk, state=before).exclude(state=to)
        if not mine.update(state=to):
            raise ModerationError(_("Somebody has decided on this review meanwhile: look again."))
        ReviewDecision.objects.create(
            review=review,
            number=review.decisions.count() + 1,
            step=verdict.step,
            from_state=before,
            to_state=to,
            reason=verdict.reason,
            note=verdict.note,
            by=verdict.by,
            at=at or timezone.now(),
        )
        if ReviewState.PUBLISHED in (before, to):
            ratings_changed([review.product_id])
    review.state = to
    return review


def rejected_by_stars() -> list[dict[str, int]]:
    """Per number of stars: how many reviews there are, and how many of them were rejected. Who keeps
    low ratings out is seen here."""
    rows = (
        Review.objects.order_by()
        .values("rating")
        .annotate(reviews=Count("pk"), rejected=Count("pk", filter=Q(state=ReviewState.REJECTED)))
    )
    known = {row["rating"]: (row["reviews"], row["rejected"]) for row in rows}
    found = []
    for stars in (5, 4, 3, 2, 1):
        reviews, rejected = known.get(stars, (0, 0))
        found.append({"rating": stars, "reviews": reviews, "rejected": rejected})
    return found
