"""The four figures of the last day, each with its history and the rows that it is made of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from urllib.parse import urlencode

from django.conf import settings
from django.db.models import Count, Max, Q, Sum
from django.db.models.functions import TruncDate
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from access.figures import figure
from shop.models import SOLD_UNITS, Order, OrderLine, OrderState, Return, given_up_minor
from shop.money import format_money

HISTORY_DAYS = 28


@dataclass(frozen=True)
class Figure:
    """One number of one day, what it was a week before, and where its rows are."""

    label: str
    text: str
    history: list[float]
    change_percent: float | None
    compared_with: date
    url: str

    @property
    def change(self) -> str:
        """`+12 %`, `−3 %`; empty where there is nothing to compare with."""
        if self.change_percent is None:
            return ""
        return f"{figure(self.change_percent, signed=True)} %"


def last_full_day(now: datetime) -> date | None:
    """The newest day before today on which anything was ordered; None in a shop without orders."""
    midnight = datetime.combine(timezone.localdate(now), time.min, timezone.get_current_timezone())
    newest = Order.objects.filter(placed_at__lt=midnight).aggregate(newest=Max("placed_at"))
    return timezone.localdate(newest["newest"]) if newest["newest"] else None


def figures_of(day: date) -> list[Figure]:
    """Revenue, orders, units and refunds of one day, with the four weeks up to it.

    What was given up of an order before it left was not sold: neither its units nor its money.

    Money is of the shop's currency: amounts of two currencies have no sum. Each address lists
    exactly the rows that the figure is made of.
    """
    ours = settings.SHOP_CURRENCY
    begin = day - timedelta(days=HISTORY_DAYS - 1)
    orders = _by_day(
        Order.objects.exclude(state=OrderState.CANCELLED),
        "placed_at",
        begin,
        day,
        revenue=Sum("total_minor", filter=Q(currency=ours)),
        orders=Count("id"),
    )
    units = _by_day(OrderLine.objects.sold(), "order__placed_at", begin, day, units=Sum(SOLD_UNITS))
    rests = _by_day(
        OrderLine.objects.filter(cancelled_units__gt=0, order__currency=ours).exclude(
            order__state=OrderState.CANCELLED
        ),
        "order__placed_at",
        begin,
        day,
        minor=Sum(given_up_minor()),
    )
    revenue = [all_ - rest for all_, rest in zip(orders["revenue"], rests["minor"], strict=True)]
    returns = Return.objects.filter(currency=ours)
    refunds = _by_day(returns, "returned_at", begin, day, refunds=Sum("refund_minor"))
    kept = ",".join(state for state in OrderState.values if state != OrderState.CANCELLED)
    order_list = _admin_day("admin:shop_order_changelist", "placed_at", day, state__in=kept)
    return_list = _admin_day("admin:shop_return_changelist", "returned_at", day, currency=ours)
    return [
        _figure(_("Revenue"), revenue, day, f"{order_list}&currency={ours}", money=True),
        _figure(_("Orders"), orders["orders"], day, order_list),
        _figure(_("Units sold"), units["units"], day, order_list),
        _figure(_("Refunds"), refunds["refunds"], day, return_list, money=True),
    ]


def _by_day(rows, column: str, begin: date, end: date, **sums) -> dict[str, list[int]]:
    """One list per sum, one number per day, oldest first; a day without rows counts 0."""
    zone = timezone.get_current_timezone()
    window = {
        f"{column}__gte": datetime.combine(begin, time.min, zone),
        f"{column}__lt": datetime.combine(end + timedelta(days=1), time.min, zone),
    }
    found = rows.filter(**window).order_by().annotate(day=TruncDate(column, tzinfo=zone))
    per_day = {row["day"]: row for row in found.values("day").annotate(**sums)}
    days = [begin + timedelta(days=n) for n in range((end - begin).days + 1)]
    return {name: [(per_day.get(d, {}).get(name) or 0) for d in days] for name in sums}


def _figure(label: str, series: list[int], day: date, url: str, *, money: bool = False) -> Figure:
    value, week_before = series[-1], series[-8]
    return Figure(
        label=label,
        text=format_money(value) if money else figure(value),
        history=[float(v) for v in series],
        change_percent=100 * (value / week_before - 1) if week_before else None,
        compared_with=day - timedelta(days=7),
        url=url,
    )


def _admin_day(view: str, column: str, day: date, **also: str) -> str:
    """The admin list of the rows of one day in the shop's time zone."""
    zone = timezone.get_current_timezone()
    begin = datetime.combine(day, time.min, zone)
    end = datetime.combine(day + timedelta(days=1), time.min, zone)
    window = {f"{column}__gte": begin.isoformat(), f"{column}__lt": end.isoformat()}
    query = urlencode(window | also)
    return f"{reverse(view)}?{query}"
