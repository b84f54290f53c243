"""The plan: suggested purchase orders per supplier, warehouse and cycle, each with its receipt."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime, time, timedelta
from hashlib import sha256
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from decisions.jobs import Progress
from decisions.models import Decision
from decisions.services.model_runs import data_hash
from decisions.services.receipts import Proposal, record_decision, supersede
from decisions.text import SentenceError, sentence
from inventory.bindings import sentence_of
from inventory.frames import last_full_day
from inventory.models import (
    DemandForecast,
    PurchaseOrder,
    PurchaseOrderLine,
    PurchaseOrderState,
)
from inventory.services.lead_times import refresh_lead_times
from inventory.services.plan_decision import Group, cycle_on, decide, order_key, write_plan
from inventory.services.plan_lines import Gathered, PlanOptions, gather
from inventory.services.purchase_orders import cancel_purchase_order

KIND = "reorder"
CHUNK_ROWS = 500
MOST_LINES = 300  # of one order; what earns less waits for the next cycle, and is counted
HEADLINE = gettext_noop("Order %(units)s units of %(lines)s SKUs from %(supplier)s")
HEADLINE_NONE = gettext_noop("Choose a supplier for %(lines)s SKUs that need %(units)s units")
WHY = gettext_noop(
    "%(lines)s SKUs are at or below their reorder points and %(late)s are past their last safe day. "
    "First: %(sku)s has %(position)s units in stock and on order, its reorder point is %(point)s."
)
SUPERSEDED = gettext_noop("A newer plan replaces it.")
NOT_NEEDED = gettext_noop("The newest plan needs nothing here.")
NO_FORECAST = gettext_noop("no demand forecast has been made yet")
TOO_SHORT = gettext_noop("no SKU has enough history for a forecast yet")
BELOW_MINIMUM = gettext_noop("The order is below the supplier's minimum order value.")


class NoForecastError(SentenceError):
    """There is no forecast to plan from; `sentence` says why."""


def plan_replenishment(as_of: datetime, *, seed: int, progress: Progress) -> dict:
    """Suggest what to order now, from the newest forecast known at `as_of`.

    1. Learn how long suppliers take. 2. Solve one plan over all SKUs, suppliers and weeks.
    3. Propose its first orders; keep the later ones to read.
    An order is keyed by supplier, warehouse and cycle (the supplier's review period): a second
    run updates the suggestion and keeps what a buyer changed; an order already approved, sent or
    cancelled in this cycle is left alone. Suggestions of older cycles are cancelled, and a buyer's
    numbers on them move to the new suggestion. Raises NoForecastError.
    """
    from inventory.ml.reorder import plan_order

    forecasts = _newest_forecasts(as_of)
    progress(0, 4, gettext_noop("learning lead times"))
    refresh_lead_times(as_of)
    progress(1, 4, gettext_noop("simulating lead-time demand"))
    gathered = gather(forecasts, as_of, PlanOptions(), seed=seed)
    day = last_full_day(as_of) + timedelta(days=1)
    progress(2, 4, gettext_noop("solving the plan"))
    decided = decide(gathered, day)
    progress(3, 4, gettext_noop("writing suggestions"))
    progress.still_mine()
    kept: set[int] = set()
    for group in decided.groups:
        inputs = _inputs(group, gathered.options, seed=seed)
        order = suggest_order(group, day, (inputs, plan_order(inputs)), forecasts[0].model_run)
        if order is not None:
            kept.add(order.pk)
    write_plan(decided, gathered, day)
    _remember_classes(forecasts, gathered)
    dropped = _close_old_suggestions(kept)
    progress(4, 4, gettext_noop("planned"))
    waiting = PurchaseOrderLine.objects.filter(order__in=kept)
    return {
        "orders": len(kept),
        "lines": waiting.count(),
        "superseded": dropped,
        "skus_planned": len(gathered.candidates),
    }


def suggest_order(
    group: Group, day: date, plan: tuple[dict, dict], model_run: Any
) -> PurchaseOrder | None:
    """Write one suggestion with its receipt, in one transaction; None when nothing is needed."""
    inputs, output = plan
    key = order_key(group.supplier, group.warehouse, cycle_on(day, group.review_period_days))
    with transaction.atomic():
        order = PurchaseOrder.objects.filter(key=key).first()
        if order is not None and order.state != PurchaseOrderState.SUGGESTED:
            return order
        if not output["lines"]:
            return _without_need(order)
        if order is None:
            order = _new_order(group, day, key)
        _write_lines(order, inputs, output)
        _record(order, group, plan, model_run)
    return order


def _remember_classes(forecasts: list[DemandForecast], gathered: Gathered) -> None:
    """The class that each SKU was planned in, beside its forecast: one SKU alone cannot tell it."""
    names = {one.variant.pk: one.service.name for one in gathered.candidates}
    changed = []
    for row in forecasts:
        name = names.get(row.variant_id)
        if name is not None and row.basis.get("service_class") != name:
            row.basis = row.basis | {"service_class": name}
            changed.append(row)
    DemandForecast.objects.bulk_update(changed, ["basis"], batch_size=CHUNK_ROWS)


def _newest_forecasts(as_of: datetime) -> list[DemandForecast]:
    known = DemandForecast.objects.filter(as_of__lte=last_full_day(as_of))
    newest = known.order_by("-as_of").values_list("as_of", flat=True).first()
    if newest is None:
        raise NoForecastError(sentence(NO_FORECAST))
    rows = known.filter(as_of=newest, horizon_days__gt=0).select_related("model_run")
    found = list(rows.order_by("variant_id"))
    if not found:
        raise NoForecastError(sentence(TOO_SHORT))
    return found


def _inputs(group: Group, options: PlanOptions, *, seed: int) -> dict:
    """Everything the computation reads. Too many lines: those that earn most, the rest counted."""
    from inventory.ml.reorder import plan_line

    supplier = group.supplier
    terms = {
        **asdict(options),
        "review_period_days": group.review_period_days,
        "lead_time_days": group.lead_time_days,
        "order_cost_minor": supplier.order_cost_minor if supplier else 0,
        "minimum_order_minor": supplier.minimum_order_minor if supplier else 0,
        "seed": seed,
    }
    planned = [(line, plan_line(line, terms)) for line in group.lines]
    needed = [(line, found) for line, found in planned if found["units"] > 0]
    needed.sort(key=lambda pair: (-(pair[1]["expected_minor"] or 0), -pair[1]["units"]))
    lines = sorted((line for line, _found in needed[:MOST_LINES]), key=lambda line: line["sku"])
    return {
        "terms": terms,
        "lines": lines,
        "skus_looked_at": group.skus_looked_at,
        "lines_left_for_next_cycle": max(len(needed) - MOST_LINES, 0),
    }


def _without_need(order: PurchaseOrder | None) -> PurchaseOrder | None:
    """A suggestion that a buyer changed stays his; another is closed."""
    if order is None:
        return None
    if order.lines.filter(edited_at__isnull=False).exists():
        return order
    supersede(_receipt_prefix(order), keep=set())
    cancel_purchase_order(order, note=NOT_NEEDED)
    return None


def _new_order(group: Group, day: date, key: str) -> PurchaseOrder:
    cycle = cycle_on(day, group.review_period_days)
    supplier = group.supplier
    return PurchaseOrder.objects.create(
        key=key,
        number=f"PO-{cycle:%Y%m%d}-{sha256(key.encode()).hexdigest()[:6].upper()}",
        supplier=supplier,
        warehouse=group.warehouse,
        currency=supplier.currency if supplier else settings.SHOP_CURRENCY,
        cycle_on=cycle,
    )


def _write_lines(order: PurchaseOrder, inputs: dict, output: dict) -> None:
    """New numbers for every line; the buyer's units stay where he set them."""
    facts = {line["sku"]: line for line in inputs["lines"]}
    edits = _edits(order)
    costs = _order_costs(order, facts)
    rows = []
    for line in output["lines"]:
        fact = facts[line["sku"]]
        edit = edits.pop(fact["variant"], None)
        rows.append(_line_row(order, line, fact, (edit, costs.get(fact["variant"]))))
    for edit in edits.values():  # the plan no longer asks for it, the buyer did
        edit.suggested_units = 0
        edit.pk, edit.order = None, order
        rows.append(edit)
    names = [
        field.name
        for field in PurchaseOrderLine._meta.concrete_fields
        if field.name not in ("id", "order", "variant", "received_units")
    ]
    for start in range(0, len(rows), 500):
        PurchaseOrderLine.objects.bulk_create(
            rows[start : start + 500],
            update_conflicts=True,
            unique_fields=["order", "variant"],
            update_fields=names,
        )
    order.lines.exclude(variant__in=[row.variant_id for row in rows]).delete()
    days = min((row.order_by_on for row in rows if row.order_by_on), default=None)
    arrival = timezone.localdate() + timedelta(days=inputs["terms"]["lead_time_days"])
    PurchaseOrder.objects.filter(pk=order.pk).update(order_by_on=days, expected_on=arrival)


def _edits(order: PurchaseOrder) -> dict[int, PurchaseOrderLine]:
    """variant → line with a buyer's number: of this suggestion, else of an older open one."""
    lines = PurchaseOrderLine.objects.filter(
        order__state=PurchaseOrderState.SUGGESTED,
        order__supplier=order.supplier,
        order__warehouse=order.warehouse,
        edited_at__isnull=False,
    ).order_by("order__cycle_on", "edited_at")
    today = timezone.localdate()
    return {
        line.variant_id: line
        for line in lines
        if line.edit_until is None or line.edit_until >= today
    }


def _order_costs(order: PurchaseOrder, facts: dict[str, dict]) -> dict[int, int | None]:
    """variant → unit cost in the order's currency."""
    if order.currency == settings.SHOP_CURRENCY:
        return {fact["variant"]: fact["unit_cost_minor"] for fact in facts.values()}
    if order.supplier is None:
        return {}
    wanted = [fact["variant"] for fact in facts.values()]
    items = order.supplier.items.filter(variant__in=wanted)
    return dict(items.values_list("variant_id", "unit_cost_minor"))


def _line_row(
    order: PurchaseOrder, line: dict, fact: dict, given: tuple[PurchaseOrderLine | None, int | None]
) -> PurchaseOrderLine:
    edit, cost = given
    return PurchaseOrderLine(
        order=order,
        variant_id=fact["variant"],
        suggested_units=fact["suggested_units"],
        units=edit.units if edit else line["units"],
        edited_by=edit.edited_by if edit else None,
        edited_at=edit.edited_at if edit else None,
        edit_until=edit.edit_until if edit else None,
        unit_cost_minor=cost,
        moq=fact["moq"],
        pack_size=fact["pack_size"],
        inventory_position=line["inventory_position"],
        reorder_point=line["reorder_point"],
        order_up_to_level=line["order_up_to_level"],
        safety_stock=line["safety_stock"],
        order_by_on=timezone.localdate() + timedelta(days=line["order_by_days"]),
        expected_minor=line["expected_minor"],
        expected_low_minor=line["expected_low_minor"],
        expected_high_minor=line["expected_high_minor"],
        next_unit_minor=line["next_unit_minor"],
        without_units=line["without_units"],
        without_minor=line["without_minor"],
        service_class=fact["service_class"],
        bindings=[*fact["bindings"], *({"constraint": name} for name in line["bound_by"])],
        assumptions=fact["assumptions"],
    )


def _record(order: PurchaseOrder, group: Group, plan: tuple[dict, dict], run: Any) -> Decision:
    """The receipt of this suggestion; one with other numbers replaces an open older one.

    The key holds the review period on the wall's calendar, so that a suggestion nobody answered
    comes back in the next period, also in a shop whose data has stopped.
    """
    inputs, output = plan
    period = cycle_on(timezone.localdate(), group.review_period_days)
    digest = data_hash(inputs, output, period.isoformat())[:16]
    key = f"{_receipt_prefix(order)}{digest}"
    supersede(_receipt_prefix(order), keep={key})
    decision = record_decision(
        Proposal(
            kind=KIND,
            key=key,
            subject=f"po:{order.pk}",
            headline=_headline(group, output),
            why=_why(output),
            inputs=inputs,
            output=output,
            model_run=run,
            constraints_hit=_constraints(inputs, output),
            expected_minor=output["expected_minor"],
            expected_low_minor=output["expected_low_minor"],
            expected_high_minor=output["expected_high_minor"],
            currency=settings.SHOP_CURRENCY,
            deadline_at=_deadline(output["order_by_days"], period, group.review_period_days),
        )
    )
    PurchaseOrder.objects.filter(pk=order.pk).update(decision=decision)
    return decision


def _receipt_prefix(order: PurchaseOrder) -> str:
    return f"{KIND}:{order.key}:"


def _headline(group: Group, output: dict) -> dict:
    numbers = {"units": output["units"], "lines": len(output["lines"])}
    if group.supplier is None:
        return sentence(HEADLINE_NONE, **numbers)
    return sentence(HEADLINE, supplier=group.supplier.name, **numbers)


def _why(output: dict) -> dict:
    first = min(output["lines"], key=lambda line: line["order_by_days"])
    return sentence(
        WHY,
        lines=len(output["lines"]),
        late=sum(line["order_by_days"] < 0 for line in output["lines"]),
        sku=first["sku"],
        position=first["inventory_position"],
        point=first["reorder_point"],
    )


def _constraints(inputs: dict, output: dict) -> list[dict]:
    """What bound the order, and what it assumes, each once with the number of lines."""
    found: dict[str, dict] = {}
    for line in inputs["lines"]:
        for text in line["assumptions"]:
            entry = found.setdefault(text["msgid"], {"text": text, "lines": 0})
            entry["lines"] += 1
    for line in inputs["lines"]:
        for bound in line["bindings"]:
            entry = found.setdefault(bound["constraint"], _in_words(bound))
            entry["lines"] += 1
    for line in output["lines"]:
        for bound in line["bound_by"]:
            entry = found.setdefault(bound, _in_words({"constraint": bound}))
            entry["lines"] += 1
    value, least = output["value_minor"], inputs["terms"]["minimum_order_minor"]
    if value is not None and value < least:
        found["minimum"] = {"text": sentence(BELOW_MINIMUM), "value_minor": value, "least": least}
    return list(found.values())


def _in_words(bound: dict) -> dict:
    rest = {name: value for name, value in bound.items() if name != "constraint"}
    return {"text": sentence_of(bound["constraint"]), **rest, "lines": 0}


def _deadline(order_by_days: int, period: date, review_period_days: int) -> datetime:
    """The end of the last safe day; what is late already waits until the period's end."""
    if order_by_days >= 0:
        last = timezone.localdate() + timedelta(days=order_by_days)
    else:
        last = period + timedelta(days=review_period_days - 1)
    return timezone.make_aware(datetime.combine(last + timedelta(days=1), time()))


def _close_old_suggestions(kept: set[int]) -> int:
    """Suggestions that this plan did not repeat: of older cycles, or no longer needed."""
    old = PurchaseOrder.objects.filter(state=PurchaseOrderState.SUGGESTED).exclude(pk__in=kept)
    closed = 0
    for order in old:
        with transaction.atomic():
            supersede(_receipt_prefix(order), keep=set())
            cancel_purchase_order(order, note=SUPERSEDED)
        closed += 1
    return closed
