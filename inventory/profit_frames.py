"""What the customers of each arm brought: profit and revenue, added up in the database.

One row per arm comes back, however many customers and orders there are. Revenue is without taxes,
after discounts and less refunds and cancelled rests. Profit is revenue less what the sold units cost today
(`costs.py`'s rule); goods that came back are not counted as worth anything. Orders in another
currency than the shop's and cancelled ones are left out.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import connection

from decisions.services.experiments import WINSOR_QUANTILE, Moments


@dataclass(frozen=True)
class Members:
    """Who is in which arm: SQL of (customer_id, arm, since) or, where everybody began at `since`,
    of (customer_id, arm). Each customer stands in one row at most."""

    sql: str
    params: Sequence[Any]
    since: datetime | None = None


@dataclass(frozen=True)
class Window:
    """Orders count from each member's own start to `until`. before: (from, until) of the period
    whose profit is the covariate; it ends when the first member begins, or earlier. gone: SKU → from
    when on its lines do not count, after the start (it ran out); some thousand at most."""

    until: datetime
    before: tuple[datetime, datetime]
    gone: Mapping[int, datetime] = field(default_factory=dict)


@dataclass(frozen=True)
class Capped:
    """The same moments with each customer counted for `±limit` at most (Winsorised). limits: a quantile
    of the spenders of all arms together, so that they know no arm; None without a spender. over: members
    of this arm whose revenue or profit lies beyond."""

    revenue: Moments
    profit: Moments
    revenue_limit: float | None
    profit_limit: float | None
    over_revenue: int = 0
    over_profit: int = 0


@dataclass(frozen=True)
class ArmSums:
    """customers: all members. buyers: of them, who ordered. ordered: orders. Moments are per member, zeros
    included, with the profit before the start as x; of baskets with the orders as x. unknown_cost_units:
    sold units without a cost; with any, profit is unknown. capped, baskets: None of sums that were
    stored before there were any."""

    customers: int
    buyers: int
    ordered: Moments
    revenue: Moments
    profit: Moments
    unknown_cost_units: int
    capped: Capped | None = None
    baskets: Moments | None = None

    @property
    def bought(self) -> Moments:
        return Moments.of_share(self.buyers, self.customers)

    def money(self, *, is_revenue: bool) -> Moments:
        """What effects are computed from: one bulk buyer does not decide."""
        of = self.capped or self
        return of.revenue if is_revenue else of.profit

    @classmethod
    def decoded(cls, kept: dict[str, Any]) -> ArmSums:
        """From what `dataclasses.asdict` made of it."""
        names = ("ordered", "revenue", "profit")
        parts: dict[str, Any] = {name: Moments(**kept[name]) for name in names}
        if capped := kept.get("capped"):
            moments = {name: Moments(**capped[name]) for name in ("revenue", "profit")}
            parts["capped"] = Capped(**(capped | moments))
        if baskets := kept.get("baskets"):
            parts["baskets"] = Moments(**baskets)
        return cls(**(kept | parts))


def limit_of(sums: Mapping[str, ArmSums], *, is_revenue: bool) -> tuple[float | None, int]:
    """The most that one customer counts for, and how many of all arms that holds back."""
    capped = [one.capped for one in sums.values() if one.capped]
    limits = [one.revenue_limit if is_revenue else one.profit_limit for one in capped]
    over = sum(one.over_revenue if is_revenue else one.over_profit for one in capped)
    return max((limit for limit in limits if limit is not None), default=None), over


def arm_sums(members: Members, window: Window) -> dict[str, ArmSums]:
    """Arm → its sums. Arms without members are absent. Two queries."""
    sizes = _rows(f"SELECT arm, COUNT(*) FROM ({members.sql}) member GROUP BY arm", members.params)
    found = {row[0]: row[1:] for row in _rows(*_sums_sql(members, window))}
    return {arm: _sums(int(size), found.get(arm, (0,) * COLUMNS)) for arm, size in sizes}


def person_profits(members: Members, window: Window) -> dict[int, float]:
    """Customer → profit in the window, minor units; who ordered nothing is absent. For models
    that learn from single customers; unknown costs count as 0, see `ArmSums.unknown_cost_units`."""
    persons, params = _persons_sql(members, window)
    rows = _rows(f"WITH {persons} SELECT customer_id, y FROM person WHERE orders > 0", params)
    return {int(customer): float(profit) for customer, profit in rows}


def line_revenue(
    members: Members, window: Window, groups: dict[str, Collection[int]]
) -> dict[tuple[str, str], Moments]:
    """(arm, group of SKUs) → revenue per member from those SKUs, zeros included; refunds are not
    taken off. groups: name → SKU keys, at most some hundred; the rest of the shop is `other`."""
    sizes = _rows(f"SELECT arm, COUNT(*) FROM ({members.sql}) member GROUP BY arm", members.params)
    found = {
        (arm, group): sums for arm, group, *sums in _rows(*_lines_sql(members, window, groups))
    }
    return {
        (arm, group): Moments.from_sums(int(size), *found.get((arm, group), (0.0, 0.0)))
        for arm, size in sizes
        for group in (*groups, "other")
    }


def sold_units(members: Members, window: Window) -> dict[tuple[str, int], tuple[int, int]]:
    """(arm, SKU) → units that stand of the window's orders: before the SKU was `gone`, and after."""
    bought, params = _bought_sql(members, window)
    gone = _Gone(window)
    sql = f"""
    WITH {bought}{gone.table}
    SELECT b.arm, l.variant_id, SUM({SOLD_UNITS} * {gone.kept}), SUM({SOLD_UNITS} * (1 - {gone.kept}))
    FROM bought b JOIN shop_orderline l ON l.order_id = b.id AND l.kind = 'item' {gone.join}
    WHERE b.is_after = 1 AND l.variant_id IS NOT NULL GROUP BY b.arm, l.variant_id
    """
    rows = _rows(sql, [*params, *gone.params])
    return {(arm, int(sku)): (int(before), int(after)) for arm, sku, before, after in rows}


