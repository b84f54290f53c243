"""Recommend to one person in one place, now; every answer leaves a receipt.

The order of things, on every placement (docs/recommendations.md):
candidates by source in the stated order → what the person has bought is taken out → gates at the
moment of the request → the first `limit` that pass → a reason for each, from its real score.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext, gettext_noop

from decisions.models import DecisionState
from decisions.services.receipts import Proposal, record_new
from decisions.text import sentence
from recommendations.frames import PersonHistory, person_history
from recommendations.models import KIND
from recommendations.services import ranking
from recommendations.services.gates import Offer, names_of, offers
from recommendations.services.live_model import Serving, serving_model
from recommendations.services.newcomers import shop_wide_products
from shop.models import Customer, Variant
from shop.models.catalogue import in_reader_language

Shown = tuple[list["Item"], list[int]]
MAX_LIMIT = 50
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


@dataclass(frozen=True)
class Ask:
    """Who looks where. skus: the product page's SKU, or the cart's."""

    placement: str = "home"
    customer: Customer | None = None
    visitor: str = ""
    skus: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    limit: int = 10

    @property
    def subject(self) -> str:
        if self.customer:
            return f"customer:{self.customer.code}"
        if self.visitor:
            return f"visitor:{self.visitor}"
        return f"sku:{self.skus[0]}" if self.skus else "anybody"


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


def reason_text(reason: dict) -> str:
    """The sentence in the reader's language, with the product's name in it too."""
    params = reason["params"]
    name = in_reader_language(params.get("name", ""), params.get("name_zh", ""))
    return gettext(reason["msgid"]) % {"name": name}


def recommend(ask: Ask, *, at: datetime | None = None) -> Answer:
    """What to show. Nothing that cannot be sold at `at` (now) is ever in it."""
    at = at or timezone.now()
    model = serving_model()
    person = _person(ask, at)
    inputs = _inputs(ask, person, model, at)
    chosen, found, dropped = _choose(inputs, model, at)
    output = ranking.picked(chosen, found)
    named = names_of({row["because"] for row in chosen if row["because"]})
    items = [_item(row, found[row["product_id"]], named) for row in chosen]
    inputs["offers"] = {str(row["product_id"]): row["sku"] for row in output["items"]}
    receipt = record_new(_receipt(ask, inputs, output, model, (items, dropped)))
    return Answer(items, receipt.pk, model.run.pk if model else None)


def _person(ask: Ask, at: datetime) -> PersonHistory:
    customer_id = ask.customer.pk if ask.customer else None
    return person_history(customer_id=customer_id, visitor=ask.visitor, at=at)


def _inputs(ask: Ask, person: PersonHistory, model: Serving | None, at: datetime) -> dict[str, Any]:
    """Everything that decides, as it goes into the receipt."""
    named = _products_of([*ask.skus, *ask.exclude])
    anchors = [named[sku] for sku in ask.skus if sku in named]
    return {
        "placement": ask.placement,
        "at": at.isoformat(),
        "limit": min(ask.limit, MAX_LIMIT),
        "run": model.run.pk if model else None,
        "baseline": _baseline(model),
        "personalisation_refused": person.refused,
        "history": _by_product(person),
        "anchors": [product_id for product_id, _category in anchors],
        "categories": _categories(anchors, person),
        "exclude": [named[sku][0] for sku in ask.exclude if sku in named],
        "shop_wide": [] if model else shop_wide_products(at),
    }


def _by_product(person: PersonHistory) -> list[list]:
    """[product, summed weight, latest time, bought] per product: short, and enough to fold in."""
    found: dict[int, list] = {}
    columns = (person.product_ids, person.weight, person.at, person.bought)
    for product_id, weight, at, bought in zip(*(c.tolist() for c in columns), strict=True):
        row = found.setdefault(product_id, [product_id, 0.0, at, False])
        row[1], row[2], row[3] = round(row[1] + weight, 4), max(row[2], at), row[3] or bought
    return list(found.values())


def _baseline(model: Serving | None) -> str:
    """The name of the baseline that stands in for a refused model, else nothing."""
    if model is None or model.weights == model.recommender.weights:
        return ""
    return next(iter(model.weights))


def _products_of(skus: Sequence[str]) -> dict[str, tuple[int, int]]:
    """SKU → (product, category or 0); unknown SKUs are left out."""
    if not skus:
        return {}
    found = Variant.objects.filter(sku__in=skus).values_list(
        "sku", "product_id", "product__category_id"
    )
    return {sku: (product_id, category or 0) for sku, product_id, category in found}


def _categories(anchors: list[tuple[int, int]], person: PersonHistory) -> list[int]:
    """The anchors' categories; else those of what the person last touched."""
    found = {category for _product, category in anchors if category}
    if not found and len(person.product_ids):
        newest = dict.fromkeys(person.product_ids[::-1][:5].tolist())
        rows = Variant.objects.filter(product_id__in=list(newest))
        found = set(rows.values_list("product__category_id", flat=True)) - {None}
    return sorted(found)


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
    msgid = {
        "bought": BECAUSE_BOUGHT,
        "seen": BECAUSE_SEEN,
        "similar": SIMILAR,
        "bought_together": BOUGHT_TOGETHER,
        "category": IN_CATEGORY,
        "popular": POPULAR,
        "shop_wide": NEW,
    }[row["reason"]]
    names = named.get(row["because"] or 0)
    params = {"name": names[0], "name_zh": names[1]} if names else {}
    return Item(offer, row["source"], row["score"], sentence(msgid, **params))


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
