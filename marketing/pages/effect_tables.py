"""Parts of an effect report as tables: texts, steps, variants, and the words of a discount's decision."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from marketing.models import Discount
from marketing.pages.effects import LABELS, Row, row_of
from marketing.services.effects.arm_effects import BROKEN
from marketing.services.effects.effect_building import Effects, Part

# Of each text or step: what was counted, and what it caused where it has a holdout.
PART_COUNTS = (
    "sent", "delivered", "opened", "clicked", "converted", "unsubscribed", "complained", "send_cost",
)  # fmt: skip
PART_CAUSED = ("incremental_orders", "incremental_revenue", "incremental_profit", "net_profit")
# What a variant brought stands before what was counted of it.
ARM_COLUMNS = (
    "customers", "sent", "net_profit", "incremental_profit", "incremental_orders", "converted",
    "clicked", "opened", "delivered", "incremental_revenue", "unsubscribed", "complained", "send_cost",
)  # fmt: skip
# Of a step whoever comes back stands in it again: runs beside customers.
STEP_ARM_COLUMNS = ("entered", *ARM_COLUMNS)
DISCOUNT_COLUMNS = ("entered", *PART_COUNTS, *PART_CAUSED)


def part_table(
    parts: list[Part], columns: Sequence[str] = (*PART_COUNTS, *PART_CAUSED)
) -> dict[str, Any]:
    """Texts, variants or steps as lines; columns that no part has are left out."""
    names = [name for name in columns if any(name in part.metrics for part in parts)]
    return {
        "heads": [LABELS[name] for name in names],
        "lines": [
            {
                "key": part.key,
                "label": part.label,
                "cells": [_part_cell(part, name) for name in names],
            }
            for part in parts
        ],
    }


def broken_ratio(effects: Effects) -> str:
    """The sentence that the draw of the variants is broken, where it is."""
    return next((msgid for msgid in effects.sentences if msgid == BROKEN), "")


def arm_table(effects: Effects, *, is_step: bool) -> dict[str, Any] | None:
    columns = STEP_ARM_COLUMNS if is_step else ARM_COLUMNS
    return part_table(effects.arms, columns) if effects.arms else None


def discount_table(parts: list[Part]) -> dict[str, Any]:
    """Whom the discount was given to and withheld from, by the word of the decision."""
    named = [replace(part, label=str(Discount(part.key).label)) for part in parts]
    table = part_table(named, DISCOUNT_COLUMNS)
    return table | {"lines": [line | {"key": ""} for line in table["lines"]]}


def _part_cell(part: Part, name: str) -> Row | None:
    """Its id names the part too: `en:sent`."""
    if name not in part.metrics:
        return None
    row = row_of(part.metrics[name])
    return Row(f"{part.key}:{row.id}", row.label, row.value, row.interval, row.source)
