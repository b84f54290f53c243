"""A flash sale and the shop that it needs."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone

from inventory.flash_sale_frames import midnight
from inventory.models import FlashSale, PriceElasticity
from inventory.services.flash_sales import Draft, WantedLine, save_draft
from shop.models import Variant
from shop.services.stock import stock
from tests.factories import make_variant, make_warehouse
from tests.factories_inventory import make_forecast

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def noon(days: int = 2) -> datetime:
    """Local noon, so many days from today."""
    return midnight(timezone.localdate() + days * DAY) + 12 * HOUR


def make_sellable(sku: str = "TEA-1", *, units: int = 200, mean: float | None = 10.0) -> Variant:
    """Counted in the ledger, with a list price of 10.00, a cost of 4.00 and, unless None, a forecast."""
    variant = make_variant(sku)
    stock.receive(variant, units, warehouse=make_warehouse(), key=f"po:{sku}")
    if mean is not None:
        make_forecast(variant, mean=mean, as_of=timezone.localdate() - DAY)
    return variant


def make_elasticity(variant: Variant, **fields) -> PriceElasticity:
    given = {"elasticity": 2.0, "low": 1.0, "high": 3.0, "own_share": 0.5, "priced_days": 9}
    return PriceElasticity.objects.create(
        variant=variant, as_of=timezone.localdate(), **(given | fields)
    )


def draft_of(*skus: str, start: datetime | None = None, hours: int = 24, **fields) -> Draft:
    """By default 50 units of each SKU at 5.00, for a day from the noon after next."""
    start = start or noon()
    lines = tuple(WantedLine(sku, 500, 50) for sku in skus)
    given = {"name": "Late hours", "name_zh": "夜场", "lines": lines}
    return Draft(starts_at=start, ends_at=start + hours * HOUR, **(given | fields))


def make_flash_sale(*skus: str, **fields) -> FlashSale:
    return save_draft(draft_of(*(skus or ("TEA-1",)), **fields))


def move_to(sale: FlashSale, start: datetime) -> FlashSale:
    """As if it had been planned for another time; its prices stay where they are."""
    sale.ends_at, sale.starts_at = start + (sale.ends_at - sale.starts_at), start
    sale.save(update_fields=["starts_at", "ends_at"])
    return sale
