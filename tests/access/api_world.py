"""A small shop with one of everything, and callers of every kind, for tests of the whole API."""

from __future__ import annotations

from datetime import timedelta

from django.contrib.auth.models import Group
from django.utils import timezone

from access.roles import ROLES
from shop.models import Channel, OrderState
from shop.services.stock import stock
from tests.factories import make_customer, make_order, make_variant, make_warehouse
from tests.factories_access import make_key, make_staff


def build_world() -> dict[str, list]:
    """Names that exist, by the field or parameter that asks for them."""
    main = make_warehouse()
    for sku in ("TEA-1", "TEA-2"):
        variant = make_variant(sku, brand="Hill", category="Tea")
        stock.receive(variant, 10_000, warehouse=main, key=f"world:{sku}")
    Channel.objects.get_or_create(code="web", defaults={"name": "Web"})
    customer = make_customer("C-1")
    placed = make_order(
        [(variant, 2)], customer=customer, state=OrderState.PLACED, number="T-PLACED"
    )
    make_order([(variant, 2)], customer=customer, number="T-DONE")
    now = timezone.now()
    return {
        "sku": ["TEA-1", "TEA-2"],
        "warehouse": [main.code],
        "number": [placed.number, "T-DONE"],
        "customer": [customer.code],
        "channel": ["web"],
        "cart": ["cart-1"],
        "valid_from": [(now + timedelta(hours=1)).isoformat()],
        "valid_until": [(now + timedelta(days=2)).isoformat()],
    }


def callers() -> dict[str, dict[str, str]]:
    """The headers of a key for each role, of a storefront, and of nobody."""
    made: dict[str, dict[str, str]] = {}
    for name in [*ROLES, "no role"]:
        user = make_staff(username=f"{name}-caller")
        user.groups.set(Group.objects.filter(name=name))
        made[name] = _bearer(make_key(user=user, rate_per_minute=10**6).secret)
    made["storefront key"] = _bearer(make_key(rate_per_minute=10**6).secret)
    made["publishable key"] = _bearer(make_key(publishable=True, rate_per_minute=10**6).secret)
    made["nobody"] = {}
    return made


def _bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}