def _sums(size: int, row: Sequence[Any]) -> ArmSums:
    buyers, orders, squares, unknown = (value or 0 for value in row[:4])
    y, yy, r, rr, x, xx, xy, xr, ro = (float(value or 0) for value in row[4:13])
    cy, cyy, cr, crr, cx, cxx, cxy, cxr = (float(value or 0) for value in row[13:21])
    over_y, over_r = (int(value or 0) for value in row[21:23])
    limit_y, limit_r = (None if value is None else float(value) for value in row[23:25])
    capped = Capped(
        Moments.from_sums(size, cr, crr, cx, cxx, cxr),
        Moments.from_sums(size, cy, cyy, cx, cxx, cxy),
        limit_r or None,
        limit_y or None,
        over_r,
        over_y,
    )
    return ArmSums(
        customers=size,
        buyers=int(buyers),
        ordered=Moments.from_sums(size, float(orders), float(squares)),
        revenue=Moments.from_sums(size, r, rr, x, xx, xr),
        profit=Moments.from_sums(size, y, yy, x, xx, xy),
        unknown_cost_units=int(unknown),
        capped=capped,
        baskets=Moments.from_sums(size, r, rr, float(orders), float(squares), ro),
    )


COLUMNS = 25  # of a row of `_sums_sql`, behind the arm


def _sums_sql(members: Members, window: Window) -> tuple[str, list[Any]]:
    """One row per arm: (arm, buyers, orders, orders², units of unknown cost, Σy, Σy², Σr, Σr², Σx,
    Σx², Σxy, Σxr, Σr·orders; the eight money sums again of capped values; members over the limit of
    y and of r; both limits); y profit, r revenue after the start, x profit before."""
    persons, params = _persons_sql(members, window)
    sql = f"""
    WITH {persons},
    limits AS (SELECT {_limit("y")} AS y, {_limit("r")} AS r, {_limit("x")} AS x),
    counted AS (
        SELECT p.*, {_capped("y")} AS cy, {_capped("r")} AS cr, {_capped("x")} AS cx,
               CASE WHEN ABS(p.y) > l.y THEN 1 ELSE 0 END AS over_y,
               CASE WHEN ABS(p.r) > l.r THEN 1 ELSE 0 END AS over_r,
               l.y AS limit_y, l.r AS limit_r
        FROM person p CROSS JOIN limits l
    )
    SELECT arm, SUM(CASE WHEN orders > 0 THEN 1 ELSE 0 END), SUM(orders),
           SUM(orders * orders), SUM(unknown),
           SUM(y), SUM(y * y), SUM(r), SUM(r * r), SUM(x), SUM(x * x), SUM(x * y), SUM(x * r),
           SUM(r * orders),
           SUM(cy), SUM(cy * cy), SUM(cr), SUM(cr * cr), SUM(cx), SUM(cx * cx), SUM(cx * cy),
           SUM(cx * cr), SUM(over_y), SUM(over_r), MAX(limit_y), MAX(limit_r)
    FROM counted GROUP BY arm
    """
    return sql, params


