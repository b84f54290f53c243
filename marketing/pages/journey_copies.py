"""The copies of a journey's message as a reader sees them: which there are, and who gets which."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from access.figures import percent
from marketing.definitions.journey_sends import GIVE, PLAIN, USUALLY_EXPLORED, copies_in


def copies_of(step: dict[str, Any]) -> list[dict[str, Any]]:
    """Every copy of a message with what it is called and its share; of a draft whatever can be read."""
    variants = step.get("variants", {})
    rows = []
    for name, texts in copies_in(step):
        share = variants.get(name, {}).get("share") if name in variants else None
        label = _("without the discount") if name == PLAIN else name
        if isinstance(share, int | float):
            label = _("variant %(name)s, %(share)s") % {"name": name, "share": percent(share, 1)}
        rows.append(
            {"name": name, "label": label, "texts": texts if isinstance(texts, dict) else {}}
        )
    return rows


def gate_sentences(step: dict[str, Any]) -> list[str]:
    """Whom the discount is for, in words; nothing where everybody gets it."""
    gate = step.get("where_it_pays")
    if not isinstance(gate, dict):
        return []
    rate = gate.get("explore_rate", USUALLY_EXPLORED)
    explored = percent(rate, 1) if isinstance(rate, int | float) else str(rate)
    others = (
        _("The others get the text without it.")
        if PLAIN in gate
        else _("The others get no message.")
    )
    said = _(
        "The discount goes only to those with whom the uplift model says that it pays, and to %(share)s of the "
        "others at random."
    )
    without = (
        _("Without a model everybody gets it.")
        if gate.get("without_model") == GIVE
        else _("Without a model nobody gets it.")
    )
    return [said % {"share": explored}, others, without]
