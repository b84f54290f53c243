"""Flash sales: a draft that purchasing sees, an approval that writes prices and fences, an end that
takes them back. docs/flash-sales.md"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from decisions.kinds import CannotCarryOutError
from decisions.models import Decision
from decisions.services import receipts
from decisions.text import both, sentence
from inventory.models import FlashSale, FlashSaleLine, FlashSaleState
from inventory.models.flash_sales import IN_FORCE
from inventory.services import flash_sale_expected as expected
from inventory.services import planned_demand
from inventory.services.flash_sale_rules import why_not
from shop.models import KitComponent, Price, PriceKind, RingFence, StockLevel, Variant, Warehouse
from shop.services.price_endings import end_prices
from shop.services.prices import PriceError, PriceTerms, set_new_prices
from shop.services.stock.movements import StockError
from shop.services.stock.ring_fences import release_ring_fence, ring_fence

KIND = "flash_sale"
PERMISSION = "inventory.approve_flashsale"
MOST_LINES = 100
MOST_DAYS = 31
MOST_AHEAD = timedelta(days=366)
MOST_UNITS = 1_000_000
HEADLINE = gettext_noop("Flash sale %(name)s: %(skus)s SKUs, %(units)s units set aside")
WHY = gettext_noop("From %(start)s to %(end)s.")


class FlashSaleError(CannotCarryOutError):
    """Why that cannot be done with this sale; `reasons` are meant for a person."""

    def __init__(self, *reasons: str):
        super().__init__(" ".join(reasons))
        self.reasons = list(reasons)


@dataclass(frozen=True)
class WantedLine:
    sku: str
    price_minor: int
    units: int
    warehouse: str = ""  # none: the one that ships first


@dataclass(frozen=True)
class Draft:
    """Everything that a person says of a sale."""

    name: str
    starts_at: datetime
    ends_at: datetime
    lines: Sequence[WantedLine] = ()
    name_zh: str = ""


def save_draft(draft: Draft, *, sale: FlashSale | None = None, by: Any = None) -> FlashSale:
    """Make a draft, or replace all that one says, and tell purchasing what it would sell.

    Raises FlashSaleError for what cannot be, and for a sale that is no draft any more.
    """
    lines = _rows(draft)
    with transaction.atomic():
        if sale is None:
            row = FlashSale(created_by=by)
        else:
            row = _locked_draft(sale)
            row.lines.all().delete()
        for name in ("name", "name_zh", "starts_at", "ends_at"):
            setattr(row, name, getattr(draft, name))
        row.save()
        for line in lines:
            line.sale = row
        FlashSaleLine.objects.bulk_create(lines)
        _tell(row)
    return row


def check_draft(draft: Draft) -> None:
    """Raises FlashSaleError with all that `save_draft` would refuse. Writes nothing."""
    _rows(draft)


def delete_draft(sale: FlashSale) -> None:
    """Every number as if it had never been. Raises FlashSaleError for what is no draft."""
    with transaction.atomic():
        row = _locked_draft(sale)
        planned_demand.forget_planned_demand(KIND, str(row.pk))
        row.delete()


def approve_flash_sale(sale: FlashSale, *, by: Any = None) -> FlashSale:
    """Its prices stand in the ledger and its units behind fences, all or nothing. Again: no change.

    Raises FlashSaleError with every reason against it, PermissionDenied when `by` may not.
    """
    with transaction.atomic():
        row = FlashSale.objects.select_for_update().get(pk=sale.pk)
        if row.state in IN_FORCE:
            return row
        if not row.is_draft:
            raise FlashSaleError(_("It has ended."))
        lines = list(row.lines.select_related("variant", "warehouse"))
        _wait_for_rivals(lines)
        if reasons := why_not(row, lines):
            raise FlashSaleError(*reasons)
        _note_prices_before(row, lines)
        row.decision = receipts.record_decision(_proposal(row, lines))
        row.save(update_fields=["decision"])
        receipts.approve(row.decision, by)
    row.refresh_from_db()
    return row


def carry_out(decision: Decision, by: Any) -> None:
    """What approving the receipt does, in its transaction."""
    sale = FlashSale.objects.get(decision=decision)
    source, terms = sale.purpose, PriceTerms(PriceKind.FLASH, sale.starts_at, sale.ends_at)
    lines = _in_order_of_counters(list(sale.lines.select_related("variant", "warehouse")))
    prices = {line.variant_id: line for line in lines}
    try:
        set_new_prices(
            [(line.variant, line.price_minor, f"{source}:{pk}") for pk, line in prices.items()],
            source=source,
            terms=terms,
        )
        for line in lines:  # last, since carts wait for the counters until this is committed
            ring_fence(
                line.variant,
                line.units,
                warehouse=line.warehouse,
                purpose=source,
                key=f"{source}:{line.variant_id}:{line.warehouse_id}",
                ends_at=sale.ends_at,
                by=by,
            )
    except (PriceError, StockError) as error:
        raise FlashSaleError(str(error)) from error
    FlashSale.objects.filter(pk=sale.pk).update(state=FlashSaleState.APPROVED)


def cancel_flash_sale(sale: FlashSale, *, by: Any = None) -> FlashSale:
    """Its prices end, its units go back, purchasing forgets what has not begun. Again: no change.

    Raises FlashSaleError for a sale that ended by itself.
    """
    with transaction.atomic():
        row = FlashSale.objects.select_for_update().get(pk=sale.pk)
        if row.state == FlashSaleState.CANCELLED:
            return row
        if row.state == FlashSaleState.ENDED:
            raise FlashSaleError(_("It has ended."))
        close(row, FlashSaleState.CANCELLED, timezone.now(), by)
    return row


def close(row: FlashSale, state: str, now: datetime, by: Any = None) -> None:
    """End prices, give units back, say so; in the caller's transaction, which holds the row."""
    if row.decision is not None:
        verb, before = str(state), {"state": str(row.state)}
        receipts.log_change(row.decision, verb, by, before=before, after={"state": verb})
    if state == FlashSaleState.CANCELLED:
        expected.withdraw_expected(row, now)
    row.state, row.ended_at = state, min(now, row.ends_at)
    row.save(update_fields=["state", "ended_at"])
    take_back(row, by)


