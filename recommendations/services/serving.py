"""Recommend to one person in one place, now; every answer leaves a receipt.

The order of things, on every placement (docs/recommendations.md):
candidates by source in the placement's order → what the person has bought is taken out → gates at
the moment of the request → rules, margin, diversity, exploration → a reason for each, from its real
score.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext, gettext_noop

from decisions.models import DecisionState
from decisions.services.receipts import Proposal, record_new
from decisions.text import sentence
from recommendations.ml.chains import NOTHING_ELSE
from recommendations.ml.policy import Placed, Settings
from recommendations.models import KIND
from recommendations.services import ranking
from recommendations.services.asking import Ask, request_inputs
from recommendations.services.gates import Offer, names_of, offers
from recommendations.services.live_model import Serving, serving_model
from recommendations.services.newcomers import shop_wide_products
from recommendations.services.placements import settings_at
from shop.models import PriceKind
from shop.models.catalogue import in_reader_language

# Candidates asked for at once: one round trip, unless most of the first 200 cannot be sold.
POOL_SIZES = (200, 2_000, 20_000)

HEADLINE = gettext_noop("%(count)s products recommended on %(placement)s")
BECAUSE_BOUGHT = gettext_noop("Because you bought %(name)s")
BECAUSE_SEEN = gettext_noop("Because you looked at %(name)s")
SIMILAR = gettext_noop("Similar to %(name)s")
BOUGHT_TOGETHER = gettext_noop("Often bought with %(name)s")
IN_CATEGORY = gettext_noop("Popular in this category")
POPULAR = gettext_noop("Popular with other customers")
NEW = gettext_noop("In the shop now")
NEXT = gettext_noop("Goes with what you looked at last")
INSTEAD = gettext_noop("Others who found %(name)s sold out took this")
ON_FLASH = gettext_noop("On offer for a short time")
SELECTED = gettext_noop("Selected by the shop")
REASONS = {
    "bought": BECAUSE_BOUGHT,
    "seen": BECAUSE_SEEN,
    "similar": SIMILAR,
    "bought_together": BOUGHT_TOGETHER,
    "category": IN_CATEGORY,
    "popular": POPULAR,
    "shop_wide": NEW,
    "session": NEXT,
    "taken_instead": INSTEAD,
    "on_flash": ON_FLASH,
    "rule": SELECTED,
}


@dataclass(frozen=True)
class Item:
    """One recommended product. reason: msgid, params and the names that fill it."""

    offer: Offer
    source: str
    score: float
    reason: dict

    @property
    def reason_text(self) -> str:
        return reason_text(self.reason)


@dataclass(frozen=True)
class Answer:
    items: list[Item]
    receipt_id: uuid.UUID
    run_id: int | None


def reason_of(row: dict, named: dict[int, tuple[str, str]]) -> dict:
    """The stored sentence for one ranked row; `named` holds the names of what it is because of."""
    names = named.get(row["because"] or 0)
    params = {"name": names[0], "name_zh": names[1]} if names else {}
    return sentence(REASONS[row["reason"]], **params)


def reason_text(reason: dict) -> str:
    """The sentence in the reader's language, with the product's name in it too."""
    params = reason["params"]
    name = in_reader_language(params.get("name", ""), params.get("name_zh", ""))
    return gettext(reason["msgid"]) % {"name": name}


@dataclass(frozen=True)
class Decided:
    """What a request comes to, before anything of it is written or worded."""

    inputs: dict
    output: dict
    offers: dict[int, Offer]
    dropped: list[int]
    found: ranking.Pool
    chosen: list[Placed]
    model: Serving | None


def recommend(ask: Ask, *, at: datetime | None = None, settings: Settings | None = None) -> Answer:
    """What to show. Nothing that cannot be sold at `at` (now) is ever in it.

    settings: in the place of the placement's own, for a preview (services/placements.py).
    """
    at = at or timezone.now()
    receipt_id = uuid.uuid4()
    decided = decide(ask, at, settings or settings_at(ask.placement, at), str(receipt_id))
    named = names_of({row["because"] for row in decided.output["items"] if row["because"]})
    items = [
        _item(row, decided.offers[row["product_id"]], named) for row in decided.output["items"]
    ]
    record_new(_receipt(ask, decided, items), receipt_id)
    return Answer(items, receipt_id, decided.model.run.pk if decided.model else None)


def decide(ask: Ask, at: datetime, settings: Settings, seed: str) -> Decided:
    """Candidates → gates → rules, money, diversity, exploration → reasons. Reads, writes nothing.

    Gates are asked once; again, deeper, only where most of the candidates cannot be sold.
    """
    model = serving_model()
    inputs = request_inputs(ask, settings, model, at, seed)
    # Where nothing is moved, the first that can be sold are the list, and no others are looked at.
    most = inputs["limit"] if settings.keeps_order else None
    kind = PriceKind.FLASH if ask.placement == "flash_sale" else ""
    for size in POOL_SIZES:
        found = ranking.pool(inputs, model, size)
        channel_id = ask.channel.pk if ask.channel else None
        offered = offers(found.product_ids, at, channel_id=channel_id, most=most, price_kind=kind)
        inputs["offers"] = {pk: offer.as_row(settings) for pk, offer in offered.items()}
        inputs["pool_size"] = size
        chosen = ranking.placed(found, inputs, model)
        if len(chosen) >= inputs["limit"]:
            break
        if len(found.product_ids) < size:  # all that the model knows
            if inputs["shop_wide"] or ask.placement in NOTHING_ELSE:
                break
            inputs["shop_wide"] = shop_wide_products(at)
    output = {"items": ranking.shown(found, chosen, inputs, model)}
    last = max((row.index for row in chosen), default=len(found.product_ids) - 1)
    dropped = [pk for pk in found.product_ids[:last] if pk not in offered]
    return Decided(inputs, output, offered, dropped, found, chosen, model)


def _item(row: dict, offer: Offer, named: dict[int, tuple[str, str]]) -> Item:
    return Item(offer, row["source"], row["score"], reason_of(row, named))


def _receipt(ask: Ask, decided: Decided, items: list[Item]) -> Proposal:
    return Proposal(
        kind=KIND,
        key=f"{KIND}:{decided.inputs['seed']}",
        subject=ask.subject[:120],
        headline=sentence(HEADLINE, count=len(items), placement=ask.placement),
        why=items[0].reason if items else {},
        inputs=decided.inputs,
        output=decided.output,
        model_run=decided.model.run if decided.model else None,
        score_parts=[
            {"sku": item.offer.sku, "source": item.source, "score": item.score} for item in items
        ],
        constraints_hit=[
            {"product_id": product_id, "gate": "cannot be sold now"}
            for product_id in decided.dropped[:50]
        ],
        state=DecisionState.AUTOMATIC,
    )
