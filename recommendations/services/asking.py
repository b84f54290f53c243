"""Who looks where, and everything that decides what she is shown, as it goes into the receipt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from recommendations.frames import PersonHistory, person_history
from recommendations.ml.policy import Settings
from recommendations.services.gates import on_flash
from recommendations.services.live_model import Serving
from recommendations.services.newcomers import shop_wide_products
from shop.models import Channel, Customer, OrderLine, Variant

MAX_LIMIT = 50
MOST_LINES = 200


@dataclass(frozen=True)
class Ask:
    """Who looks where.

    skus: the product page's SKU, or the cart's. order: the number of the order that was just
    placed. session: of a visitor who is nobody's customer yet, only this visit counts, once it has
    events. channel: whose prices count beside those for all channels.
    """

    placement: str = "home"
    customer: Customer | None = None
    visitor: str = ""
    skus: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    limit: int = 10
    order: str = ""
    session: str = ""
    channel: Channel | None = None

    @property
    def subject(self) -> str:
        if self.customer:
            return f"customer:{self.customer.code}"
        if self.visitor:
            return f"visitor:{self.visitor}"
        return f"sku:{self.skus[0]}" if self.skus else "anybody"


def person_of(ask: Ask, at: datetime) -> PersonHistory:
    customer_id = ask.customer.pk if ask.customer else None
    return person_history(customer_id=customer_id, visitor=ask.visitor, session=ask.session, at=at)


def request_inputs(
    ask: Ask, settings: Settings, model: Serving | None, at: datetime, seed: str
) -> dict[str, Any]:
    """Everything that decides, as it goes into the receipt, but for what the gates will say."""
    person = person_of(ask, at)
    named = _products_of([*ask.skus, *ask.exclude])
    anchors = [named[sku] for sku in ask.skus if sku in named]
    anchors += _ordered_products(ask.order)
    return {
        "placement": ask.placement,
        "at": at.isoformat(),
        "seed": seed,
        "limit": min(ask.limit, MAX_LIMIT),
        "run": model.run.pk if model else None,
        "baseline": _baseline(model),
        "settings": settings.as_json(),
        "personalisation_refused": person.refused,
        "history": _by_product(person),
        "anchors": list(dict.fromkeys(product_id for product_id, _category in anchors)),
        "categories": _categories(anchors, person),
        "exclude": [named[sku][0] for sku in ask.exclude if sku in named],
        "on_flash": on_flash(at) if "on_flash" in settings.sources else [],
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


def _ordered_products(number: str) -> list[tuple[int, int]]:
    """(product, category or 0) of an order's lines; nothing for an unknown order."""
    if not number:
        return []
    lines = OrderLine.objects.filter(order__number=number, variant__isnull=False)
    found = lines.order_by("position").values_list(
        "variant__product_id", "variant__product__category_id"
    )
    return [(product_id, category or 0) for product_id, category in found[:MOST_LINES]]


def _categories(anchors: list[tuple[int, int]], person: PersonHistory) -> list[int]:
    """The anchors' categories; else those of what the person last touched."""
    found = {category for _product, category in anchors if category}
    if not found and len(person.product_ids):
        newest = dict.fromkeys(person.product_ids[::-1][:5].tolist())
        rows = Variant.objects.filter(product_id__in=list(newest))
        found = set(rows.values_list("product__category_id", flat=True)) - {None}
    return sorted(found)
