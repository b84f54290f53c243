"""Reviews: the storefront reads what is published, programs of staff moderate."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers as s
from rest_framework.request import Request
from rest_framework.response import Response

from access.api.problems import Problem, describe
from access.api.views import MerchantView, StorefrontView
from shop.api.listing import Listing
from shop.api.serializers import Code
from shop.models import Product, Review, ReviewReason, ReviewState
from shop.services.reviews import moderation
from shop.services.reviews.ratings import rating_of

describe(
    "review-refused",
    _("The review cannot be decided on like that."),
    _("Read the reason in `detail`, then the review again."),
)


class StarsOut(s.Serializer):
    rating = s.IntegerField()
    reviews = s.IntegerField()


class ReviewOut(s.Serializer):
    rating = s.IntegerField(help_text="1 to 5.")
    title = s.CharField()
    body = s.CharField()
    language = s.CharField()
    written_at = s.DateTimeField()
    is_verified_purchase = s.BooleanField(help_text="Of an order line that this shop knows.")
    is_incentivised = s.BooleanField(
        help_text="Something was given for it, whatever the stars: say so beside it."
    )


class ProductReviewsOut(s.Serializer):
    product = s.CharField()
    reviews = s.IntegerField(help_text="Published; what the distribution adds up to.")
    mean_rating = s.FloatField(allow_null=True, help_text="To two places; null without a review.")
    shown_rating = s.CharField(
        allow_null=True, help_text="To one place, as it is shown and as copy may state it: “4.6”."
    )
    distribution = StarsOut(many=True, help_text="All five numbers of stars, five first.")
    verified = s.IntegerField(help_text="Of them, of verified purchases.")
    newest = ReviewOut(many=True, help_text="50 at most; `reviews/` has them all.")


COLUMNS = ("rating", "title", "body", "language", "written_at", "is_incentivised")
NEWEST = 50


def _shown(page: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {name: row[name] for name in COLUMNS}
        | {"is_verified_purchase": row["order_line_id"] is not None}
        for row in page
    ]


class ProductReviews(StorefrontView):
    @extend_schema(responses=ProductReviewsOut)
    def get(self, request: Request, sku: str) -> Response:
        """How a product is rated: n, the whole distribution, the newest words. `sku`: any of it."""
        product = Product.objects.filter(variants__sku=sku).first()
        if product is None:
            raise Http404
        rating = rating_of(product.pk)
        shown = Review.objects.filter(product=product, state=ReviewState.PUBLISHED)
        newest = list(shown.values(*COLUMNS, "order_line_id")[:NEWEST])
        return Response(
            {
                "product": product.code,
                "reviews": rating.reviews,
                "mean_rating": rating.mean and round(float(rating.mean), 2),
                "shown_rating": rating.mean and rating.shown,
                "distribution": [{"rating": r, "reviews": n} for r, n in rating.stars.items()],
                "verified": rating.verified,
                "newest": _shown(newest),
            }
        )


class ProductReviewList(StorefrontView):
    @extend_schema(responses=ReviewOut(many=True))
    def get(self, request: Request, sku: str) -> Response:
        """All published reviews of a product, newest first."""
        product = Product.objects.filter(variants__sku=sku).first()
        if product is None:
            raise Http404
        shown = Review.objects.filter(product=product, state=ReviewState.PUBLISHED)
        return self.page(shown.values("pk", *COLUMNS, "order_line_id"), _shown)


class ReviewFilter(s.Serializer):
    state = s.ChoiceField(ReviewState.choices, required=False)
    flag = s.ChoiceField(ReviewReason.choices, required=False)
    product = Code(required=False)
    customer = Code(required=False)
    since = s.DateTimeField(required=False)
    until = s.DateTimeField(required=False)


class MerchantReviewOut(ReviewOut):
    id = s.IntegerField()
    review_id = s.CharField()
    product = s.CharField()
    customer = s.CharField(allow_null=True)
    order_number = s.CharField(allow_null=True)
    state = s.ChoiceField(ReviewState.choices)


class FlagOut(s.Serializer):
    reason = s.ChoiceField(ReviewReason.choices)
    evidence = s.JSONField()


class DecisionOut(s.Serializer):
    step = s.CharField()
    to_state = s.ChoiceField(ReviewState.choices)
    reason = s.CharField()
    note = s.CharField()
    by = s.CharField(allow_null=True, help_text="Null: the checks found nothing.")
    at = s.DateTimeField()


class ReviewDetailOut(MerchantReviewOut):
    flags = FlagOut(many=True)
    decisions = DecisionOut(many=True)


class ReviewStepIn(s.Serializer):
    step = s.ChoiceField(["publish", "reject", "undo"])
    reason = s.ChoiceField(
        ReviewReason.choices, required=False, default="", allow_blank=True,
        help_text="Of a rejection. What it thinks of the product is no reason.",
    )  # fmt: skip
    note = s.CharField(required=False, default="", allow_blank=True, max_length=300)


PATHS = {
    "id": "pk",
    "review_id": "key",
    "product": "product__code",
    "customer": "customer__code",
    "order_number": "order_line__order__number",
    "state": "state",
    **{name: name for name in COLUMNS},
}


class Reviews(Listing):
    needs = {"GET": "shop.view_review"}
    filters = ReviewFilter
    lookups = {
        "state": "state",
        "flag": "flags__reason",
        "product": "product__code",
        "customer": "customer__code",
        "since": "written_at__gte",
        "until": "written_at__lt",
    }
    columns = PATHS

    def rows(self) -> QuerySet:
        return Review.objects.all()

    def _shaped(self, page: list[dict]) -> list[dict]:
        return [
            one | {"is_verified_purchase": one["order_number"] is not None}
            for one in super()._shaped(page)
        ]

    @extend_schema(parameters=[ReviewFilter], responses=MerchantReviewOut(many=True))
    def get(self, request: Request) -> Response:
        """Reviews, newest first, whatever became of them."""
        return self.listed(request)


class ReviewDetail(MerchantView):
    needs = {"GET": "shop.view_review", "POST": "shop.moderate_review"}
    needs_idempotency_key = ("POST",)

    @extend_schema(responses=ReviewDetailOut)
    def get(self, request: Request, pk: int) -> Response:
        """One review with what the checks found and what was decided."""
        return Response(_detail(get_object_or_404(Review, pk=pk)))

    @extend_schema(request=ReviewStepIn, responses=ReviewDetailOut)
    def post(self, request: Request, pk: int) -> Response:
        """Publish, reject for a reason, or take the last decision back."""
        review = get_object_or_404(Review, pk=pk)
        said = self.checked(ReviewStepIn, request.data)
        try:
            if said["step"] == "publish":
                moderation.publish(review, by=request.user)
            elif said["step"] == "reject":
                moderation.reject(review, said["reason"], by=request.user, note=said["note"])
            else:
                moderation.undo(review, by=request.user)
        except moderation.ModerationError as error:
            raise Problem("review-refused", str(error)) from error
        return Response(_detail(review))


def _detail(review: Review) -> dict[str, Any]:
    [row] = Review.objects.filter(pk=review.pk).values(*set(PATHS.values()))
    decisions = review.decisions.order_by("number").values(
        "step", "to_state", "reason", "note", "at", "by__username"
    )
    return {
        **{name: row[path] for name, path in PATHS.items()},
        "is_verified_purchase": row["order_line__order__number"] is not None,
        "flags": list(review.flags.order_by("pk").values("reason", "evidence")),
        "decisions": [one | {"by": one.pop("by__username")} for one in decisions[:200]],
    }
