"""From what the plan reads to the arrays that are solved, and back to orders."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db.models import F, Sum
from django.utils import timezone

from inventory.models import (
    PurchaseBudget,
    PurchaseOrder,
    PurchaseOrderLine,
    PurchaseOrderState,
    WarehouseSpace,
)
from inventory.services.plan_lines import Candidate, Gathered, Offer

if TYPE_CHECKING:
    from inventory.ml.plan.problem import Items, Limits, Offers, Problem
    from inventory.ml.plan.solve import Plan

WEEKS_PER_YEAR = 52
UNKNOWN_COST = 1000  # minor units, only to weigh stock against its service target
NO_LIMIT = float("inf")
Place = tuple[int | None, int]  # supplier (None = nobody yet) and warehouse: what shares an order


@dataclass(frozen=True)
class Rules:
    """What is given beside the SKUs.

    edits: (supplier, warehouse, variant) → units that a buyer has set on an open suggestion.
    closed: places whose order of this cycle was already approved, sent or cancelled.
    """

    day: date
    edits: dict[tuple[int | None, int, int], PurchaseOrderLine]
    closed: set[Place]


@dataclass(frozen=True)
class Laid:
    """A problem with what its rows stand for."""

    problem: Problem
    places: list[Place]
    offers: list[tuple[int, Offer]]


def open_edits() -> dict[tuple[int | None, int, int], PurchaseOrderLine]:
    """Buyers' numbers that still hold today on the wall's calendar, the newest of each SKU."""
    today = timezone.localdate()
    lines = PurchaseOrderLine.objects.filter(
        order__state=PurchaseOrderState.SUGGESTED, edited_at__isnull=False
    ).select_related("order")
    return {
        (line.order.supplier_id, line.order.warehouse_id, line.variant_id): line
        for line in lines.order_by("order__cycle_on", "edited_at")
        if line.edit_until is None or line.edit_until >= today
    }


def lay_out(gathered: Gathered, rules: Rules, *, limited: bool = True) -> Laid:
    """limited: with what all share; else every SKU as if it were alone."""
    from inventory.ml.plan.problem import Problem

    offers = [(n, offer) for n, one in enumerate(gathered.candidates) for offer in one.offers]
    places = sorted(
        {_place(gathered.candidates[n], offer) for n, offer in offers},
        key=lambda place: (place[0] is not None, place[0] or 0, place[1]),
    )
    problem = Problem(
        items=_items(gathered, rules),
        offers=_offers(gathered, rules, offers, places),
        limits=_limits(gathered, rules, offers, places) if limited else _unlimited(len(places)),
    )
    return Laid(problem, places, offers)


def ordered_now(laid: Laid, plan: Plan) -> dict[Place, dict[int, tuple[Offer, int]]]:
    """Place → candidate number → the offer and units to order in the first week."""
    found: dict[Place, dict[int, tuple[Offer, int]]] = defaultdict(dict)
    for row, (number, offer) in enumerate(laid.offers):
        units = int(plan.units[row, 0])
        if units:
            place = laid.places[int(laid.problem.offers.group[row])]
            found[place][number] = (offer, units)
    return found


def bindings_of(laid: Laid, plan: Plan, number: int, place: Place) -> list[dict[str, Any]]:
    """The shared limits that hold an order of the first week back, with the money one more earns."""
    group = laid.places.index(place)
    warehouse = int(laid.problem.items.place[number])
    found = []
    for row, dual, used in zip(plan.rows, plan.duals, plan.used, strict=True):
        mine = row.where == (warehouse if row.kind == "shelf" else group)
        if row.kind == "budget":
            mine = int(laid.problem.limits.budget_weeks[row.where, 0]) == 0
        elif row.kind != "shelf":
            mine = mine and row.week == 0
        if mine and dual > 0:
            found.append(
                {
                    "constraint": row.kind,
                    "week": row.week,
                    "limit": round(row.limit, 3),
                    "used": round(float(used), 3),
                    "one_more_minor": round(float(dual), 4),
                }
            )
    return found


def _place(one: Candidate, offer: Offer) -> Place:
    return (offer.supplier.pk if offer.supplier else None, one.warehouse.pk)


def _edit(one: Candidate, offer: Offer, rules: Rules) -> PurchaseOrderLine | None:
    supplier, warehouse = _place(one, offer)
    return rules.edits.get((supplier, warehouse, one.variant.pk))


def _items(gathered: Gathered, rules: Rules) -> Items:
    import numpy as np

    from inventory.ml.plan.problem import Items

    rows = [_item(one, gathered, rules) for one in gathered.candidates]
    nets = np.stack([row.pop("net") for row in rows])
    places = sorted({one.warehouse.pk for one in gathered.candidates})
    columns = {name: np.array([row[name] for row in rows], dtype=float) for name in rows[0]}
    columns["life_weeks"] = columns["life_weeks"].astype(int)
    place = np.array([places.index(one.warehouse.pk) for one in gathered.candidates])
    return Items(net=nets, place=place, **columns)


def _item(one: Candidate, gathered: Gathered, rules: Rules) -> dict[str, Any]:
    from inventory.ml.lead_time import Target
    from inventory.ml.policy import shortage_price

    service, usual = one.service, one.offers[0]
    first = min((offer.lead for offer in one.offers), key=lambda lead: lead.weeks)
    edits = [_edit(one, offer, rules) for offer in one.offers]
    coming = sum(line.units for line in edits if line)
    net = gathered.simulator.net_cases(
        one.demand, first, position=one.position + coming, weeks=gathered.weeks
    )
    level = service.cycle_service_level
    if service.fill_rate is not None:
        target = Target(usual.review_period_days, level, service.fill_rate)
        level = gathered.simulator.protect(one.demand, usual.lead, target).level
    cost = min((min(_break_costs(offer)) for offer in one.offers), default=0.0)
    holding = (cost or UNKNOWN_COST) * service.holding_rate / WEEKS_PER_YEAR
    margin = max((one.price_minor or 0) - cost, 0.0) if cost else 0.0
    item, volume = usual.item, usual.item.unit_volume_ml if usual.item else None
    life = item.shelf_life_days if item else None
    return {
        "net": net,
        "price": shortage_price(
            level,
            holding=holding,
            margin=margin,
            shortage_rate=service.shortage_rate,
            review_weeks=max(usual.review_period_days / 7, 1),
        ),
        "holding": holding,
        "cost": cost,
        "litres": (volume or 0) / 1000,
        "kilos": (one.variant.weight_g or 0) / 1000,
        "life_weeks": max(life // 7, 1) if life else 0,
        "weekly": float(one.demand[0][-7:].sum()),
        "level": level,
    }


def _breaks(offer: Offer) -> list[tuple[int, float]]:
    """From so many units on, each costs so much in the shop's currency; 0 where it is unknown."""
    usual = float(offer.unit_cost_minor or 0)
    item = offer.item
    if item is None or item.supplier.currency != settings.SHOP_CURRENCY or not usual:
        return [(0, usual)]
    rows = sorted((row.from_units, float(row.unit_cost_minor)) for row in item.price_breaks.all())
    return [(0, usual), *rows]


