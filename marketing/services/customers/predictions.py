"""Each night: what the live models foresee of every customer, some hundred customers a transaction."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from decisions.jobs import Progress
from decisions.models import ModelRun
from decisions.services.leases import current_lease
from marketing.frames.behaviour import CHUNK, buyers, chunks_of_buyers, facts_of, known_orders
from marketing.frames.sequences import sequences_of
from marketing.models import CustomerPrediction
from marketing.services.customers.customer_value import (
    TooLittleHistoryError,
    last_day,
    live_value,
    order_days_of,
    train_value,
)
from marketing.services.customers.propensity import (
    MOST_CUSTOMERS,
    buying_model,
    inputs_of,
    live_propensity,
    train_propensity,
    value_chance,
)

if TYPE_CHECKING:
    import numpy as np

    from marketing.ml.behaviour import Facts
    from marketing.ml.dropout_models import DropoutModel
    from marketing.ml.order_days import OrderDays
    from marketing.ml.propensity import Opened
    from marketing.ml.value_model import Figure, ValueModel

OLD = 1_000  # rows that go in one statement
EARLIER_DAYS = 28  # against which a probability of leaving has risen
SHRINK_ORDERS = 3  # a customer's own margin rate outweighs the shop's after so many usual orders
FIELDS = [
    field.name for field in CustomerPrediction._meta.concrete_fields if field.name != "customer"
]


@dataclass(frozen=True)
class Serving:
    """The live models of a night; what is None gives no figure."""

    value: tuple[ModelRun, ValueModel, float | None] | None
    propensity: tuple[ModelRun, Opened] | None
    chance: DropoutModel | None
    as_of: datetime


def refresh_predictions(progress: Progress, as_of: datetime, *, seed: int) -> dict[str, Any]:
    """Train both models, then write a row per customer with an order before `as_of`.

    A model that had too little history is named under `missing`; the one that was live before goes
    on serving. Run twice with the same data it writes the same rows.
    """
    summary: dict[str, Any] = {}
    missing: dict[str, dict] = {}
    for name, train in (("value", train_value), ("propensity", train_propensity)):
        try:
            run = train(as_of, seed=seed)
            summary[name] = {"run": run.pk, "state": run.state}
            if sequence := run.metrics.get("sequence"):
                summary[name]["sequence"] = {
                    key: sequence[key] for key in ("is_used", "reason", "gain")
                }
        except TooLittleHistoryError as error:
            missing[name] = error.sentence
    summary["customers"] = write_predictions(progress, serving(as_of))
    return summary | ({"missing": missing} if missing else {})


def serving(as_of: datetime) -> Serving:
    propensity = live_propensity()
    chance = None
    if propensity is not None:
        sample = facts_of(buyers(as_of, most=MOST_CUSTOMERS), as_of, with_events=False)
        chance = buying_model(sample, as_of)
    return Serving(live_value(), propensity, chance, as_of)


def write_predictions(progress: Callable[..., None], models: Serving) -> int:
    """Returns how many. Rows of customers without an order by then go last."""
    lease = current_lease()
    total = known_orders(models.as_of).order_by().values("customer").distinct().count()
    done = 0
    for chunk in chunks_of_buyers(models.as_of):
        rows = predictions_of(chunk, models)
        with transaction.atomic():
            if lease is not None:
                lease.still_mine()
            CustomerPrediction.objects.bulk_create(
                rows,
                update_conflicts=True,
                unique_fields=["customer"],
                update_fields=FIELDS,
                batch_size=CHUNK // 8,  # SQLite binds 32,766 values at most
            )
        done += len(rows)
        progress(done, max(total, done), gettext_noop("customer predictions"))
    _forget_others(models.as_of)
    return done


def _forget_others(as_of: datetime) -> None:
    others = CustomerPrediction.objects.exclude(as_of=as_of).order_by("pk")
    while gone := list(others.values_list("pk", flat=True)[:OLD]):
        CustomerPrediction.objects.filter(pk__in=gone).delete()


def predictions_of(customers: list[int], models: Serving) -> list[CustomerPrediction]:
    """Unsaved rows of customers with an order, in the order of the keys."""
    facts = facts_of(customers, models.as_of, with_events=models.propensity is not None)
    columns = _history(facts, models.as_of)
    if models.value is not None:
        columns |= _value_columns(facts, models)
    if models.propensity is not None:
        columns |= _propensity_columns(facts, models)
    return [
        CustomerPrediction(
            customer_id=customer,
            as_of=models.as_of,
            **{name: values[row] for name, values in columns.items()},
        )
        for row, customer in enumerate(customers)
    ]


def _history(facts: Facts, as_of: datetime) -> dict[str, list]:
    import numpy as np

    days = order_days_of(facts)
    count = np.bincount(days.customer_idx, minlength=facts.customers.size)
    first = np.full(facts.customers.size, np.iinfo(np.int64).max)
    last = np.zeros(facts.customers.size, np.int64)
    np.minimum.at(first, days.customer_idx, days.day)
    np.maximum.at(last, days.customer_idx, days.day)
    gap = np.where(count > 1, (last - first) / np.maximum(count - 1, 1), np.nan)
    return {
        "order_days": count.tolist(),
        "silent_days": (last_day(as_of) - last).clip(0).tolist(),
        "mean_gap_days": _numbers(gap),
    }


def _value_columns(facts: Facts, models: Serving) -> dict[str, list]:
    from marketing.ml import value_model as ml

    assert models.value is not None
    run, model, shop_margin = models.value
    model, days = model.at(last_day(models.as_of)), order_days_of(facts)
    seen = model.seen(days)
    columns = _figure("p_alive", ml.alive_figure(model, seen))
    columns |= _figure("churn_90", ml.churn_figure(model, seen, days))
    columns |= _slipping(model, days, columns["churn_90"])
    margin = margin_rates(facts, shop_margin)
    for horizon in ml.HORIZONS:
        columns |= _figure(f"orders_{horizon}", ml.orders_figure(model, seen, days, horizon))
        spend = ml.spend_figure(model, seen, days, horizon)
        if spend is not None:
            columns |= _money(f"spend_{horizon}", spend)
            columns[f"margin_{horizon}_minor"] = _whole(spend.value * margin)
    due = ml.next_order_days(model, seen)
    today = timezone.localtime(models.as_of).date()
    columns |= {
        "next_order_on": _dates(due.value, today),
        "next_order_from": _dates(due.low, today),
        "next_order_until": _dates(due.high, today),
        "margin_rate": _numbers(margin),
    }
    return columns | {"value_run": [run] * facts.customers.size}


def _slipping(model: ValueModel, days: OrderDays, now: list[float | None]) -> dict[str, list]:
    """The same model asked as of EARLIER_DAYS before, so that what rose is the customer's silence and
    not another model's opinion. None for who had not ordered by then."""
    import numpy as np

    from marketing.ml import value_model as ml

    then = model.at(model.end_day - EARLIER_DAYS)
    known, earlier = days.known_at(then.end_day), days.until(then.end_day)
    wide = {name: np.full(len(now), np.nan) for name in ("value", "low", "high")}
    if known.size:
        found = ml.churn_figure(then, then.seen(earlier), earlier)
        for name, column in wide.items():
            column[known] = getattr(found, name)
    before = _figure("churn_before", ml.Figure(**wide))
    pairs = zip(now, before["churn_before"], strict=True)
    rise = [None if a is None or b is None else round(a - b, 6) for a, b in pairs]
    return before | {"churn_rise_28": rise}


