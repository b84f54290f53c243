"""Recommend to one person in one place, now; every answer leaves a receipt.

The order of things, on every placement (docs/recommendations.md):
candidates by source in the stated order → what the person has bought is taken out → gates at the
moment of the request → the first `limit` that pass → a reason for each, from its real score.
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
from recommendations.models import KIND
from recommendations.services import ranking
from recommendations.services.asking import Ask, person_of, request_inputs
from recommendations.services.gates import Offer, names_of, offers
from recommendations.services.live_model import Serving, serving_model
from recommendations.services.newcomers import shop_wide_products
from shop.models.catalogue import in_reader_language

Shown = tuple[list["Item"], list[int]]
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
REASONS = {
    "bought": BECAUSE_BOUGHT,
    "seen": BECAUSE_SEEN,
    "similar": SIMILAR,
    "bought_together": BOUGHT_TOGETHER,
    "category": IN_CATEGORY,
    "popular": POPULAR,
    "shop_wide": NEW,
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


def recommend(ask: Ask, *, at: datetime | None = None) -> Answer:
    """What to show. Nothing that cannot be sold at `at` (now) is ever in it."""
    at = at or timezone.now()
    model = serving_model()
    person = person_of(ask, at)
    inputs = request_inputs(ask, person, model, at)
    chosen, found, dropped = _choose(inputs, model, at)
    output = ranking.picked(chosen, found)
    named = names_of({row["because"] for row in chosen if row["because"]})
    items = [_item(row, found[row["product_id"]], named) for row in chosen]
    inputs["offers"] = {str(row["product_id"]): row["sku"] for row in output["items"]}
    receipt = record_new(_receipt(ask, inputs, output, model, (items, dropped)))
    return Answer(items, receipt.pk, model.run.pk if model else None)


def _choose(
    inputs: dict, model: Serving | None, at: datetime
) -> tuple[list[dict], dict[int, Offer], list[int]]:
    """The rows to show, their offers, and what stood before the last of them but cannot be sold."""
    found: dict[int, Offer] = {}
    asked: set[int] = set()
    for size in POOL_SIZES:
        pool = ranking.pool(inputs, model, size)
        fresh = [row["product_id"] for row in pool if row["product_id"] not in asked]
        asked.update(fresh)
        found |= offers(fresh, at)
        passing = [row for row in pool if row["product_id"] in found]
        if len(passing) >= inputs["limit"]:
            break
        if len(pool) < size:  # all that the model knows: what is newer than the model comes last
            if inputs["shop_wide"]:
                break
            inputs["shop_wide"] = shop_wide_products(at)
    chosen = passing[: inputs["limit"]]
    last = pool.index(chosen[-1]) if chosen else len(pool)
    dropped = [row["product_id"] for row in pool[:last] if row["product_id"] not in found]
    return ranking.with_reasons(chosen, inputs, model), found, dropped


def _item(row: dict, offer: Offer, named: dict[int, tuple[str, str]]) -> Item:
    return Item(offer, row["source"], row["score"], reason_of(row, named))


def _receipt(ask: Ask, inputs: dict, output: dict, model: Serving | None, shown: Shown) -> Proposal:
    items, dropped = shown
    return Proposal(
        kind=KIND,
        key=f"{KIND}:{uuid.uuid4()}",
        subject=ask.subject[:120],
        headline=sentence(HEADLINE, count=len(items), placement=ask.placement),
        why=items[0].reason if items else {},
        inputs=inputs,
        output=output,
        model_run=model.run if model else None,
        score_parts=[
            {"sku": item.offer.sku, "source": item.source, "score": item.score} for item in items
        ],
        constraints_hit=[
            {"product_id": product_id, "gate": "cannot be sold now"} for product_id in dropped[:50]
        ],
        state=DecisionState.AUTOMATIC,
    )