def take_back(row: FlashSale, by: Any = None) -> None:
    """What a closed sale must not leave behind. Again: nothing changes."""
    said = f"user:{by.get_username()}"[:80] if by is not None else row.purpose
    end_prices(Price.objects.filter(**row.its_prices), source=said)
    for fence in RingFence.objects.filter(**row.its_fences, released_at=None).order_by("pk"):
        release_ring_fence(fence, key=f"{row.purpose}:end:{fence.pk}", by=by)


def _locked_draft(sale: FlashSale) -> FlashSale:
    row = FlashSale.objects.select_for_update().filter(pk=sale.pk).first()
    if row is None or not row.is_draft:
        raise FlashSaleError(_("Only a draft can be changed or deleted; this is none any more."))
    return row


def _tell(row: FlashSale) -> None:
    if row.starts_on < timezone.localdate() or not row.lines.exists():
        planned_demand.forget_planned_demand(KIND, str(row.pk))
    else:
        expected.publish_expected(row)


def _rows(draft: Draft) -> list[FlashSaleLine]:
    """The lines as rows without a sale. Raises FlashSaleError, which names every SKU at fault."""
    reasons = _window_reasons(draft)
    variants = {
        row.sku: row for row in Variant.objects.filter(sku__in={one.sku for one in draft.lines})
    }
    places = {place.code: place for place in Warehouse.objects.all()}
    first = next(iter(places.values()), None)
    kits = set(
        KitComponent.objects.filter(kit__in=variants.values()).values_list("kit_id", flat=True)
    )
    rows: dict[tuple[int, int], FlashSaleLine] = {}
    for one in draft.lines:
        variant = variants.get(one.sku)
        place = places.get(one.warehouse) if one.warehouse else first
        if reason := _line_reason(one, variant, place, kits):
            reasons.append(reason)
        elif variant is not None and place is not None:
            line = FlashSaleLine(
                variant=variant, warehouse=place, price_minor=one.price_minor, units=one.units
            )
            same = [row for row in rows.values() if row.variant_id == variant.pk]
            if (variant.pk, place.pk) in rows or any(
                row.price_minor != one.price_minor for row in same
            ):
                reasons.append(
                    _("%(sku)s: once in each warehouse, and everywhere at one price.")
                    % {"sku": one.sku}
                )
            rows[variant.pk, place.pk] = line
    if reasons:
        raise FlashSaleError(*reasons)
    return list(rows.values())


