"""What holds a number of the plan, in words that a buyer knows."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from access.figures import figure
from decisions.text import render, sentence
from shop.money import format_money

WORDS = {
    "moq": gettext_noop("raised to the supplier's smallest order"),
    "pack_size": gettext_noop("rounded up to whole packs"),
    "budget": gettext_noop("the purchase budget is used up"),
    "container_litres": gettext_noop("the delivery is full (volume)"),
    "container_kg": gettext_noop("the delivery is full (weight)"),
    "shelf": gettext_noop("the warehouse is full"),
    "minimum_order": gettext_noop("raised to the supplier's minimum order value"),
}


def sentence_of(constraint: str) -> dict[str, Any]:
    """A constraint's name as a sentence to keep; the name itself where nobody has words for it."""
    return sentence(WORDS.get(constraint, constraint))


def text_of(binding: dict[str, Any]) -> str:
    """In the reader's language, with what one unit more of the limit would earn where that is known."""
    text = render(sentence_of(binding["constraint"]))
    more = binding.get("one_more_minor")
    if not more:
        return text
    return _("%(what)s; one more of it earns %(money)s") % {
        "what": text,
        "money": format_money(round(more)) if more >= 1 else figure(more, 2),
    }
