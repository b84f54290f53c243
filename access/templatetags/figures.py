"""Figures in templates, as access.figures writes them; Django's `floatformat` stands in none."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import template

from access import figures

register = template.Library()


@register.filter
def rounded(value: Any, digits: int = 0) -> str:
    """`{{ days|rounded:1 }}`; empty for what is no number, a dash for what is not known."""
    return figures.figure(value, digits) if _is_figure(value) else ""


@register.filter
def points(share: Any, digits: int = 0) -> str:
    """A share of 0 to 1 in hundredths: `{{ rate|points }} %`."""
    return figures.points(share, digits) if _is_figure(share) else ""


def _is_figure(value: Any) -> bool:
    is_number = isinstance(value, int | float | Decimal) and not isinstance(value, bool)
    return value is None or is_number
