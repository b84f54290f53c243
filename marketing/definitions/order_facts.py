"""Conditions that the facts themselves answer, now and of any earlier moment: orders, lines, tickets.

Known at a moment means: placed, given back or opened before it; an order cancelled later still
stands then. Each figure is the one of `ml/behaviour.py` (a test holds both to the same customers),
grouped by customer in one pass, because a look-up per customer takes a second per 100,000 of them.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import (
    BigIntegerField,
    Case,
    Count,
    Exists,
    ExpressionWrapper,
    F,
    FloatField,
    Func,
    Max,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Cast, Coalesce, ExtractHour, ExtractWeekDay, Least, Round
from django.db.models.lookups import (
    Exact,
    GreaterThan,
    GreaterThanOrEqual,
    LessThan,
    LessThanOrEqual,
)
from django.utils import timezone

from inventory.models import SupplierItem
from marketing.definitions.rule_moment import (
    COMPARE,
    Moment,
    as_fraction,
    compared,
    whole_days_ago,
)
from marketing.frames.behaviour import TICKET_DAYS, known_orders
from shop.models import (
    SOLD_UNITS,
    Category,
    Customer,
    Order,
    OrderLine,
    OrderState,
    Return,
    Variant,
    given_up_minor,
)
from shop.money import to_minor
from support.models import Ticket

TREND_DAYS = 90
EVENING, NIGHT_ENDS = 18, 4  # hours of the shop's day; ml/behaviour.py
CATEGORY_LEVELS = 5  # a category, and so many levels below it less one
Condition = dict[str, Any]
Query = Callable[[Condition, Moment], Q]
EXPRESSION_OPS = {
    "at_least": GreaterThanOrEqual, "at_most": LessThanOrEqual, "is": Exact,
    "more_than": GreaterThan, "less_than": LessThan,
}  # fmt: skip


class DaysBetween(Func):
    """Days from the first moment to the second, with their fraction."""

    output_field = FloatField()
    arity = 2

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        template = "(EXTRACT(EPOCH FROM (%(expressions)s)) / 86400.0)"
        return self.as_sql(compiler, connection, template=template, arg_joiner=" - ", **context)

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        first, second = self.source_expressions
        later, values = compiler.compile(first)
        earlier, more = compiler.compile(second)
        # Rounded: a day's fraction has no exact binary number, so that 20 days would not be 20.
        return f"ROUND(julianday({later}) - julianday({earlier}), 6)", (*values, *more)


def standing_orders(moment: Moment) -> QuerySet[Order]:
    """Orders of customers in the shop's currency that stood then."""
    if moment.is_past:
        return known_orders(moment.at)
    return Order.objects.filter(
        currency=settings.SHOP_CURRENCY, customer__isnull=False, placed_at__lt=moment.at
    ).exclude(state=OrderState.CANCELLED)


def sold_lines(moment: Moment) -> QuerySet[OrderLine]:
    """Goods of those orders, with `units_then` above 0."""
    mine = {"order__customer__isnull": False, "order__currency": settings.SHOP_CURRENCY}
    if moment.is_past:
        known: Any = OrderLine.objects.sold_as_of(moment.at)  # units_then is an annotation
        return known.filter(units_then__gt=0, **mine)
    sold = OrderLine.objects.sold().filter(order__placed_at__lt=moment.at, **mine)
    return sold.annotate(units_then=ExpressionWrapper(SOLD_UNITS, output_field=BigIntegerField()))


def _cancelled_rests(moment: Moment) -> QuerySet[OrderLine]:
    """Lines with `given_up_then` above 0 of orders that stood: what was paid for them went back."""
    if moment.is_past:
        rows: Any = OrderLine.objects.sold_as_of(moment.at)
    else:
        rows = OrderLine.objects.filter(cancelled_units__gt=0).annotate(
            given_up_then=given_up_minor()
        )
    return rows.filter(order__in=standing_orders(moment).values("pk"), given_up_then__gt=0)


def among_grouped(rows: QuerySet, key: str) -> Q:
    """Of a customer: whether a grouped statement names her. Read as a join (see rules.py)."""
    names = rows.values(key)
    return Q(Exists(Customer.objects.filter(pk=OuterRef("pk"), pk__in=names)))


def _of_orders(moment: Moment) -> tuple[QuerySet, str]:
    return standing_orders(moment), "customer_id"


def _of_lines(moment: Moment) -> tuple[QuerySet, str]:
    return sold_lines(moment), "order__customer_id"


