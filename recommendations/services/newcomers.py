"""What to show in a shop that has no model yet: what sold best lately, then what is newest."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.core.cache import cache
from django.db.models import Count

from recommendations.frames import sold_lines
from shop.models import Product

LATELY = timedelta(days=90)
MOST = 200
SECONDS_KEPT = 600  # an order of products, not stock: the gates are asked at every request
CACHE_KEY = "recommendations:shop-wide"


def shop_wide_products(at: datetime) -> list[int]:
    """At most 200 product keys: by customers in the last 90 days, then the newest ones."""
    return cache.get_or_set(CACHE_KEY, lambda: _products(at), SECONDS_KEPT) or []


def _products(at: datetime) -> list[int]:
    sold = (
        sold_lines(at)
        .filter(order__placed_at__gte=at - LATELY)
        .values("variant__product_id")
        .annotate(orders=Count("order_id", distinct=True))
        .order_by("-orders", "variant__product_id")
        .values_list("variant__product_id", flat=True)[:MOST]
    )
    newest = Product.objects.filter(state=Product.State.ACTIVE).order_by("-created_at", "-pk")
    both = [*sold, *newest.values_list("pk", flat=True)[:MOST]]
    return list(dict.fromkeys(both))[:MOST]