def _window_reasons(draft: Draft) -> list[str]:
    reasons = []
    if not draft.name.strip():
        reasons.append(_("It needs a name."))
    if abs(draft.starts_at - timezone.now()) > MOST_AHEAD:
        reasons.append(_("It begins within a year."))
    if draft.ends_at <= draft.starts_at:
        reasons.append(_("It would end before it begins."))
    elif draft.ends_at - draft.starts_at > timedelta(days=MOST_DAYS):
        reasons.append(_("A flash sale lasts at most %(days)s days.") % {"days": MOST_DAYS})
    if len(draft.lines) > MOST_LINES:
        reasons.append(_("At most %(lines)s lines in one sale.") % {"lines": MOST_LINES})
    return reasons


def _line_reason(
    one: WantedLine, variant: Variant | None, place: Warehouse | None, kits: set[int]
) -> str:
    if variant is None:
        return _("%(sku)s: there is no such SKU.") % {"sku": one.sku}
    if place is None:
        return _("%(sku)s: there is no warehouse %(code)s.") % {
            "sku": one.sku,
            "code": one.warehouse,
        }
    if variant.pk in kits or not variant.tracks_stock:
        return _("%(sku)s: only what is counted itself can be set aside.") % {"sku": one.sku}
    if not (0 < one.units <= MOST_UNITS and 0 <= one.price_minor < 10**15):
        return _("%(sku)s: a price from 0 on and units above 0.") % {"sku": one.sku}
    return ""


def _wait_for_rivals(lines: Sequence[FlashSaleLine]) -> None:
    """Whoever approves a sale of one of these SKUs waits here until this one stands or is refused.

    No key of a SKU changes, so that carts and orders, which only refer to it, do not wait.
    """
    rows = Variant.objects.filter(pk__in={line.variant_id for line in lines})
    list(rows.select_for_update(no_key=True).order_by("pk"))


def _in_order_of_counters(lines: list[FlashSaleLine]) -> list[FlashSaleLine]:
    """Counters are locked by everybody in the order of their key."""
    levels = StockLevel.objects.filter(variant__in={line.variant_id for line in lines})
    keys = {(level.variant_id, level.warehouse_id): level.pk for level in levels}
    return sorted(lines, key=lambda line: keys.get((line.variant_id, line.warehouse_id), 0))


def _note_prices_before(row: FlashSale, lines: Sequence[FlashSaleLine]) -> None:
    before = expected.prices_before(row, lines)
    for line in lines:
        line.before_minor, line.before_is_list = before[line.variant_id]
    FlashSaleLine.objects.bulk_update(lines, ["before_minor", "before_is_list"])


def _proposal(row: FlashSale, lines: Sequence[FlashSaleLine]) -> receipts.Proposal:
    from inventory.ml.sale_response import expected_of_sale

    known = expected.read(row, lines)
    skus = {line.variant_id: line.variant.sku for line in lines}
    inputs = {"lines": {skus[pk]: line for pk, line in known.lines.items()}}
    return receipts.Proposal(
        kind=KIND,
        key=f"{KIND}:{row.pk}",
        subject=f"{KIND}:{row.pk}",
        headline=sentence(
            HEADLINE,
            name=both(row.name, row.name_zh),
            skus=len(skus),
            units=sum(line.units for line in lines),
        ),
        why=sentence(WHY, start=_moment(row.starts_at), end=_moment(row.ends_at)),
        inputs=inputs
        | {
            "asked": [
                {
                    "sku": line.variant.sku,
                    "warehouse": line.warehouse.code,
                    "price_minor": line.price_minor,
                    "before_minor": line.before_minor,
                    "units": line.units,
                }
                for line in lines
            ]
        },
        output=expected_of_sale(inputs),
        currency=settings.SHOP_CURRENCY,
    )


def _moment(at: datetime) -> str:
    return f"{timezone.localtime(at):%Y-%m-%d %H:%M}"
