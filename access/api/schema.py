"""What every operation of the OpenAPI document has in common."""

from __future__ import annotations

from typing import Any

from drf_spectacular.openapi import AutoSchema

from access.api.problems import CONTENT_TYPE

PROBLEM = {
    "type": "object",
    "description": "RFC 9457 problem details.",
    "required": ["type", "title", "status", "detail", "what_to_do"],
    "properties": {
        "type": {"type": "string", "description": "Stable: `/problems/…`."},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "what_to_do": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "message", "code"],
                "properties": {
                    "field": {"type": "string"},
                    "message": {"type": "string"},
                    "code": {"type": "string"},
                },
            },
        },
    },
}
REFUSALS = {
    "400": "The request cannot be used.",
    "401": "No key, or not a valid one.",
    "403": "The key or role may not do that.",
    "404": "There is no such thing.",
    "409": "The state of things, or the Idempotency-Key, does not allow it.",
    "413": "The body is too large.",
    "415": "The body is not JSON.",
    "429": "Too many requests; see Retry-After.",
}
KEY_HEADER = {
    "in": "header",
    "name": "Idempotency-Key",
    "schema": {"type": "string", "maxLength": 150},
    "description": "A UUID of yours. The same key and body get the first answer again.",
}


class ApiSchema(AutoSchema):
    """Adds the header of idempotent writes, which no serializer knows of."""

    def get_operation(self, *args: Any, **kwargs: Any) -> dict[str, Any] | None:
        operation = super().get_operation(*args, **kwargs)
        for parameter in (operation or {}).get("parameters", ()):
            if parameter["in"] == "query":  # `?sku=` is as good as no filter
                parameter.setdefault("allowEmptyValue", True)
        if operation is not None and self.method in ("POST", "PUT", "PATCH", "DELETE"):
            required = self.method in getattr(self.view, "needs_idempotency_key", ())
            operation.setdefault("parameters", []).append(KEY_HEADER | {"required": required})
        return operation


def describe_problems(
    result: dict[str, Any], generator: Any, request: Any, public: bool
) -> dict[str, Any]:
    """drf-spectacular hook: how a refusal looks, once, for every operation."""
    schemas = result.setdefault("components", {}).setdefault("schemas", {})
    schemas["Problem"] = PROBLEM
    content = {CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for operation in (one for path in result["paths"].values() for one in path.values()):
        for status, description in REFUSALS.items():
            refusal = {"description": description, "content": content}
            operation["responses"].setdefault(status, refusal)
    return result
