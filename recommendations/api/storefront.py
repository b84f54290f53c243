"""What the shop's own site shows to one visitor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from django.http import HttpResponse
from django.utils import translation
from drf_spectacular.utils import extend_schema
from rest_framework import serializers as s
from rest_framework.request import Request

from access.api.quick import QuickReads
from access.api.views import StorefrontView
from recommendations.api.asked import read_asked
from recommendations.api.serializers import RecommendationAsk, RecommendationOut
from shop.models import Channel
from shop.money import minor_digits

LANGUAGES = {"en": "en", "zh": "zh-hans"}


class Recommendations(QuickReads, StorefrontView):
    @extend_schema(parameters=[RecommendationAsk], responses=RecommendationOut)
    def get(self, request: Request) -> HttpResponse:
        """Products to show in one place, each with its reason; none that cannot be sold now.

        An unknown customer code is served like an anonymous visitor, an unknown order like none.
        """
        return self.answer(self.read(request.query_params))

    @staticmethod
    def read(params: Mapping[str, str]) -> dict[str, Any]:
        """Raises ValidationError."""
        asked = read_asked(params)
        return asked | {"channel": _channel(asked["channel"])}

    @staticmethod
    def answer(asked: dict[str, Any]) -> HttpResponse:
        from recommendations.services.asking import Ask  # these load numeric libraries
        from recommendations.services.serving import recommend

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
                channel=asked["channel"],
            )
        )
        chosen = asked["language"]
        with translation.override(LANGUAGES[chosen] if chosen else translation.get_language()):
            reader = _Reader()
            items = [_row(place, item, reader) for place, item in enumerate(answer.items, start=1)]
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


class _Reader:
    """The reader's language, asked once for an answer and not for each word of it."""

    def __init__(self) -> None:
        self.chinese = (translation.get_language() or "").startswith("zh")
        self._sentences: dict[str, str] = {}

    def name(self, name: str, name_zh: str) -> str:
        """As `in_reader_language`."""
        return (name_zh or name) if self.chinese else (name or name_zh)

    def reason(self, item: Any) -> str:
        """As `reason_text`."""
        msgid = item.reason["msgid"]
        text = self._sentences.get(msgid)
        if text is None:
            text = self._sentences[msgid] = translation.gettext(msgid)
        return text % {"name": self.name(*item.product_because)}


def _row(place: int, item: Any, reader: _Reader) -> dict[str, Any]:
    offer = item.offer
    quota = {"ring_fence": offer.ring_fence} if offer.ring_fence else {}
    return {
        "position": place,
        "sku": offer.sku,
        "name": reader.name(offer.name, offer.name_zh),
        "price": {
            "amount_minor": offer.price_minor,
            "currency": offer.currency,
            "amount": amount_of(offer.price_minor, minor_digits(offer.currency)),
        },
        "reason": reader.reason(item),
        "source": item.source,
        **quota,
    }
