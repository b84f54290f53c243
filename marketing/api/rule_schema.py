"""The rule of a segment in the OpenAPI document, and as a field that reads and checks it."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers as s

from marketing.definitions.rule_check import (
    ABOUT_PRODUCTS,
    COUNT_OPS,
    GROUPS,
    MAX_DAYS,
    MAX_TIMES,
    THINGS,
    RuleError,
    check_rule,
)
from marketing.definitions.rule_fields import CHOICE_OPS, FIELDS, NUMBER_OPS
from shop.models import EventKind
from shop.models.customers import ATTRIBUTE

HERE = "#/components/schemas/"
CODE = {"type": "string", "minLength": 1, "maxLength": 64}
DAYS = {"type": "integer", "minimum": 1, "maximum": MAX_DAYS}


def _object(required: dict[str, Any], optional: dict[str, Any] | None = None) -> dict[str, Any]:
    return {
        "type": "object",
        "required": list(required),
        "properties": required | (optional or {}),
        "additionalProperties": False,
    }


def _fields(*, are_numbers: bool) -> dict[str, Any]:
    named = [name for name, field in FIELDS.items() if field.is_number == are_numbers]
    ops = NUMBER_OPS if are_numbers else CHOICE_OPS
    value = (
        {"type": "number"} if are_numbers else {"type": "string", "minLength": 1, "maxLength": 100}
    )
    windowed = [name for name, field in FIELDS.items() if field.is_windowed]
    within = {"days": DAYS | {"description": f"Only of {', '.join(windowed)}."}}
    required = {"field": {"enum": named}, "op": {"enum": list(ops)}, "value": value}
    return _object(required, None if are_numbers else within)


def rule_schemas() -> dict[str, Any]:
    """Built when asked: the fields are lazily translated."""
    event = _object(
        {
            "did": {"enum": list(EventKind.values)},
            "op": {"enum": list(COUNT_OPS)},
            "times": {"type": "integer", "minimum": 0, "maximum": MAX_TIMES},
            "days": DAYS,
        },
        dict.fromkeys(THINGS, CODE),
    )
    about = ", ".join(sorted(ABOUT_PRODUCTS))
    event["description"] = f"sku, category and brand only of {about}."
    attribute = _object(
        {
            "attribute": {"type": "string", "pattern": ATTRIBUTE},
            "op": {"enum": list(dict.fromkeys((*CHOICE_OPS, *NUMBER_OPS)))},
            "value": {
                "anyOf": [{"type": "number"}, {"type": "string", "minLength": 1, "maxLength": 200}]
            },
        }
    )
    attribute["description"] = "What she said of herself, while she agrees to its purpose."
    parts = {"type": "array", "minItems": 1, "items": {"$ref": f"{HERE}SegmentPart"}}
    conditions = ["SegmentNumber", "SegmentChoice", "SegmentEvent", "SegmentAttribute"]
    groups = [_object({name: parts}) for name in GROUPS]
    every = {"type": "object", "maxProperties": 0, "description": "Every customer."}
    part = [*({"$ref": f"{HERE}{name}"} for name in conditions), *groups]
    return {
        "SegmentNumber": _fields(are_numbers=True),
        "SegmentChoice": _fields(are_numbers=False),
        "SegmentEvent": event,
        "SegmentAttribute": attribute,
        "SegmentPart": {"anyOf": part},
        "SegmentRule": {
            "anyOf": [every, {"$ref": f"{HERE}SegmentPart"}],
            "description": "A group or a condition; groups nest 3 deep, 30 conditions in all.",
        },
    }


def describe_rules(
    result: dict[str, Any], generator: Any, request: Any, public: bool
) -> dict[str, Any]:
    """drf-spectacular hook: the language of segments, once, where some operation takes a rule."""
    schemas = result.setdefault("components", {}).setdefault("schemas", {})
    if any(path.startswith("/api/merchant/") for path in result["paths"]):
        schemas.update(rule_schemas())
    return result


@extend_schema_field({"$ref": f"{HERE}SegmentRule"})
class RuleJson(s.JSONField):
    def to_internal_value(self, data: Any) -> dict:
        rule = super().to_internal_value(data)
        try:
            check_rule(rule)
        except RuleError as error:
            raise s.ValidationError(str(error)) from error
        if not isinstance(rule, dict):
            raise s.ValidationError("A group or a condition.")
        return rule