def margin_rates(facts: Facts, shop: float | None) -> np.ndarray:
    """A customer's own margin rate, drawn to the shop's by SHRINK_ORDERS mean orders of hers.

    Orders with an unknown cost are left out; NaN for everybody while the shop's is unknown.
    """
    import numpy as np

    orders, n = facts.orders, facts.customers.size
    if shop is None:
        return np.full(n, np.nan)
    known = np.isfinite(orders.margin_minor) & (orders.revenue_minor > 0)
    who = orders.customer[known]
    revenue = np.bincount(who, orders.revenue_minor[known], n)
    margin = np.bincount(who, orders.margin_minor[known], n)
    count = np.bincount(who, minlength=n)
    weight = SHRINK_ORDERS * revenue / np.maximum(count, 1)
    return np.where(count > 0, (margin + weight * shop) / np.maximum(revenue + weight, 1e-9), shop)


def _propensity_columns(facts: Facts, models: Serving) -> dict[str, list]:
    assert models.propensity is not None
    run, opened = models.propensity
    figures = inputs_of(facts, value_chance(models.chance, facts, models.as_of))
    read = None
    if opened.sequence is not None:
        read = sequences_of(facts.customers.tolist(), models.as_of)
    inputs = opened.inputs(figures, read)
    probability = opened.probability(inputs)
    low, high = opened.interval(probability)
    return {
        "propensity_run": [run] * facts.customers.size,
        "propensity_30": _numbers(probability),
        "propensity_30_low": _numbers(low),
        "propensity_30_high": _numbers(high),
        "reasons": opened.reasons(inputs),
    }


def _figure(name: str, found: Figure) -> dict[str, list]:
    return {
        name: _numbers(found.value),
        f"{name}_low": _numbers(found.low),
        f"{name}_high": _numbers(found.high),
    }


def _money(name: str, found: Figure) -> dict[str, list]:
    return {
        f"{name}_minor": _whole(found.value),
        f"{name}_low_minor": _whole(found.low),
        f"{name}_high_minor": _whole(found.high),
    }


def _numbers(values: np.ndarray) -> list[float | None]:
    """Six digits: another machine's last bit is no other prediction."""
    return [None if value != value else round(value, 6) for value in values.tolist()]


def _whole(values: np.ndarray) -> list[int | None]:
    return [None if value != value else round(value) for value in values.tolist()]


def _dates(days: np.ndarray, today: date) -> list[date | None]:
    return [
        None if value != value else today + timedelta(days=max(round(value), 0))
        for value in days.tolist()
    ]
