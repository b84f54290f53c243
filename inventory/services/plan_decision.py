"""The solved plan as orders to propose, and as rows to read."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from django.db import transaction

from decisions.services.model_runs import data_hash
from inventory.models import (
    PlannedPurchase,
    PurchaseOrder,
    PurchaseOrderState,
    ReplenishmentPlan,
    Supplier,
)
from inventory.services.plan_lines import Gathered, Offer, line_of
from inventory.services.plan_problem import (
    Laid,
    Place,
    Rules,
    bindings_of,
    lay_out,
    open_edits,
    ordered_now,
)
from shop.models import Warehouse

if TYPE_CHECKING:
    from inventory.ml.plan.solve import Plan
    from inventory.ml.plan.usage import Row

KEEP_DAYS = 60  # of old plans, as of forecasts
CHUNK_ROWS = 500


@dataclass(frozen=True)
class Group:
    """One order to be: every line of one supplier (None = no supplier yet) and warehouse."""

    supplier: Supplier | None
    warehouse: Warehouse
    review_period_days: int
    lead_time_days: int
    lines: list[dict[str, Any]]
    skus_looked_at: int


@dataclass(frozen=True)
class Decided:
    groups: list[Group]
    laid: Laid
    plan: Plan


def cycle_on(day: date, review_period_days: int) -> date:
    """First day of the review period that holds a day."""
    return date.fromordinal(day.toordinal() - day.toordinal() % review_period_days)


def order_key(supplier: Supplier | None, warehouse: Warehouse, cycle: date) -> str:
    return f"{supplier.code if supplier else '-'}|{warehouse.code}|{cycle.isoformat()}"


def decide(gathered: Gathered, day: date) -> Decided:
    """Solve it. Also lists the places where nothing is to be ordered: their open suggestions end."""
    from inventory.ml.plan.solve import solve

    rules = Rules(day, open_edits(), _closed(gathered, day))
    laid = lay_out(gathered, rules)
    plan = solve(laid.problem)
    now = ordered_now(laid, plan)
    own = _without_edits(gathered, rules)
    groups = [
        _group(gathered, rules, (laid, plan, own), (place, now.get(place, {})))
        for place in laid.places
    ]
    return Decided(groups, laid, plan)


def _closed(gathered: Gathered, day: date) -> set[Place]:
    """Places whose order of this cycle somebody has already taken up."""
    keys = {}
    for one in gathered.candidates:
        for offer in one.offers:
            key = order_key(offer.supplier, one.warehouse, cycle_on(day, offer.review_period_days))
            keys[key] = (offer.supplier.pk if offer.supplier else None, one.warehouse.pk)
    taken = PurchaseOrder.objects.filter(key__in=keys).exclude(state=PurchaseOrderState.SUGGESTED)
    return {keys[key] for key in taken.values_list("key", flat=True)}


def _group(gathered: Gathered, rules: Rules, solved: tuple, ordered: tuple) -> Group:
    laid, plan, own = solved
    place, units = ordered
    mine = [
        (number, offer)
        for number, offer in laid.offers
        if (offer.supplier.pk if offer.supplier else None) == place[0]
        and gathered.candidates[number].warehouse.pk == place[1]
    ]
    lines = []
    for number, offer in mine:
        key = (*place, gathered.candidates[number].variant.pk)
        edit = rules.edits.get(key)
        if number in units or edit is not None:
            line = line_of(gathered.candidates[number], offer, gathered)
            planned = units[number][1] if number in units else own.get(key, 0)
            line["suggested_units"] = planned
            line["planned_units"] = edit.units if edit is not None else planned
            line["bindings"] = bindings_of(laid, plan, number, place)
            lines.append(line)
    first: Offer = mine[0][1]
    return Group(
        supplier=first.supplier,
        warehouse=gathered.candidates[mine[0][0]].warehouse,
        review_period_days=first.review_period_days,
        lead_time_days=max(offer.lead.usual_days for _number, offer in mine),
        lines=sorted(lines, key=lambda line: line["sku"]),
        skus_looked_at=len(mine),
    )


def _without_edits(gathered: Gathered, rules: Rules) -> dict[tuple[int | None, int, int], int]:
    """(supplier, warehouse, variant) → what the plan would order where a buyer's number stands.

    Solved for those SKUs alone: what they share with others is not asked again.
    """
    from inventory.ml.plan.solve import solve

    edited = {(warehouse, variant) for _supplier, warehouse, variant in rules.edits}
    mine = [one for one in gathered.candidates if (one.warehouse.pk, one.variant.pk) in edited]
    if not mine:
        return {}
    alone = replace(gathered, candidates=mine)
    laid = lay_out(alone, Rules(rules.day, {}, set()), limited=False)
    found = ordered_now(laid, solve(laid.problem))
    return {
        (*place, mine[number].variant.pk): units
        for place, orders in found.items()
        for number, (_offer, units) in orders.items()
    }


def write_plan(decided: Decided, gathered: Gathered, day: date) -> ReplenishmentPlan:
    """Replace the plan of this day, its limits and its later orders, in one transaction."""
    plan, problem = decided.plan, decided.laid.problem
    facts = {
        "method": plan.method,
        "weeks": gathered.weeks,
        "skus": len(gathered.candidates),
        "cost_minor": round(plan.cost),
        "bound_minor": round(plan.bound),
        "greedy_minor": round(plan.greedy_cost),
        "nothing_minor": round(plan.nothing_cost),
        "constraints": [
            _limit(decided, gathered, row)
            | {"used": round(float(used), 3), "one_more_minor": round(float(dual), 4)}
            for row, used, dual in zip(plan.rows, plan.used, plan.duals, strict=True)
            if dual > 0
        ],
        "violations": [
            _limit(decided, gathered, row) | {"over": round(over, 3)} for row, over in plan.broken
        ],
        "data_hash": data_hash(problem.items.net, problem.items.price, problem.offers.break_cost),
    }
    as_of = day - timedelta(days=1)
    with transaction.atomic():
        row, _made = ReplenishmentPlan.objects.update_or_create(as_of=as_of, defaults=facts)
        later = _later(decided, gathered, (row, day))
        if {_said(one) for one in row.purchases.all()} != {_said(one) for one in later}:
            row.purchases.all().delete()
            PlannedPurchase.objects.bulk_create(later, batch_size=CHUNK_ROWS)
        ReplenishmentPlan.objects.filter(as_of__lt=as_of - timedelta(days=KEEP_DAYS)).delete()
    return row


def _said(one: PlannedPurchase) -> tuple:
    """What a later order says: the same plan again writes nothing."""
    return (
        one.supplier_id, one.warehouse_id, one.variant_id, one.order_on, one.arrives_on, one.units,
    )  # fmt: skip


def _limit(decided: Decided, gathered: Gathered, row: Row) -> dict[str, Any]:
    """A limit by the names that a merchant knows."""
    found: dict[str, Any] = {"constraint": row.kind, "limit": round(row.limit, 3)}
    if row.kind == "budget":
        first, last = decided.laid.problem.limits.budget_weeks[row.where]
        return found | {"first_week": int(first), "last_week": int(last)}
    if row.kind == "shelf":
        places = {one.warehouse.pk: one.warehouse.code for one in gathered.candidates}
        return found | {"warehouse": places[sorted(places)[row.where]], "week": row.week}
    group = decided.groups[row.where]
    names = {"supplier": group.supplier.code if group.supplier else "-"}
    return found | names | {"warehouse": group.warehouse.code, "week": row.week}


def _later(decided: Decided, gathered: Gathered, of: tuple) -> list[PlannedPurchase]:
    row, day = of
    rows = []
    for number, (item, offer) in enumerate(decided.laid.offers):
        for week in decided.plan.units[number].nonzero()[0]:
            if week == 0:
                continue
            one, order_on = gathered.candidates[item], day + timedelta(days=7 * int(week))
            rows.append(
                PlannedPurchase(
                    plan=row,
                    supplier=offer.supplier,
                    warehouse=one.warehouse,
                    variant=one.variant,
                    order_on=order_on,
                    arrives_on=order_on + timedelta(days=offer.lead.usual_days),
                    units=int(decided.plan.units[number, week]),
                )
            )
    return rows
