"""The builder of a segment's rule: rows of field, comparison and value instead of JSON."""

from __future__ import annotations

import json
import re
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from marketing.definitions.rule_text import parse, to_text
from marketing.definitions.rules import FIELDS, OP_WORDS, RuleError, check_rule

BLANK_ROWS = 3
GROUP_WORDS = [
    ("all", _("all of these")),
    ("any", _("at least one of these")),
    ("none", _("none of these")),
]


class RuleWidget(forms.Widget):
    """One group of conditions. Groups inside groups and events are edited as text (rule_text.py)."""

    template_name = "marketing/rule_widget.html"

    def get_context(self, name: str, value: Any, attrs: dict | None) -> dict:
        context = super().get_context(name, value, attrs)
        rule, typed = _read(value)
        if typed:
            context["raw"] = typed
        elif flat := _flat(rule):
            group, conditions = flat
            context["group"] = group
            context["rows"] = [*conditions, *({} for _ in range(BLANK_ROWS))]
        else:
            context["raw"] = to_text(rule)
        context["groups"] = GROUP_WORDS
        context["fields"] = [(key, field.label) for key, field in FIELDS.items()]
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
        rows = zip(
            data.getlist(f"{name}-field"),
            data.getlist(f"{name}-op"),
            data.getlist(f"{name}-value"),
            strict=False,
        )
        conditions = [
            {"field": field, "op": op, "value": _typed(field, value.strip())}
            for field, op, value in rows
            if field
        ]
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
    if group in dict(GROUP_WORDS) and all("field" in condition for condition in conditions):
        return group, conditions
    return None


def _typed(field: str, value: str) -> str | int | float:
    """A number where the field is one; what is no number stays text and is refused by name."""
    known = FIELDS.get(field)
    if known and known.is_fraction and re.fullmatch(r"-?\d{1,12}\.\d{1,9}", value, re.ASCII):
        return float(value)
    if known and known.is_number and value.lstrip("-").isdecimal():
        return int(value)
    return value
