"""Who must know, in the same transaction, that a price or a product now says something else.

An app that shows facts registers a listener in `<app>/fact_listeners.py`; the shop knows no such app.
What a listener writes stands or falls with the change itself.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

from django.utils.module_loading import autodiscover_modules

Listener = Callable[[Collection[int]], None]
_listeners: list[Listener] = []


def register(listener: Listener) -> Listener:
    if listener not in _listeners:
        _listeners.append(listener)
    return listener


def facts_changed(variant_ids: Collection[int]) -> None:
    """Called by whoever changed a fact of these variants, inside the transaction of the change."""
    if not variant_ids:
        return
    autodiscover_modules("fact_listeners")
    for listener in _listeners:
        listener(variant_ids)
