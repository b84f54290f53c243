"""What happened to a SKU that its sales may show: prices, promotions, campaigns, receipts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from inventory.models import PlannedUnits, Receipt
from shop.models import Price, PriceKind
from shop.money import format_money

MOST = 60


@dataclass(frozen=True)
class SkuEvent:
    """One thing on a day, or from a day until another. kind: price, promotion, campaign, receipt."""

    kind: str
    first: date
    last: date
    text: str


def sku_events(variant_id: int, first: date, last: date) -> list[SkuEvent]:
    """Everything between two days, oldest first; at most MOST of a kind, three queries."""
    found = [
        *_prices(variant_id, first, last),
        *_campaigns(variant_id, first, last),
        *_receipts(variant_id, first, last),
    ]
    return sorted(found, key=lambda one: (one.first, one.kind))


def _prices(variant_id: int, first: date, last: date) -> list[SkuEvent]:
    rows = (
        Price.objects.ever_asked()
        .filter(
            variant=variant_id, channel__isnull=True, valid_from__lt=_midnight(last + timedelta(1))
        )
        .order_by("-valid_from")
    )
    found = []
    for row in rows[: MOST * 2]:
        start = timezone.localtime(row.valid_from).date()
        money = format_money(row.amount_minor, row.currency)
        if row.kind == PriceKind.LIST or row.valid_until is None:
            if start >= first:
                found.append(SkuEvent("price", start, start, _("list price %s") % money))
            continue
        end = timezone.localtime(row.valid_until - timedelta(microseconds=1)).date()
        if end >= first:
            text = _("reduced to %s") % money
            found.append(SkuEvent("promotion", max(start, first), min(end, last), text))
    return found[:MOST]


def _campaigns(variant_id: int, first: date, last: date) -> list[SkuEvent]:
    rows = PlannedUnits.objects.filter(
        variant=variant_id, source__starts_on__lte=last, source__ends_on__gte=first
    ).select_related("source")
    return [
        SkuEvent(
            "campaign",
            max(row.source.starts_on, first),
            min(row.source.ends_on, last),
            _("campaign: %s") % row.source,
        )
        for row in rows[:MOST]
    ]


def _receipts(variant_id: int, first: date, last: date) -> list[SkuEvent]:
    rows = Receipt.objects.filter(
        line__variant=variant_id,
        received_at__gte=_midnight(first),
        received_at__lt=_midnight(last + timedelta(1)),
    ).order_by("-received_at")
    return [
        SkuEvent("receipt", day, day, _("%s units received") % units)
        for units, at in rows.values_list("units", "received_at")[:MOST]
        for day in [timezone.localtime(at).date()]
    ]


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time()))
