"""What customers praise and blame, and how conversations went, for staff and their programs."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from access.api.views import MerchantView
from shop.models import Product
from support import aspect_frames as frames
from support.api import serializers as shapes
from support.ml.shares import FLOOR, Share
from support.models import AspectMention, ConversationScore, CustomerExperience

MENTION = {
    **{n: n for n in ("aspect", "polarity", "confidence", "start", "end", "written_at")},
    "product": "product__code",
    "review": "reading__review__key",
    "ticket": "reading__message__ticket__number",
}
CONVERSATION = {
    **{n: n for n in ("score", "wait_hours", "causes", "opened_at", "scored_at")},
    "ticket": "ticket__number",
    "customer": "ticket__customer__code",
    "csat": "ticket__csat",
    "model_run": "run",
}
CUSTOMER = {
    **{n: n for n in ("score", "conversations", "last_at", "scored_at")},
    "customer": "customer__code",
    "model_run": "run",
}


class AspectShares(MerchantView):
    needs = {"GET": "shop.view_review"}

    @extend_schema(parameters=[shapes.AspectQuery], responses=shapes.AspectSharesOut)
    def get(self, request: Request) -> Response:
        """Share of blame per aspect over six months, of the shop or one product, with interval; null
        below `least_opinions`. Tickets count for those who may read tickets."""
        chosen = self.checked(shapes.AspectQuery, request.query_params)
        product = _product(chosen)
        rows = frames.opinions(with_tickets=_may_read_tickets(request), product=product)
        lines = frames.aspect_lines(rows, frames.months_until(timezone.now()))
        return Response(
            {
                "product": chosen.get("product"),
                "least_opinions": FLOOR,
                "aspects": [
                    _share(line.total)
                    | {
                        "aspect": line.aspect,
                        "months": [
                            {"month": month.isoformat()} | _share(one) for month, one in line.months
                        ],
                    }
                    for line in lines
                ],
            }
        )


class AspectMentions(MerchantView):
    needs = {"GET": "shop.view_review"}

    @extend_schema(parameters=[shapes.MentionQuery], responses=shapes.MentionOut(many=True))
    def get(self, request: Request) -> Response:
        """Mentions, newest read first, with the way to their text and where in it they stand."""
        chosen = self.checked(shapes.MentionQuery, request.query_params)
        rows = AspectMention.objects.all()
        if not _may_read_tickets(request):
            rows = rows.filter(reading__review__isnull=False)
        if "product" in chosen:
            rows = rows.filter(product=_product(chosen))
        rows = rows.filter(**{n: v for n, v in chosen.items() if n in ("aspect", "polarity")})
        return self.page(*_named(rows, MENTION))


class ConversationScores(MerchantView):
    needs = {"GET": "support.view_conversationscore"}

    @extend_schema(parameters=[shapes.ScoreQuery], responses=shapes.ConversationScoreOut(many=True))
    def get(self, request: Request) -> Response:
        """Scores of conversations, newest scored first; none where no model has proven itself."""
        chosen = self.checked(shapes.ScoreQuery, request.query_params)
        rows = _bounded(ConversationScore.objects.all(), chosen, "ticket__customer__code")
        return self.page(*_named(rows, CONVERSATION))


class CustomerScores(MerchantView):
    needs = {"GET": "support.view_customerexperience"}

    @extend_schema(parameters=[shapes.ScoreQuery], responses=shapes.CustomerScoreOut(many=True))
    def get(self, request: Request) -> Response:
        """Scores of customers; none where no model has proven itself."""
        chosen = self.checked(shapes.ScoreQuery, request.query_params)
        return self.page(
            *_named(_bounded(CustomerExperience.objects.all(), chosen, "customer__code"), CUSTOMER)
        )


def _may_read_tickets(request: Request) -> bool:
    return request.user.has_perm("support.view_ticket")


def _product(chosen: dict[str, Any]) -> Product | None:
    if "product" not in chosen:
        return None
    found = Product.objects.filter(code=chosen["product"]).first()
    if found is None:
        raise Http404
    return found


def _share(share: Share) -> dict[str, Any]:
    told = asdict(share)
    return {"blame": told["hits"], "opinions": told["n"], "share": told["value"]} | {
        name: told[name] for name in ("low", "high")
    }


def _bounded(rows: QuerySet, chosen: dict[str, Any], customer: str) -> QuerySet:
    if "customer" in chosen:
        rows = rows.filter(**{customer: chosen["customer"]})
    if "most_score" in chosen:
        rows = rows.filter(score__lte=chosen["most_score"])
    return rows


def _named(rows: QuerySet, paths: dict[str, str]) -> tuple[QuerySet, Any]:
    def shaped(page: list[dict]) -> list[dict]:
        return [{name: row[path] for name, path in paths.items()} for row in page]

    return rows.values("pk", *paths.values()), shaped
