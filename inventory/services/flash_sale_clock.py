"""What the clock does with flash sales: begin, end, sell out, and repair what was left behind."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from decisions.services import receipts
from inventory.flash_sale_frames import quotas_of
from inventory.models import FlashSale, FlashSaleState
from inventory.models.flash_sales import CLOSED, IN_FORCE
from inventory.services.flash_sales import close, take_back
from shop.models import Price, PriceKind, RingFence
from shop.models.stock import FLASH_SALE
from shop.services.price_endings import end_price

AT_ONCE = 200


def settle_flash_sales(now: datetime | None = None) -> dict[str, int]:
    """Each sale in a transaction of its own; twice, or by two at once, equals once."""
    now = now or timezone.now()
    return {
        "begun": _begin(now),
        "ended": _end(now),
        "sold_out": _sell_out(),
        "repaired": _repair(),
    }


def _begin(now: datetime) -> int:
    due = FlashSale.objects.filter(
        state=FlashSaleState.APPROVED, starts_at__lte=now, ends_at__gt=now
    )
    return due.update(state=FlashSaleState.RUNNING)


def _end(now: datetime) -> int:
    ended = 0
    for pk in FlashSale.objects.filter(state__in=IN_FORCE, ends_at__lte=now).values_list(
        "pk", flat=True
    )[:AT_ONCE]:
        with transaction.atomic():
            row = FlashSale.objects.select_for_update().get(pk=pk)
            if row.state in IN_FORCE:
                close(row, FlashSaleState.ENDED, now)
                ended += 1
    return ended


def _sell_out() -> int:
    """A SKU whose quota is sold, in all its warehouses and with no cart still holding of it, costs
    what it did before: what was set aside is what the price was for."""
    ended = 0
    running = FlashSale.objects.filter(state=FlashSaleState.RUNNING).select_related("decision")
    for sale in running.order_by("pk")[:AT_ONCE]:
        left: dict[int, int] = {}
        for (variant, _place), quota in quotas_of(sale).items():
            left[variant] = left.get(variant, 0) + quota.left + quota.in_carts
        gone = [variant for variant, units in left.items() if units == 0]
        standing = Price.objects.filter(
            **sale.its_prices, variant__in=gone, valid_until__gt=timezone.now()
        )
        for price in standing.select_related("variant"):
            with transaction.atomic():
                end_price(price, source=sale.purpose)
                if sale.decision is not None:
                    receipts.log_change(
                        sale.decision, "sold out", None, after={"sku": price.variant.sku}
                    )
            ended += 1
    return ended


def _repair() -> int:
    """Fences and prices that stand although their sale is closed: taken back again."""
    fences = RingFence.objects.filter(purpose__startswith=FLASH_SALE, released_at=None)
    prices = Price.objects.ever_asked().filter(
        kind=PriceKind.FLASH, source__startswith=FLASH_SALE, valid_until__gt=timezone.now()
    )
    named = _numbers(fences.values_list("purpose", flat=True).distinct()[:AT_ONCE])
    named |= _numbers(prices.order_by().values_list("source", flat=True).distinct()[:AT_ONCE])
    left_behind = FlashSale.objects.filter(pk__in=named, state__in=CLOSED)
    for pk in list(left_behind.values_list("pk", flat=True)):
        with transaction.atomic():
            take_back(FlashSale.objects.select_for_update().get(pk=pk))
    return len(left_behind)


def _numbers(purposes: Iterable[str]) -> set[int]:
    """Of the sales that are rows here; a fence may be named for a sale of another system."""
    found = (purpose.removeprefix(FLASH_SALE) for purpose in purposes)
    return {int(text) for text in found if text.isascii() and text.isdecimal() and len(text) < 18}
