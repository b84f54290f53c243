"""Products chosen for those who are about to be written to, and what becomes of them.

They are chosen in the transaction that marks the letter as being handed over, by the gates of that
moment: what cannot be sold then stands in no letter. The receipt stays with the letter, so that what
was seen and clicked counts in the report of the placement.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.conf import settings
from django.utils import translation

from decisions.models import Decision
from marketing.delivery.mail import recommended_address
from marketing.delivery.messages import Text
from marketing.models import Send, SkipReason
from marketing.texts.dates import LOCALES
from marketing.texts.recommended import RECOMMENDED, ShownProduct, recommended_words
from shop.models import Customer, EventKind
from shop.models.catalogue import in_reader_language
from shop.money import format_money
from shop.services.events.events import record_events

if TYPE_CHECKING:
    from recommendations.services.serving import Item

PLACEMENT = "email"
SHOWN = 4

Words = Text | SkipReason | None


def with_recommended(
    sends: Sequence[Send],
    words: Mapping[int, Words],
    at: datetime,
    *,
    about: Mapping[int, Sequence[str]] | None = None,
) -> dict[int, Words]:
    """Each text that has room for them with the recipient's own products, or why she gets none.

    about: per send the SKUs that the letter speaks of anyway. In a transaction.
    """
    from recommendations.services.asking import Ask  # these load numeric libraries
    from recommendations.services.serving import recommend

    found: dict[int, Words] = dict(words)
    chosen = []
    for send in sends:
        text = words[send.pk]
        if not isinstance(text, Text) or RECOMMENDED not in text.slots:
            continue
        ask = Ask(PLACEMENT, customer=send.customer, exclude=tuple((about or {}).get(send.pk, ())))
        answer = recommend(replace(ask, limit=SHOWN), at=at)
        if not answer.items:
            found[send.pk] = SkipReason.NOTHING_TO_SHOW
            continue
        send.recommendation = answer.receipt_id
        chosen.append(send)
        said = recommended_words(_shown(answer.items, text.language, send.pk))
        found[send.pk] = replace(text, own={**text.own, RECOMMENDED: said})
    Send.objects.bulk_update(chosen, ["recommendation"])
    return found


def seen_beforehand(customer: Customer, language: str, at: datetime) -> str:
    """What she would be shown now, for a preview: no receipt, and links that lead nowhere."""
    from recommendations.services.asking import Ask
    from recommendations.services.serving import items_now

    ask = Ask(PLACEMENT, customer=customer, limit=SHOWN)
    return recommended_words(_shown(items_now(ask, at), language, send_id=0))


def record_seen(send: Send, at: datetime) -> None:
    """She has opened the letter: its products count as shown, once."""
    record_events(
        [
            {
                "event_id": f"shown:{send.pk}:{place}",
                "kind": EventKind.IMPRESSION,
                "occurred_at": at,
                "sku": row["sku"],
                "customer": send.customer.code,
                "properties": _about(send.recommendation, place),
            }
            for place, row in enumerate(_rows(send), start=1)
        ]
    )


def record_product_click(send: Send, place: int, at: datetime) -> None:
    """She followed the link of one product: a click of the placement, once."""
    if sku := sku_at(send, place):
        record_events(
            [
                {
                    "event_id": f"click:{send.pk}:{place}",
                    "kind": EventKind.CLICK,
                    "occurred_at": at,
                    "sku": sku,
                    "customer": send.customer.code,
                    "properties": _about(send.recommendation, place),
                }
            ]
        )


def page_of(send: Send, place: int) -> str:
    """Where the link of the product at this place leads; the shop where its receipt is gone."""
    if not settings.STOREFRONT_URL or send.recommendation is None:
        return ""
    base, sku = settings.STOREFRONT_URL.rstrip("/"), sku_at(send, place)
    return f"{base}/products/{sku}" if sku else f"{base}/"


def sku_at(send: Send, place: int) -> str:
    """Empty where the letter had no such place."""
    rows = _rows(send)
    return rows[place - 1]["sku"] if 1 <= place <= len(rows) else ""


def _rows(send: Send) -> list[dict[str, Any]]:
    """What the receipt says was shown, the first first."""
    if send.recommendation is None:
        return []
    receipt = Decision.objects.filter(pk=send.recommendation).values_list("output", flat=True)
    output = receipt.first()
    return output["items"] if output else []


def _about(receipt: UUID | None, place: int) -> dict[str, Any]:
    return {"receipt": str(receipt), "position": place, "placement": PLACEMENT}


def _shown(items: Sequence[Item], language: str, send_id: int) -> list[ShownProduct]:
    with translation.override(LOCALES[language]):
        return [
            ShownProduct(
                " ".join(in_reader_language(item.offer.name, item.offer.name_zh).split()),
                format_money(item.offer.price_minor, item.offer.currency),
                item.reason_text,
                recommended_address(send_id, place) if settings.STOREFRONT_URL else "",
            )
            for place, item in enumerate(items, start=1)
        ]
