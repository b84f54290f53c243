"""What is no rule, said in words for the person who wrote it."""

from __future__ import annotations

import json
import re
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from marketing.definitions.rule_fields import CHOICE_OPS, FIELDS, NUMBER_OPS, Field
from shop.models import EventKind
from shop.models.customers import ATTRIBUTE

MAX_DEPTH, MAX_CONDITIONS = 3, 30
MAX_TIMES, MAX_DAYS = 1000, 730
GROUPS = ("all", "any", "none")
COUNT_OPS = ("is", "at_least", "at_most")
THINGS = ("sku", "category", "brand")  # what an event may be asked to be about
THING_WORDS = {
    "sku": gettext_lazy("SKU %(code)s"),
    "category": gettext_lazy("category %(code)s"),
    "brand": gettext_lazy("brand %(code)s"),
}
# Of one product each; the others are of none, or of several.
ABOUT_PRODUCTS = frozenset(
    {
        EventKind.VIEW, EventKind.CART_ADD, EventKind.CART_REMOVE, EventKind.PURCHASE,
        EventKind.REVIEW, EventKind.IMPRESSION, EventKind.CLICK,
    }
)  # fmt: skip


class RuleError(ValueError):
    """What is wrong with a rule, in words for the person who wrote it."""


def check_rule(rule: Any) -> None:
    """Raises RuleError with the first thing that is wrong."""
    _refuse_odd_characters(rule)
    counted = _check(rule, 1) if rule else 0
    if counted > MAX_CONDITIONS:
        raise RuleError(_("A rule has at most %(most)s conditions.") % {"most": MAX_CONDITIONS})


def _refuse_odd_characters(rule: Any) -> None:
    """Half of a pair (\\ud800) can stand in JSON and in no database, page or error message."""
    try:
        json.dumps(rule, ensure_ascii=False, default=str).encode()
    except (UnicodeEncodeError, RecursionError) as error:
        raise RuleError(_("A rule holds a character that is none.")) from error


def _check(rule: Any, depth: int) -> int:
    """The number of conditions in it."""
    if not isinstance(rule, dict):
        raise RuleError(_("A rule is a group or a condition."))
    if depth > MAX_DEPTH + 1:
        raise RuleError(_("Groups nest at most %(most)s deep.") % {"most": MAX_DEPTH})
    if "field" in rule:
        _check_condition(rule)
        return 1
    if "did" in rule:
        _check_did(rule)
        return 1
    if "attribute" in rule:
        _check_attribute(rule)
        return 1
    if len(rule) != 1 or next(iter(rule)) not in GROUPS:
        raise RuleError(_("A group is one of all, any, none."))
    parts = next(iter(rule.values()))
    if not isinstance(parts, list) or not parts:
        raise RuleError(_("A group holds a list of conditions."))
    return sum(_check(part, depth + 1) for part in parts)


def _check_condition(rule: dict) -> None:
    if set(rule) - {"days"} != {"field", "op", "value"}:
        raise RuleError(_("A condition has a field, an op and a value."))
    field = FIELDS.get(str(rule["field"]))
    if field is None:
        raise RuleError(_("There is no field %(field)s.") % {"field": rule["field"]})
    if "days" in rule:
        if not field.is_windowed:
            raise RuleError(_("%(field)s cannot be limited to days.") % {"field": rule["field"]})
        _check_bounds("days", rule["days"], 1, MAX_DAYS)
    if rule["op"] not in field.ops:
        raise RuleError(
            _("%(field)s cannot be compared by %(op)s.")
            % {"field": rule["field"], "op": rule["op"]}
        )
    _check_value(field, rule["value"])


def _check_did(rule: dict) -> None:
    if set(rule) - set(THINGS) != {"did", "op", "times", "days"}:
        raise RuleError(
            _(
                "A condition on events has did, op, times and days, and may name sku, category or brand."
            )
        )
    if rule["did"] not in EventKind.values:
        raise RuleError(_("There is no event %(event)s.") % {"event": rule["did"]})
    _check_things(rule)
    if rule["op"] not in COUNT_OPS:
        raise RuleError(_("Events are counted by at_least, at_most or is."))
    least = 1 if rule["op"] == "at_least" else 0
    _check_bounds("times", rule["times"], least, MAX_TIMES)
    _check_bounds("days", rule["days"], 1, MAX_DAYS)


def _check_attribute(rule: dict) -> None:
    if set(rule) != {"attribute", "op", "value"}:
        raise RuleError(_("A condition on an attribute has attribute, op and value."))
    name, value = rule["attribute"], rule["value"]
    if not isinstance(name, str) or not re.fullmatch(ATTRIBUTE, name):
        raise RuleError(_("An attribute is named by small letters, digits, - and _."))
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    ops = NUMBER_OPS if is_number else CHOICE_OPS
    if rule["op"] not in ops:
        raise RuleError(
            _("%(field)s cannot be compared by %(op)s.") % {"field": name, "op": rule["op"]}
        )
    if is_number and not abs(value) < 10**12:
        raise RuleError(_("%(field)s needs a number.") % {"field": name})
    is_text = isinstance(value, str) and 0 < len(value) <= 200 and not re.search('["\x00]', value)
    if not is_number and not is_text:
        raise RuleError(_("%(field)s needs a value.") % {"field": name})


def _check_things(rule: dict) -> None:
    named = [kind for kind in THINGS if kind in rule]
    if named and rule["did"] not in ABOUT_PRODUCTS:
        raise RuleError(
            _("%(event)s is not about a product: leave out sku, category and brand.")
            % {"event": EventKind(rule["did"]).label}
        )
    for kind in named:
        if not isinstance(rule[kind], str) or not 0 < len(rule[kind]) <= 64 or "\x00" in rule[kind]:
            raise RuleError(_("%(name)s needs a code.") % {"name": kind})


def _check_bounds(name: str, value: Any, least: int, most: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise RuleError(
            _("%(name)s is a whole number from %(least)s to %(most)s.")
            % {"name": name, "least": least, "most": most}
        )


def _check_value(field: Field, value: Any) -> None:
    if field.is_fraction:
        if not isinstance(value, int | float) or isinstance(value, bool) or not abs(value) < 10**12:
            raise RuleError(_("%(field)s needs a number.") % {"field": field.label})
    elif field.is_number:
        if not isinstance(value, int) or isinstance(value, bool) or abs(value) > 2**53:
            raise RuleError(_("%(field)s needs a whole number.") % {"field": field.label})
    elif not isinstance(value, str) or not value or len(value) > 100 or "\x00" in value:
        raise RuleError(_("%(field)s needs a value.") % {"field": field.label})
    elif (field.choices or field.known) and value not in (
        field.known() if field.known else dict(field.choices)
    ):
        raise RuleError(_("%(value)s is no %(field)s.") % {"value": value, "field": field.label})