def _break_costs(offer: Offer) -> list[float]:
    return [cost for _units, cost in _breaks(offer)]


def _offers(
    gathered: Gathered, rules: Rules, offers: list[tuple[int, Offer]], places: list[Place]
) -> Offers:
    import numpy as np

    from inventory.ml.plan.problem import Offers

    breaks = [_breaks(offer) for _number, offer in offers]
    width = max(map(len, breaks))
    padded = [found + [found[-1]] * (width - len(found)) for found in breaks]
    may = np.zeros((len(offers), gathered.weeks), dtype=bool)
    for row, (number, offer) in enumerate(offers):
        one = gathered.candidates[number]
        may[row, :: max(round(offer.review_period_days / 7), 1)] = True
        if _place(one, offer) in rules.closed or _edit(one, offer, rules) is not None:
            may[row, 0] = False
    return Offers(
        item=np.array([number for number, _offer in offers]),
        group=np.array([places.index(_place(gathered.candidates[n], o)) for n, o in offers]),
        lead_weeks=np.array([offer.lead.weeks for _number, offer in offers]),
        moq=np.array([offer.item.moq if offer.item else 1 for _number, offer in offers]),
        pack=np.array([offer.item.pack_size if offer.item else 1 for _n, offer in offers]),
        break_units=np.array([[units for units, _cost in row] for row in padded], dtype=float),
        break_cost=np.array([[cost for _units, cost in row] for row in padded], dtype=float),
        may_order=may,
    )


