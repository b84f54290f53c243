"""Take what a person was called by out of the texts that no key leads to."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from django.apps import apps
from django.db import models, transaction
from django.db.models.functions import Cast

from decisions.models import Decision
from privacy.registry.texts import SEARCHED
from privacy.services.searching import Hit, search, tables
from privacy.services.words import Words

WRITTEN_ONCE = "recommendation"  # of these receipts a trigger lets no word be changed


def rid_texts(
    words: Words,
    instead: str,
    still_mine: Callable[[], None],
    count: Callable[[str, int], None],
) -> None:
    """Replace her by `instead` wherever the registry allows it, and count fields by table.

    Row by row, each with its count in a transaction of its own; what was changed is not found again.
    """
    for table in tables():
        for hit in list(search(words, [table])):
            with transaction.atomic():
                still_mine()
                if done := _rid(hit, words, instead):
                    count(table.name, done)


def model_of(table: str) -> type[models.Model] | None:
    """The model of a table or of its partition."""
    known = {
        model._meta.db_table: model
        for model in apps.get_models(include_auto_created=True)
        if not model._meta.proxy
    }
    if table in known:
        return known[table]
    parents = [name for name in known if table.startswith(f"{name}_")]
    return known[max(parents, key=len)] if parents else None


def _rid(hit: Hit, words: Words, instead: str) -> int:
    model = model_of(hit.table)
    if model is None or hit.key is None:
        return 0
    field = next((one for one in model._meta.fields if one.column == hit.column), None)
    if field is None or field.name not in SEARCHED.get(model._meta.label, "").split():
        return 0
    rows = model._base_manager.filter(pk=hit.key)
    if model is Decision and rows.filter(kind=WRITTEN_ONCE).delete()[0]:
        return 1
    text = (
        rows.select_for_update()
        .values_list(Cast(field.name, models.TextField()), flat=True)
        .first()
    )
    if text is None:
        return 0
    return rows.update(
        **{field.name: _value(field, words.without_her(text, _own(field, hit, instead)))}
    )


def _own(field: models.Field, hit: Hit, instead: str) -> str:
    """Keys stay unique."""
    return f"{instead}-{hit.key}" if field.unique or field.name == "key" else instead


def _value(field: models.Field, text: str) -> Any:
    if isinstance(field, models.JSONField):
        return json.loads(text)
    return text[: field.max_length] if field.max_length else text