def _limit(column: str) -> str:
    """The quantile of `decisions.ml.effects.winsor_limit`, of all persons whatever their arm."""
    return f"""(
        SELECT MAX(value) FROM (
            SELECT {column} AS value, ROW_NUMBER() OVER (ORDER BY {column}) - 1 AS place,
                   (COUNT(*) OVER () - 1) * {WINSOR_QUANTILE} AS last
            FROM person WHERE {column} > 0
        ) spender WHERE place <= last
    )"""


def _capped(column: str) -> str:
    """Without a limit there is nobody above zero, and everybody counts as she is."""
    return f"""CASE WHEN p.{column} > l.{column} THEN l.{column}
                    WHEN p.{column} < -l.{column} THEN -l.{column} ELSE p.{column} END"""


def _persons_sql(members: Members, window: Window) -> tuple[str, list[Any]]:
    """`person`: (customer_id, arm, orders, unknown, y, r, x) of members with any order."""
    bought, params = _bought_sql(members, window)
    gone = _Gone(window)
    sql = f"""{bought}{gone.table},
    cost AS (
        SELECT b.id, SUM({SOLD_UNITS} * {UNIT_COST} * {gone.kept}) AS minor,
               SUM(CASE WHEN {UNIT_COST} IS NULL THEN {SOLD_UNITS} * {gone.kept} ELSE 0 END) AS unknown,
               SUM({GIVEN_UP}) AS given_up,
               SUM(({PAID} - l.tax_minor - {GIVEN_UP}) * (1 - {gone.kept})) AS gone
        FROM bought b JOIN shop_orderline l ON l.order_id = b.id AND l.kind = 'item'
        JOIN shop_variant v ON v.id = l.variant_id {gone.join}
        GROUP BY b.id
    ),
    refund AS (
        SELECT b.id, SUM(r.refund_minor) AS minor
        FROM bought b JOIN shop_return r ON r.order_id = b.id AND r.returned_at < %s
        WHERE r.currency = %s
        GROUP BY b.id
    ),
    earned AS (
        SELECT b.customer_id, b.arm, b.is_after, COALESCE(c.unknown, 0) AS unknown,
               (b.net - COALESCE(c.given_up, 0)
                - COALESCE(f.minor * b.net / NULLIF(b.total, 0), 0)) {gone.share} AS revenue,
               COALESCE(c.minor, 0) AS cost
        FROM bought b LEFT JOIN cost c ON c.id = b.id LEFT JOIN refund f ON f.id = b.id
    ),
    person AS (
        SELECT customer_id, arm, SUM(is_after) AS orders, SUM(unknown * is_after) AS unknown,
               CAST(SUM((revenue - cost) * is_after) AS double precision) AS y,
               CAST(SUM(revenue * is_after) AS double precision) AS r,
               CAST(SUM((revenue - cost) * (1 - is_after)) AS double precision) AS x
        FROM earned GROUP BY arm, customer_id
    )
    """
    # Refunds of whatever is known by the end of the window and as long again: goods travel back.
    known = window.until + (window.until - window.before[1])
    unit_cost = [settings.SHOP_CURRENCY] * 2
    return sql, [*params, *gone.params, *unit_cost, _moment(known), settings.SHOP_CURRENCY]


