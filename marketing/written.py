"""Figures as a page writes them: rounded. Django's `number_format` cuts off, so 73.9 would read 73."""

from __future__ import annotations

from typing import Any

from django.utils.formats import number_format


def figure(value: float, digits: int, **how: Any) -> str:
    """In the reader's own spelling; never −0."""
    return number_format(round(value, digits) + 0, digits, **how)


def percent(value: float | None) -> str:
    """A share of 0 to 1, to a whole per cent; a dash where it is not known."""
    return "–" if value is None else f"{figure(100 * value, 0)} %"
