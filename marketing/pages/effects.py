"""Effects as a page and a file show them: each number written once, with its interval."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import format_lazy
from django.utils.translation import gettext, gettext_lazy

from access.figures import figure, percent, with_sign
from marketing.services.effects.effect_building import Against, Effects
from marketing.services.effects.metrics import COUNT, DAYS, MONEY, RATE, Metric
from shop.money import format_money

SLOT = re.compile(r"%\((\w+)\)s")
LABELS = {
    "sent": gettext_lazy("sent"),
    "skipped": gettext_lazy("skipped"),
    "failed": gettext_lazy("failed or unknown"),
    "delivered": gettext_lazy("delivered"),
    "bounced": gettext_lazy("bounced"),
    "complained": gettext_lazy("complained"),
    "opened": gettext_lazy("opened"),
    "clicked": gettext_lazy("clicked"),
    "unsubscribed": gettext_lazy("unsubscribed"),
    "converted": gettext_lazy("ordered afterwards"),
    "send_cost": gettext_lazy("cost of sending"),
    "discounts_treated": gettext_lazy("discounts on orders of those written to"),
    "complaint_margin": gettext_lazy("complaints allowed"),
    "complaint_rate": gettext_lazy("complained, of those reached"),
    "customers_treated": gettext_lazy("customers written to"),
    "customers_holdout": gettext_lazy("customers held out"),
    "buyers_treated": gettext_lazy("of them ordered, written to"),
    "buyers_holdout": gettext_lazy("of them ordered, held out"),
    "orders_treated": gettext_lazy("orders, written to"),
    "orders_holdout": gettext_lazy("orders, held out"),
    "rate_treated": gettext_lazy("share that ordered, written to"),
    "rate_holdout": gettext_lazy("share that ordered, held out"),
    "revenue_treated": gettext_lazy("revenue, written to"),
    "revenue_holdout": gettext_lazy("revenue, held out"),
    "profit_treated": gettext_lazy("profit, written to"),
    "profit_holdout": gettext_lazy("profit, held out"),
    "unknown_cost_units": gettext_lazy("units sold without a known cost"),
    "incremental_buyers": gettext_lazy("customers who would not have ordered"),
    "incremental_orders": gettext_lazy("orders brought"),
    "incremental_revenue": gettext_lazy("revenue brought"),
    "incremental_profit": gettext_lazy("profit brought"),
    "variance_saved": gettext_lazy("noise taken out by what was before"),
    "net_profit": gettext_lazy("profit after the cost of sending"),
    "smallest_profit": gettext_lazy("smallest effect that would show, per customer"),
    "unsubscribe_margin": gettext_lazy("unsubscribes allowed"),
    "unsubscribe_rate": gettext_lazy("unsubscribed, of those reached"),
    "incremental_featured": gettext_lazy("revenue brought by the promoted products"),
    "incremental_others": gettext_lazy("revenue brought by all other products"),
    "incremental_substitutes": gettext_lazy("revenue brought by substitutes of the promoted"),
    "incremental_afterwards": gettext_lazy("revenue brought after the window"),
    "days_until_sold_out": gettext_lazy("days until a promoted product ran out"),
    "customers": gettext_lazy("drawn for it"),
    "entered": gettext_lazy("entered"),
    "winsor_limit": gettext_lazy("the most that one customer counts for"),
    "winsorised_customers": gettext_lazy("customers held to that"),
    "belief_paid": gettext_lazy("probability that it paid"),
    "belief_profit": gettext_lazy("profit brought, after the prior"),
    "belief_loss": gettext_lazy("loss to expect where it did not pay"),
    "basket_treated": gettext_lazy("revenue per order, written to"),
    "basket_holdout": gettext_lazy("revenue per order, held out"),
    "basket_difference": gettext_lazy("revenue per order, difference"),
    "variant_ratio_p": gettext_lazy("chance of such sizes of the variants"),
    "explored_less_withheld": gettext_lazy("discount explored less withheld, per customer"),
    "explored_less_withheld_smallest": gettext_lazy(
        "smallest difference of explored and withheld that would show"
    ),
}
# Of each pair of variants: the first is the control, of a step whose first was dropped another one.
DIFFERENCE = gettext_lazy("variant {arm} less {control}, per customer")
SMALLEST = gettext_lazy("smallest difference of {arm} and {control} that would show")
PAIRS = [(arm, control) for control in "ABCD" for arm in "ABCD" if arm != control]
LABELS |= {
    f"{arm}_less_{control}{end}".lower(): format_lazy(label, arm=arm, control=control)
    for arm, control in PAIRS
    for end, label in (("", DIFFERENCE), ("_smallest", SMALLEST))
}
BELIEF = ("belief_paid", "belief_profit", "belief_loss")
VARIANTS = (
    *(f"{a}_less_{b}{end}".lower() for a, b in PAIRS for end in ("", "_smallest")),
    "variant_ratio_p",
)
DISCOUNT = ("explored_less_withheld", "explored_less_withheld_smallest")
BESIDE = (
    "winsor_limit", "winsorised_customers", "basket_treated", "basket_holdout", "basket_difference",
    "days_until_sold_out", "unknown_cost_units", "variance_saved",
)  # fmt: skip
# What stands on the page in figures of its own, before the tables.
FUNNEL = ("sent", "delivered", "opened", "clicked", "unsubscribed", "complained", "bounced")
CAUSED = (
    "incremental_buyers", "incremental_orders", "incremental_revenue", "incremental_profit",
    "send_cost", "net_profit", "discounts_treated", "smallest_profit",
)  # fmt: skip
WENT = (
    "incremental_featured", "incremental_substitutes", "incremental_others",
    "incremental_afterwards",
)  # fmt: skip
GUARDRAIL = ("unsubscribe_rate", "unsubscribe_margin", "complaint_rate", "complaint_margin")
COUNTED = {
    "customers": gettext_lazy("customers"),
    "buyers": gettext_lazy("of them ordered"),
    "rate": gettext_lazy("share that ordered"),
    "orders": gettext_lazy("orders"),
    "revenue": gettext_lazy("revenue"),
    "profit": gettext_lazy("profit"),
}
MODELS = {
    "last_touch": gettext_lazy("last touch"),
    "linear": gettext_lazy("in equal parts"),
    "data_driven": gettext_lazy("data-driven (Markov)"),
}


@dataclass(frozen=True)
class Row:
    id: str
    label: Any
    value: str
    interval: str
    source: str


def written(value: float | None, unit: str, *, signed: bool = False) -> str:
    if value is None:
        return "–"
    if unit == MONEY:
        return with_sign(value, _money) if signed else _money(value)
    if unit == DAYS:
        return figure(value, 1)
    if unit == COUNT:
        return figure(value, signed=signed)
    return percent(value, 2, signed=signed)


def _money(value: float) -> str:
    return format_money(round(value))


def interval_of(metric: Metric) -> str:
    if metric.low is None or metric.high is None:
        return ""
    signed = metric.unit != RATE
    return gettext("%(low)s to %(high)s") % {
        "low": written(metric.low, metric.unit, signed=signed),
        "high": written(metric.high, metric.unit, signed=signed),
    }


def number(metric: Metric) -> str:
    """With its interval where it is an estimate."""
    said = written(metric.value, metric.unit, signed=_is_difference(metric))
    interval = interval_of(metric)
    return f"{said} ({interval})" if interval else said


def sentence_html(
    msgid: str, metrics: dict[str, Metric], words: Mapping[str, str] | None = None, at: str = ""
) -> SafeString:
    """The sentence in the reader's language; every number leads to its metric's row. words: names in
    it, by slot. at: address of the page with the rows, where it is another one."""
    parts, position, text = [], 0, gettext(msgid).replace("%%", "%")
    for slot in SLOT.finditer(text):
        parts.append(format_html("{}", text[position : slot.start()]))
        if words and slot[1] in words:
            parts.append(format_html("<strong>{}</strong>", words[slot[1]]))
        else:
            one = metrics[slot[1]]
            parts.append(format_html('<a href="{}#metric-{}">{}</a>', at, one.id, number(one)))
        position = slot.end()
    parts.append(format_html("{}", text[position:]))
    return format_html_join("", "{}", ((part,) for part in parts))


def sentence_text(msgid: str, metrics: dict[str, Metric]) -> str:
    used = {name: number(metrics[name]) for name in SLOT.findall(msgid)}
    return gettext(msgid) % used


def against_html(found: Against, metrics: dict[str, Metric], at: str = "") -> SafeString:
    return sentence_html(found.sentence, _slots_of(found, metrics), found.words, at)


def against_text(found: Against, metrics: dict[str, Metric]) -> str:
    used = {slot: number(one) for slot, one in _slots_of(found, metrics).items()}
    return gettext(found.sentence) % (used | found.words)


def _slots_of(found: Against, metrics: dict[str, Metric]) -> dict[str, Metric]:
    return {slot: metrics[name] for slot, name in found.metrics.items()}


def rows_of(names: tuple[str, ...], metrics: dict[str, Metric]) -> list[Row]:
    return [row_of(metrics[name]) for name in names if name in metrics]


def arm_rows(metrics: dict[str, Metric]) -> list[dict[str, Any]]:
    """One line per counted figure, written to beside held out."""
    return [
        {
            "label": label,
            "cells": [
                row_of(metrics[key]) if (key := f"{name}_{arm}") in metrics else None
                for arm in ("treated", "holdout")
            ],
        }
        for name, label in COUNTED.items()
        if f"{name}_treated" in metrics
    ]


def file_rows(effects: Effects) -> Iterator[list[str]]:
    """For the CSV: figures plain, money in minor units."""
    yield ["metric", "value", "low", "high", "unit", "source"]
    yield from (_file_row(metric.id, metric) for metric in effects.metrics.values())
    for part in (*effects.arms, *effects.discounts, *effects.parts):
        for metric in part.metrics.values():
            yield _file_row(f"{part.key}:{metric.id}", metric)


def _file_row(name: str, metric: Metric) -> list[str]:
    numbers = [metric.value, metric.low, metric.high]
    plain = ("" if n is None else f"{n:.6g}" for n in numbers)
    return [name, *plain, metric.unit, metric.source]


def attribution_rows(shared: dict[str, dict[str, float]], mine: str) -> list[dict[str, Any]]:
    """What each model gives to the campaign or journey `mine`, and to how many others."""
    return [
        {
            "label": MODELS[name],
            "value": written(touches.get(mine, 0.0), MONEY),
            "share": percent(touches.get(mine, 0.0) / total, 1)
            if (total := sum(touches.values()))
            else "–",
        }
        for name, touches in shared.items()
    ]


def row_of(metric: Metric) -> Row:
    return Row(
        metric.id,
        LABELS[metric.id],
        written(metric.value, metric.unit, signed=_is_difference(metric)),
        interval_of(metric),
        gettext(metric.source),
    )


def _is_difference(metric: Metric) -> bool:
    return metric.low is not None and metric.unit != RATE
