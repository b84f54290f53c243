"""Whether every field that may hold personal data is declared; tests/privacy asks for every model."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import models

from privacy.registry.base import Fate
from privacy.registry.holdings import GO_WITH, HOLDINGS
from privacy.registry.texts import NO_PERSON, SEARCHED, SEARCHED_WHOLE
from shop.models import Customer

# Numbers, times and yes or no cannot name anybody; neither can a choice from a fixed list.
SAYS_NOBODY = (
    models.IntegerField, models.FloatField, models.DecimalField, models.BooleanField,
    models.DateField, models.TimeField, models.DurationField,
)  # fmt: skip


def undeclared(found: Iterable[type[models.Model]]) -> list[str]:
    """`app.Model.field` of every field that may name a person and is declared nowhere."""
    return [
        f"{model._meta.label}.{field.name}"
        for model in found
        if model._meta.managed and not model._meta.proxy and model is not Customer
        for field in (*model._meta.fields, *model._meta.many_to_many)
        if _may_name(field) and not _is_declared(model._meta.label, field.name)
    ]


def unknown_declarations(found: Iterable[type[models.Model]]) -> list[str]:
    """Declared and not there: left behind by a change of a model."""
    there = {
        f"{model._meta.label}.{field.name}"
        for model in found
        for field in (*model._meta.fields, *model._meta.many_to_many)
    }
    declared = {
        f"{label}.{name}"
        for table in (SEARCHED, NO_PERSON)
        for label, names in table.items()
        for name in names.split()
    }
    return sorted(declared - there)


def _may_name(field: models.Field) -> bool:
    if field.is_relation:
        return field.related_model is Customer
    return not (field.choices or isinstance(field, SAYS_NOBODY))


def _is_declared(label: str, name: str) -> bool:
    if label in SEARCHED_WHOLE or label in GO_WITH:
        return True
    if name in SEARCHED.get(label, "").split() or name in NO_PERSON.get(label, "").split():
        return True
    mine = [one for one in HOLDINGS if one.model == label]
    return any(one.fate == Fate.REMOVED or name in one.fields for one in mine)
