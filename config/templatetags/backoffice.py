"""Filters of the back office's own pages."""

from django import template

from decisions.text import render
from shop.money import format_money

register = template.Library()


@register.filter
def sentence(text: dict) -> str:
    """A stored message id with its parameters, in the reader's language."""
    return render(text)


@register.filter
def money(amount_minor: int | None, currency: str = "") -> str:
    return format_money(amount_minor, currency)