def _lines_sql(
    members: Members, window: Window, groups: dict[str, Collection[int]]
) -> tuple[str, list[Any]]:
    bought, params = _bought_sql(members, window)
    gone = _Gone(window)
    cases, named = "", []
    for group, keys in groups.items():
        if keys:
            cases += f" WHEN l.variant_id IN ({', '.join(['%s'] * len(keys))}) THEN %s"
            named += [*keys, group]
    which = f"CASE {cases} ELSE 'other' END" if cases else "'other'"
    sql = f"""
    WITH {bought}{gone.table},
    line AS (
        SELECT b.customer_id, b.arm, {which} AS sort,
               {PAID} - l.tax_minor - {GIVEN_UP} AS revenue
        FROM bought b JOIN shop_orderline l ON l.order_id = b.id AND l.kind = 'item' {gone.join}
        WHERE b.is_after = 1 AND {gone.kept} = 1
    ),
    person AS (
        SELECT arm, sort, CAST(SUM(revenue) AS double precision) AS r
        FROM line GROUP BY arm, sort, customer_id
    )
    SELECT arm, sort, SUM(r), SUM(r * r) FROM person GROUP BY arm, sort
    """
    return sql, [*params, *gone.params, *named]


def _bought_sql(members: Members, window: Window) -> tuple[str, list[Any]]:
    """The members' orders of both periods; is_after: 1 in the window, 0 before the start."""
    since = "%s" if members.since else "m.since"
    start = [_moment(members.since)] if members.since else []
    sql = f"""
    member AS ({members.sql}),
    bought AS (
        SELECT o.id, o.customer_id, o.placed_at, m.arm, o.total_minor AS total,
               o.total_minor - o.tax_minor AS net,
               CASE WHEN o.prices_include_tax THEN 1 ELSE 0 END AS includes_tax,
               CASE WHEN o.placed_at >= {since} THEN 1 ELSE 0 END AS is_after
        FROM member m JOIN shop_order o ON o.customer_id = m.customer_id
        WHERE o.currency = %s AND o.state <> 'cancelled'
          AND o.placed_at >= %s AND o.placed_at < %s
          AND (o.placed_at >= {since} OR o.placed_at < %s)
    )"""
    first, last = window.before
    params = [
        *members.params, *start, settings.SHOP_CURRENCY, _moment(first), _moment(window.until),
        *start, _moment(last),
    ]  # fmt: skip
    return sql, params


class _Gone:
    """Parts of SQL that leave out lines of SKUs from the moment on when they ran out; empty, and 1
    for every line, where none did. table: a common table expression. kept: 1 or 0 for a line.
    share: times what part of an order's money stays."""

    def __init__(self, window: Window):
        self.params: list[Any] = []
        self.table = self.join = self.share = ""
        self.kept = "1"
        if not window.gone:
            return
        rows = ", ".join(f"({int(sku)}, %s)" for sku in window.gone)
        self.params = [_moment(at) for at in window.gone.values()]
        self.table = f", gone (sku, at) AS (VALUES {rows})"
        self.join = "LEFT JOIN gone g ON g.sku = l.variant_id AND b.placed_at >= g.at"
        self.kept = "(CASE WHEN g.sku IS NOT NULL AND b.is_after = 1 THEN 0 ELSE 1 END)"
        # Refunds are known of an order, not of its lines: they fall on both parts alike.
        self.share = "* (1 - COALESCE(1.0 * c.gone / NULLIF(b.net - c.given_up, 0), 0))"


# Of a line, as shop/models/orders.py has it: units that stand, what was paid, and what of that,
# without tax, went back with a cancelled rest.
SOLD_UNITS = "(l.units - l.cancelled_units)"
PAID = """(l.total_minor - l.discount_minor
    + CASE WHEN b.includes_tax = 1 THEN 0 ELSE l.tax_minor END)"""
GIVEN_UP = f"""({PAID} * l.cancelled_units / l.units
    - l.tax_minor * l.cancelled_units / l.units)"""

# The preferred supplier's price in the shop's currency, else the SKU's own cost.
UNIT_COST = """COALESCE((
    SELECT s.unit_cost_minor FROM inventory_supplieritem s
    JOIN inventory_supplier p ON p.id = s.supplier_id AND p.currency = %s
    WHERE s.variant_id = v.id AND s.is_preferred AND s.unit_cost_minor IS NOT NULL
), v.cost_minor)"""


def _moment(at: datetime) -> Any:
    return connection.ops.adapt_datetimefield_value(at)


def _rows(sql: str, params: Sequence[Any]) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchall()
