"""Tell others of stock and products. (Prices and orders tell of themselves, where they are written.)"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import OuterRef, Q, Subquery
from django.utils import timezone

from outbox.services import publish
from shop.fact_listeners import facts_changed
from shop.models import AnnouncedAvailability, Product, Variant

AT_ONCE = 500


def announce_availability(limit: int = AT_ONCE) -> int:
    """Compare what is available with what others were told, and tell them where that is wrong.

    Not at the movement that takes the last unit: that would cost every sale a question, and a SKU
    whose last unit goes in and out of carts would chatter. A SKU seen for the first time is only
    remembered. Twice, or by two at once, equals once: the row changes by compare-and-set.
    """
    now = timezone.now()
    told = AnnouncedAvailability.objects.filter(variant=OuterRef("pk")).values("is_available")
    counted = Variant.objects.filter(is_active=True, tracks_stock=True).annotate_available()
    counted = counted.annotate(told=Subquery(told[:1]))
    _remember_new(counted.filter(told__isnull=True)[:limit], now)
    wrong = Q(told=True, available_units__lte=0) | Q(told=False, available_units__gt=0)
    return sum(_tell(variant, now) for variant in counted.filter(wrong).order_by("pk")[:limit])


def announce_product(product: Product) -> None:
    """A person changed the product or one of its SKUs; in the transaction that saves it."""
    product.save(update_fields=["updated_at"])
    skus = product.variants.filter(is_active=True).order_by("sku").values_list("sku", flat=True)
    key, payload = product_message(product, list(skus))
    publish("product.changed", payload, key=key)
    facts_changed(list(product.variants.values_list("pk", flat=True)))


def product_message(product: Product, skus: list[str]) -> tuple[str, dict[str, Any]]:
    """(key, payload) as `shop/webhooks.py` promises it. skus: the active ones, in order."""
    changed_at = product.updated_at.isoformat()
    return f"product:{product.pk}:{changed_at}", {
        "code": product.code,
        "name": product.name,
        "state": str(product.state),
        "skus": skus,
        "updated_at": changed_at,
    }


def _remember_new(variants, now: datetime) -> None:
    AnnouncedAvailability.objects.bulk_create(
        (
            AnnouncedAvailability(
                variant=variant, is_available=variant.available_units > 0, changed_at=now
            )
            for variant in variants
        ),
        ignore_conflicts=True,
    )


def _tell(variant: Variant, now: datetime) -> bool:
    units = max(0, variant.available_units)  # type: ignore[attr-defined]
    row = AnnouncedAvailability.objects.filter(variant=variant, is_available=not units)
    with transaction.atomic():
        if not row.update(is_available=bool(units), changed_at=now):
            return False
        publish(
            "stock.available" if units else "stock.sold_out",
            {"sku": variant.sku, "available_units": units, "happened_at": now.isoformat()},
            key=f"availability:{variant.pk}:{now.isoformat()}",
        )
    return True
