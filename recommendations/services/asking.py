"""Who looks where, and everything that decides what she is shown, as it goes into the receipt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from recommendations.frames import PersonHistory, person_history
from recommendations.services.live_model import Serving
from recommendations.services.newcomers import shop_wide_products
from shop.models import Customer, Variant

MAX_LIMIT = 50


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


def person_of(ask: Ask, at: datetime) -> PersonHistory:
    customer_id = ask.customer.pk if ask.customer else None
    return person_history(customer_id=customer_id, visitor=ask.visitor, at=at)


def request_inputs(
    ask: Ask, person: PersonHistory, model: Serving | None, at: datetime
) -> dict[str, Any]:
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
