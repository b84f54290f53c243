"""What the shop's own site shows to one visitor."""

from __future__ import annotations

from typing import Any

from django.utils import translation
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from access.api.views import StorefrontView
from recommendations.api.serializers import RecommendationAsk, RecommendationOut
from shop.models import Customer
from shop.money import from_minor

LANGUAGES = {"en": "en", "zh": "zh-hans"}


class Recommendations(StorefrontView):
    @extend_schema(parameters=[RecommendationAsk], responses=RecommendationOut)
    def get(self, request: Request) -> Response:
        """Products to show in one place, each with its reason; none that cannot be sold now.

        An unknown customer code is served like an anonymous visitor.
        """
        from recommendations.services.asking import Ask  # these load numeric libraries
        from recommendations.services.serving import recommend

        asked = RecommendationAsk(data=request.query_params)
        asked.is_valid(raise_exception=True)
        asked = asked.validated_data
        customer = None
        if asked.get("customer"):
            customer = Customer.objects.filter(code=asked["customer"]).first()
        answer = recommend(
            Ask(
                placement=asked["placement"],
                customer=customer,
                visitor=asked.get("visitor", ""),
                skus=asked["sku"],
                exclude=asked["exclude"],
                limit=asked["limit"],
            )
        )
        chosen = asked.get("language")
        with translation.override(LANGUAGES[chosen] if chosen else translation.get_language()):
            items = [_row(place, item) for place, item in enumerate(answer.items, start=1)]
        body = {
            "placement": asked["placement"],
            "items": items,
            "receipt": str(answer.receipt_id),
            "model_run": answer.run_id,
        }
        return Response(body, headers={"Cache-Control": "no-store"})


def _row(place: int, item: Any) -> dict[str, Any]:
    offer = item.offer
    return {
        "position": place,
        "sku": offer.sku,
        "name": offer.name_for_reader,
        "price": {
            "amount_minor": offer.price_minor,
            "currency": offer.currency,
            "amount": str(from_minor(offer.price_minor, offer.currency)),
        },
        "reason": item.reason_text,
        "source": item.source,
    }