def _of_tickets(moment: Moment) -> tuple[QuerySet, str]:
    start = moment.at - timedelta(days=TICKET_DAYS)
    rows = Ticket.objects.filter(
        customer__isnull=False, opened_at__gte=start, opened_at__lt=moment.at
    )
    return rows, "customer_id"


Rows = Callable[[Moment], tuple[QuerySet, str]]


def counted(rows: Rows, figure: Callable[[Moment], Any]) -> Query:
    """A whole number that is 0 for who has no row: nothing bought is a fact, not a gap."""

    def query(condition: Condition, moment: Moment) -> Q:
        found, key = rows(moment)
        grouped = found.order_by().values(key).annotate(figure=figure(moment))
        met = compared("figure", condition)
        if COMPARE[condition["op"]](0, condition["value"]):
            return ~among_grouped(grouped.filter(~met), key)
        return among_grouped(grouped.filter(met), key)

    return query


def ratio(
    rows: Rows, above: Any, below: Any, scale: Callable[[Any], tuple[int, int]] = as_fraction
) -> Query:
    """above / below of a customer's rows, without dividing; who has none below 0 meets nothing."""

    def query(condition: Condition, moment: Moment) -> Q:
        found, key = rows(moment)
        over, under = scale(condition["value"])
        grouped = found.order_by().values(key).annotate(above=above, below=below)
        beside = ExpressionWrapper(
            F("above") * Value(under) - F("below") * Value(over), output_field=FloatField()
        )
        said = {"op": condition["op"], "value": 0}
        met = grouped.annotate(beside=beside).filter(compared("beside", said), below__gt=0)
        return among_grouped(met, key)

    return query


def _money(value: Any) -> tuple[int, int]:
    return to_minor(str(value)), 1


def _hour_is_late() -> Q:
    zone = timezone.get_default_timezone()
    hour = ExtractHour("placed_at", tzinfo=zone)
    return Q(GreaterThanOrEqual(hour, EVENING)) | Q(LessThan(hour, NIGHT_ENDS))


def _day_is_weekend() -> Q:
    day = ExtractWeekDay("placed_at", tzinfo=timezone.get_default_timezone())  # Sunday is 1
    return Q(Exact(day, 1)) | Q(Exact(day, 7))


def _trend(moment: Moment) -> Any:
    """Orders of the last TREND_DAYS less those of as many days before."""
    middle = moment.at - timedelta(days=TREND_DAYS)
    recent = Count("pk", filter=Q(placed_at__gte=middle))
    earlier = Count("pk", filter=Q(placed_at__lt=middle))
    return ExpressionWrapper(recent - earlier, output_field=BigIntegerField())


def _of_trend(moment: Moment) -> tuple[QuerySet, str]:
    rows, key = _of_orders(moment)
    return rows.filter(placed_at__gte=moment.at - timedelta(days=2 * TREND_DAYS)), key


def evening_share(condition: Condition, moment: Moment) -> Q:
    """Built when asked: the shop's time zone is a setting."""
    return ratio(_of_orders, Count("pk", filter=_hour_is_late()), Count("pk"))(condition, moment)


def weekend_share(condition: Condition, moment: Moment) -> Q:
    return ratio(_of_orders, Count("pk", filter=_day_is_weekend()), Count("pk"))(condition, moment)


mean_gap_days = ratio(
    _of_orders,
    DaysBetween(Max("placed_at"), Min("placed_at")),
    ExpressionWrapper(Count("pk") - Value(1), output_field=BigIntegerField()),
)
mean_unit_price = ratio(
    _of_lines, Sum(F("unit_price_minor") * F("units_then")), Sum("units_then"), _money
)
discount_share = ratio(
    _of_lines,
    Sum(F("discount_minor") * F("units_then") / F("units")),
    Sum(F("unit_price_minor") * F("units_then")),
)
order_trend = counted(_of_trend, _trend)
frequency_then = counted(_of_orders, lambda moment: Count("pk"))
channels = counted(_of_orders, lambda moment: Count("channel", distinct=True))
categories = counted(_of_lines, lambda moment: Count("variant__product__category", distinct=True))
tickets = counted(_of_tickets, lambda moment: Count("pk"))


def recency_then(condition: Condition, moment: Moment) -> Q:
    return _days_since(Max, condition, moment)


def tenure_then(condition: Condition, moment: Moment) -> Q:
    return _days_since(Min, condition, moment)


def _days_since(which: Any, condition: Condition, moment: Moment) -> Q:
    rows, key = _of_orders(moment)
    grouped = rows.order_by().values(key).annotate(placed=which("placed_at"))
    return among_grouped(grouped.filter(whole_days_ago("placed", condition, moment.at)), key)


