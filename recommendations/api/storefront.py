"""What the shop's own site shows to one visitor."""

from __future__ import annotations

from typing import Any

import msgspec
from django.http import HttpResponse
from django.utils import translation
from drf_spectacular.utils import extend_schema
from rest_framework import serializers as s
from rest_framework.request import Request

from access.api.views import StorefrontView
from recommendations.api.asked import read_asked
from recommendations.api.serializers import RecommendationAsk, RecommendationOut
from shop.models import Channel
from shop.money import minor_digits

LANGUAGES = {"en": "en", "zh": "zh-hans"}


class Recommendations(StorefrontView):
    @extend_schema(parameters=[RecommendationAsk], responses=RecommendationOut)
    def get(self, request: Request) -> HttpResponse:
        """Products to show in one place, each with its reason; none that cannot be sold now.

        An unknown customer code is served like an anonymous visitor, an unknown order like none.
        """
        from recommendations.services.asking import Ask  # these load numeric libraries
        from recommendations.services.serving import recommend

        asked = read_asked(request.query_params)
        answer = recommend(
            Ask(
                placement=asked["placement"],
                code=asked["customer"],
                visitor=asked["visitor"],
                session=asked["session"],
                order=asked["order"],
                skus=asked["sku"],
                exclude=asked["exclude"],
                limit=asked["limit"],
                channel=_channel(asked["channel"]),
            )
        )
        chosen = asked["language"]
        with translation.override(LANGUAGES[chosen] if chosen else translation.get_language()):
            items = [_row(place, item) for place, item in enumerate(answer.items, start=1)]
        body = {
            "placement": asked["placement"],
            "items": items,
            "receipt": str(answer.receipt_id),
            "model_run": answer.run_id,
        }
        return HttpResponse(
            msgspec.json.encode(body),
            content_type="application/json",
            headers={"Cache-Control": "no-store"},
        )


def _channel(code: str) -> Channel | None:
    if not code:
        return None
    found = Channel.objects.filter(code=code).first()
    if found is None:
        raise s.ValidationError({"channel": translation.gettext("There is no such channel.")})
    return found


def amount_of(minor: int, digits: int) -> str:
    """str(from_minor(…)) without a Decimal for each of ten prices."""
    if not digits:
        return str(minor)
    whole, rest = divmod(minor, 10**digits)
    return f"{whole}.{rest:0{digits}}"


def _row(place: int, item: Any) -> dict[str, Any]:
    offer = item.offer
    return {
        "position": place,
        "sku": offer.sku,
        "name": offer.name_for_reader,
        "price": {
            "amount_minor": offer.price_minor,
            "currency": offer.currency,
            "amount": amount_of(offer.price_minor, minor_digits(offer.currency)),
        },
        "reason": item.reason_text,
        "source": item.source,
    }