def _limits(
    gathered: Gathered, rules: Rules, offers: list[tuple[int, Offer]], places: list[Place]
) -> Limits:
    import numpy as np

    from inventory.ml.plan.problem import Limits

    supplier = {_place(gathered.candidates[n], offer): offer.supplier for n, offer in offers}
    rows = [supplier[place] for place in places]
    weeks, amounts = _budgets(rules, gathered.weeks)
    space = dict(WarehouseSpace.objects.values_list("warehouse", "capacity_litres"))
    warehouses = sorted({one.warehouse.pk for one in gathered.candidates})
    return Limits(
        order_cost=np.array([row.order_cost_minor if row else 0 for row in rows], dtype=float),
        minimum=np.array([row.minimum_order_minor if row else 0 for row in rows], dtype=float),
        litres=np.array([(row and row.capacity_litres) or NO_LIMIT for row in rows], dtype=float),
        kilos=np.array([(row and row.capacity_kg) or NO_LIMIT for row in rows], dtype=float),
        budget_weeks=np.array(weeks, dtype=int).reshape(-1, 2),
        budgets=np.array(amounts, dtype=float),
        space=np.array([space.get(pk, NO_LIMIT) for pk in warehouses], dtype=float),
    )


def _unlimited(places: int) -> Limits:
    import numpy as np

    from inventory.ml.plan.problem import Limits

    none, free = np.zeros(places), np.full(places, NO_LIMIT)
    weeks = np.zeros((0, 2), dtype=int)
    return Limits(none, none, free, free, weeks, np.zeros(0), np.full(places, NO_LIMIT))


def _budgets(rules: Rules, weeks: int) -> tuple[list[tuple[int, int]], list[float]]:
    """Budgets that touch the plan's weeks, less what orders and buyers' numbers have taken of them."""
    last = rules.day + timedelta(days=7 * weeks - 1)
    places, amounts = [], []
    for row in PurchaseBudget.objects.filter(ends_on__gte=rules.day, starts_on__lte=last).order_by(
        "starts_on", "pk"
    ):
        first = max((row.starts_on - rules.day).days // 7, 0)
        end = min((row.ends_on - rules.day).days // 7, weeks - 1)
        taken = _spent(row.starts_on, row.ends_on)
        if first == 0:
            taken += sum(line.total_minor or 0 for line in rules.edits.values())
        places.append((first, end))
        amounts.append(float(row.amount_minor - taken))
    return places, amounts


def _spent(first: date, last: date) -> int:
    """What orders of these days cost that somebody has approved."""
    agreed = PurchaseOrder.objects.exclude(
        state__in=(PurchaseOrderState.SUGGESTED, PurchaseOrderState.CANCELLED)
    ).filter(cycle_on__gte=first, cycle_on__lte=last, currency=settings.SHOP_CURRENCY)
    lines = PurchaseOrderLine.objects.filter(order__in=agreed)
    return lines.aggregate(total=Sum(F("units") * F("unit_cost_minor")))["total"] or 0