def monetary_then(condition: Condition, moment: Moment) -> Q:
    """Orders less refunds and cancelled rests; without any it is 0, as on the profile."""
    spent = (
        _sum_of(standing_orders(moment), "customer", F("total_minor"))
        - _sum_of(_refunds(moment), "customer", F("refund_minor"))
        - _sum_of(_cancelled_rests(moment), "order__customer", F("given_up_then"))
    )
    return Q(EXPRESSION_OPS[condition["op"]](spent, condition["value"]))


def _refunds(moment: Moment) -> QuerySet[Return]:
    return Return.objects.filter(returned_at__lt=moment.at, currency=settings.SHOP_CURRENCY)


def _sum_of(rows: QuerySet, key: str, what: Any) -> Coalesce:
    """Over the rows of the row outside; 0 where there are none."""
    mine = rows.filter(**{key: OuterRef("pk")}).order_by().values(key)
    summed = mine.annotate(summed=Sum(what, output_field=BigIntegerField())).values("summed")
    return Coalesce(Subquery(summed, output_field=BigIntegerField()), Value(0))


def margin_so_far(condition: Condition, moment: Moment) -> Q:
    """Paid without taxes, less refunds, less what the units cost today (preferred supplier, else the
    SKU's own). One sold SKU without a cost, and there is no figure, never a margin too high."""
    lines = sold_lines(moment).annotate(cost=_unit_cost())
    of_order = lines.filter(order=OuterRef("pk"))
    orders = standing_orders(moment).annotate(
        untaxed=_untaxed(),
        given_up=_sum_of(_cancelled_rests(moment), "order", F("given_up_then")),
        refunded=_sum_of(_refunds(moment), "order", F("refund_minor")),
        cost=_sum_of(lines, "order", F("units_then") * F("cost")),
        is_unknown=Case(When(Exists(of_order.filter(cost=None)), then=1), default=0),
    )
    paid = Cast(F("total_minor") - F("given_up"), FloatField()) * F("untaxed")
    refunded = Least(F("refunded") * F("untaxed"), paid)
    margin = Sum(paid - refunded - F("cost"), output_field=FloatField())
    grouped = (
        orders.order_by()
        .values("customer_id")
        .annotate(margin=Round(margin), unknown=Sum("is_unknown"))
    )
    said = condition | {"value": to_minor(str(condition["value"]))}
    return among_grouped(grouped.filter(compared("margin", said), unknown=0), "customer_id")


def _untaxed() -> Case:
    """The share of an order's total that is no tax."""
    whole = Cast("total_minor", FloatField())
    share = (F("total_minor") - F("tax_minor")) / whole
    return Case(When(total_minor__gt=0, then=share), default=Value(0.0), output_field=FloatField())


def _unit_cost() -> Coalesce:
    preferred = SupplierItem.objects.filter(
        variant=OuterRef("variant"), is_preferred=True, unit_cost_minor__isnull=False,
        supplier__currency=settings.SHOP_CURRENCY,
    )  # fmt: skip
    return Coalesce(Subquery(preferred.values("unit_cost_minor")[:1]), F("variant__cost_minor"))


def things(kind: str, code: str) -> QuerySet[Variant]:
    """The SKUs that a condition means: one, those of a brand, or of a category and what lies below it."""
    if kind == "sku":
        return Variant.objects.filter(sku=code)
    if kind == "brand":
        return Variant.objects.filter(product__brand__code=code)
    met, path = Q(), "code"
    for _level in range(CATEGORY_LEVELS):
        met, path = met | Q(**{path: code}), f"parent__{path}"
    return Variant.objects.filter(product__category__in=Category.objects.filter(met))


def bought(kind: str) -> Query:
    """Bought it, within so many days where the condition names them, or ever."""

    def query(condition: Condition, moment: Moment) -> Q:
        lines = _recent(sold_lines(moment), "order__placed_at", condition, moment)
        mine = lines.filter(
            order__customer=OuterRef("pk"), variant__in=things(kind, condition["value"])
        )
        return Q(Exists(mine)) if condition["op"] == "is" else ~Q(Exists(mine))

    return query


def bought_by_channel(condition: Condition, moment: Moment) -> Q:
    orders = _recent(standing_orders(moment), "placed_at", condition, moment)
    mine = orders.filter(customer=OuterRef("pk"), channel__code=condition["value"])
    return Q(Exists(mine)) if condition["op"] == "is" else ~Q(Exists(mine))


def _recent(rows: QuerySet, path: str, condition: Condition, moment: Moment) -> QuerySet:
    if "days" not in condition:
        return rows
    return rows.filter(**{f"{path}__gt": moment.at - timedelta(days=condition["days"])})
