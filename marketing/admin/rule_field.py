"""The builder of a segment's rule: rows of conditions on fields and events instead of JSON."""

from __future__ import annotations

import json
import re
from itertools import zip_longest
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from marketing.definitions.rule_check import ABOUT_PRODUCTS, THINGS
from marketing.definitions.rule_text import parse, to_text
from marketing.definitions.rules import FIELDS, OP_WORDS, RuleError, check_rule
from shop.models import EventKind

BLANK_ROWS = 3
EVENT = "did:"  # before an event's kind, among the names of fields
ABOUT = {"sku": _("SKU"), "category": _("category"), "brand": _("brand")}
GROUP_WORDS = [
    ("all", _("all of these")),
    ("any", _("at least one of these")),
    ("none", _("none of these")),
]


class RuleWidget(forms.Widget):
    """One group of conditions. Groups inside groups are edited as text (rule_text.py), and so are
    events that name several of SKU, category and brand."""

    template_name = "marketing/rule_widget.html"

    def get_context(self, name: str, value: Any, attrs: dict | None) -> dict:
        context = super().get_context(name, value, attrs)
        rule, typed = _read(value)
        if typed:
            context["raw"] = typed
        elif flat := _flat(rule):
            group, conditions = flat
            context["group"] = group
            context["rows"] = [*map(_row, conditions), *({} for _ in range(BLANK_ROWS))]
        else:
            context["raw"] = to_text(rule)
        context["groups"] = GROUP_WORDS
        context["fields"] = [
            (key, field.label, "windowed" if field.is_windowed else "plain")
            for key, field in FIELDS.items()
        ]
        context["events"] = [
            (f"{EVENT}{kind}", label, "product" if kind in ABOUT_PRODUCTS else "event")
            for kind, label in EventKind.choices
        ]
        context["about"] = ABOUT.items()
        context["ops"] = OP_WORDS.items()
        context["suggestions"] = [
            choice
            for field in FIELDS.values()
            for choice in (field.known().items() if field.known else field.choices)
        ]
        return context

    def value_from_datadict(self, data: Any, files: Any, name: str) -> str:
        typed = data.get(f"{name}-raw", "")
        if typed.strip() or f"{name}-group" not in data:
            return typed
        parts = ("field", "op", "value", "days", "about", "code")
        rows = zip_longest(*(data.getlist(f"{name}-{part}") for part in parts), fillvalue="")
        conditions = [_condition(dict(zip(parts, row, strict=True))) for row in rows if row[0]]
        group = data.get(f"{name}-group", "all")
        return json.dumps({group: conditions} if conditions else {})

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return f"{name}-group" not in data and f"{name}-raw" not in data


class RuleField(forms.JSONField):
    widget = RuleWidget

    def to_python(self, value: Any) -> Any:
        """JSON as the rows give it, or the rule's text."""
        if not isinstance(value, str) or value.lstrip().startswith("{"):
            return super().to_python(value)
        try:
            return parse(value)
        except RuleError as error:
            raise forms.ValidationError(str(error)) from error

    def clean(self, value: Any) -> Any:
        rule = super().clean(value) or {}
        try:
            check_rule(rule)
        except RuleError as error:
            raise forms.ValidationError(str(error)) from error
        return rule


def _read(value: Any) -> tuple[dict, str]:
    """The rule, or what a person typed that is not yet one."""
    if not isinstance(value, str) or value in ("", "null"):  # null: the form of a new segment
        return (value if isinstance(value, dict) else {}), ""
    if not value.lstrip().startswith("{"):
        return {}, value
    try:
        rule = json.loads(value)
        check_rule(rule)
    except (RuleError, ValueError):
        return {}, value
    return rule, ""


def _flat(rule: dict) -> tuple[str, list[dict]] | None:
    """Group and conditions of a rule without inner groups; None for any other."""
    if not rule:
        return "all", []
    group, conditions = next(iter(rule.items()))
    if group in dict(GROUP_WORDS) and all(map(_fits_row, conditions)):
        return group, conditions
    return None


def _fits_row(condition: dict) -> bool:
    return "field" in condition or (
        "did" in condition and sum(kind in condition for kind in THINGS) <= 1
    )


def _row(condition: dict) -> dict:
    """A condition as the parts of a row."""
    if "field" in condition:
        return condition
    about = next((kind for kind in THINGS if kind in condition), "")
    return {
        "field": f"{EVENT}{condition['did']}", "op": condition["op"], "value": condition["times"],
        "days": condition["days"], "about": about, "code": condition.get(about, ""),
    }  # fmt: skip


def _condition(row: dict[str, str]) -> dict:
    """The parts of a row as a condition; what is out of place stays and is refused by name."""
    row = {part: said.strip() for part, said in row.items()}
    days = {"days": _whole(row["days"])} if row["days"] else {}
    if not row["field"].startswith(EVENT):
        value = _typed(row["field"], row["value"])
        return {"field": row["field"], "op": row["op"], "value": value, **days}
    about = {row["about"]: row["code"]} if row["about"] in THINGS else {}
    return {
        "did": row["field"].removeprefix(EVENT), "op": row["op"], "times": _whole(row["value"]),
        "days": "", **days, **about,
    }  # fmt: skip


def _whole(value: str) -> str | int:
    return int(value) if re.fullmatch(r"\d{1,9}", value, re.ASCII) else value


def _typed(field: str, value: str) -> str | int | float:
    """A number where the field is one; what is no number stays text and is refused by name."""
    known = FIELDS.get(field)
    if known and known.is_fraction and re.fullmatch(r"-?\d{1,12}\.\d{1,9}", value, re.ASCII):
        return float(value)
    if known and known.is_number and value.lstrip("-").isdecimal():
        return int(value)
    return value
