"""Everything that decides what a request is shown, as it goes into the receipt."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from inventory.services.substitutes import products_instead
from recommendations.ml.one_person import gathered
from recommendations.ml.policy import Settings
from recommendations.services.asking import MAX_LIMIT, Ask
from recommendations.services.gates import on_flash
from recommendations.services.live_model import Serving
from recommendations.services.newcomers import shop_wide_products
from recommendations.services.reading import Read
from recommendations.services.repeats import again_days

MOST_INSTEAD = 50


def request_inputs(
    ask: Ask, settings: Settings, read: Read, model: Serving | None, at: datetime, seed: str
) -> dict[str, Any]:
    """Everything that decides, as it goes into the receipt, but for what the gates say."""
    anchors = [read.named[sku] for sku in ask.skus if sku in read.named] + read.ordered
    categories = sorted({category for _product, category in anchors if category})
    listed = model is not None and (read.list_run, "") == (model.run.pk, baseline_of(model))
    return _of_repeats(read) | {
        "placement": ask.placement,
        "at": at.isoformat(),
        "seed": seed,
        "limit": min(ask.limit, MAX_LIMIT),
        "run": model.run.pk if model else None,
        "baseline": baseline_of(model),
        "settings": settings.as_json,
        "personalisation_refused": read.refused,
        "history": gathered(read.history),
        "anchors": list(dict.fromkeys(product_id for product_id, _category in anchors)),
        "categories": categories or sorted(read.last_categories),
        "exclude": [read.named[sku][0] for sku in ask.exclude if sku in read.named],
        "listed": read.listed if listed else [],
        "taken_instead": _instead(ask, settings),
        "on_flash": on_flash(at) if "on_flash" in settings.sources else [],
        "shop_wide": [] if model else shop_wide_products(at),
    }


def _of_repeats(read: Read) -> dict[str, Any]:
    """What decides which of her purchases are offered again; nothing of it where she has none."""
    said: dict[str, Any] = {"bought_before": read.bought_before} if read.bought_before else {}
    mine = [row[0] for row in read.history if row[3]] + [row[0] for row in read.bought_before]
    if mine:
        days = again_days()
        again = sorted((pk, days[pk]) for pk in set(mine) if pk in days)
        said |= {"again": again} if again else {}
    return said


def _instead(ask: Ask, settings: Settings) -> list[int]:
    """What visits that found these SKUs sold out took, by the night's count."""
    if "taken_instead" not in settings.sources or not ask.skus:
        return []
    return products_instead(ask.skus)[:MOST_INSTEAD]


def baseline_of(model: Serving | None) -> str:
    """The name of the baseline that stands in for a refused model, else nothing."""
    if model is None or model.weights == model.recommender.weights:
        return ""
    return next(iter(model.weights))
