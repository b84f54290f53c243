"""Rules for staff and their programs: the same checks as the editor, the conflicts in the answer."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from access.api.views import MerchantView
from recommendations.api import rule_shapes as shapes
from recommendations.models import Placement, Rule
from shop.models import Attribute, Brand, Category

MOST_BESIDE = 200
# Field of the API → (field of the rule, model, what names its rows).
NAMED: dict[str, tuple[str, Any, str]] = {
    "placement": ("placement", Placement, "code"),
    "category": ("category", Category, "code"),
    "brand": ("brand", Brand, "code"),
    "attribute": ("attribute", Attribute, "code"),
    "page_category": ("page_category", Category, "code"),
}
PLAIN = (
    "name", "action", "skus", "attribute_value", "price_from_minor", "price_to_minor",
    "same_category", "same_brand", "same_attribute", "price_than", "position", "factor", "starts_at",
    "ends_at", "is_on", "note",
)  # fmt: skip


class Rules(MerchantView):
    needs = {"GET": "recommendations.view_rule", "POST": "recommendations.add_rule"}
    needs_idempotency_key = ("POST",)

    @extend_schema(parameters=[shapes.RuleFilter], responses=shapes.RuleOut(many=True))
    def get(self, request: Request) -> Response:
        """Rules, newest first; those for every placement have none."""
        wanted = self.checked(shapes.RuleFilter, request.query_params)
        rows = _rules()
        if "placement" in wanted:
            rows = rows.filter(placement__code=wanted["placement"])
        if wanted.get("is_on") is not None:
            rows = rows.filter(is_on=wanted["is_on"])
        return self.page(rows, lambda page: [_row(rule) for rule in page])

    @extend_schema(request=shapes.RuleIn, responses={201: shapes.RuleDetailOut})
    def post(self, request: Request) -> Response:
        """A new rule; it counts from its start, or at once."""
        said = self.checked(shapes.RuleIn, request.data)
        return Response(_saved(Rule(), said, request.user), status=201)


class RuleOne(MerchantView):
    needs = {
        "GET": "recommendations.view_rule",
        "PATCH": "recommendations.change_rule",
        "DELETE": "recommendations.delete_rule",
    }
    needs_idempotency_key = ("PATCH", "DELETE")

    @extend_schema(responses=shapes.RuleDetailOut)
    def get(self, request: Request, pk: int) -> Response:
        """One rule as a sentence, and what it collides with."""
        return Response(_detail(_rule(pk)))

    @extend_schema(request=shapes.RuleChange, responses=shapes.RuleDetailOut)
    def patch(self, request: Request, pk: int) -> Response:
        """Change what is named; null or an empty text takes a condition away."""
        said = self.checked(shapes.RuleChange, request.data)
        with transaction.atomic():  # two changes of different fields must both stay
            rule = get_object_or_404(_rules().select_for_update(of=("self",)), pk=pk)
            return Response(_saved(rule, said, request.user))

    @extend_schema(request=None, responses={204: None})
    def delete(self, request: Request, pk: int) -> Response:
        """Forget a rule. To keep it for later, switch it off with `is_on`."""
        _rule(pk).delete()
        return Response(status=204)


def _rules() -> QuerySet[Rule]:
    return Rule.objects.select_related(
        "placement", "category", "brand", "attribute", "page_category", "author"
    )


def _rule(pk: int) -> Rule:
    return get_object_or_404(_rules(), pk=pk)


def _saved(rule: Rule, said: dict[str, Any], by: Any) -> dict[str, Any]:
    from recommendations.services.rules import RuleError, save_rule  # numeric libraries

    for name in PLAIN:
        if name in said:
            setattr(rule, name, said[name])
    for name, (column, model, key) in NAMED.items():
        if name in said:
            setattr(rule, column, _named(name, model, key, said[name]))
    try:
        save_rule(rule, by=by)
    except RuleError as error:
        problems = {name.removesuffix("_id"): [text] for name, text in error.problems.items()}
        raise ValidationError(problems) from error
    return _detail(rule)


def _named(name: str, model: Any, key: str, value: str | None) -> Any:
    if not value:
        return None
    found = model.objects.filter(**{key: value}).first()
    if found is None:
        raise ValidationError({name: [_("There is none with this code.")]})
    return found


def _row(rule: Rule) -> dict[str, Any]:
    from recommendations.rule_words import rule_sentence

    named = {
        name: getattr(getattr(rule, column), key, None)
        for name, (column, _model, key) in NAMED.items()
    }
    return {
        "id": rule.pk,
        **{name: getattr(rule, name) for name in PLAIN},
        **named,
        "author": rule.author.get_username() if rule.author else None,
        "created_at": rule.created_at,
        "sentence": rule_sentence(rule),
    }


def _detail(rule: Rule) -> dict[str, Any]:
    from recommendations.services.rule_conflicts import conflicts_of

    others = list(_rules().filter(is_on=True).order_by("pk")[:MOST_BESIDE])
    conflicts = [
        {"text": one.text, "stops_it": one.is_bad, "other": one.other.pk if one.other else None}
        for one in conflicts_of(rule, others, timezone.now())
    ]
    return {**_row(rule), "conflicts": conflicts}
