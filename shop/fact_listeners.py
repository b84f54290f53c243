"""Who must know, in the same transaction, that a price, a product or a rating now says something else.

An app that shows facts registers a listener in `<app>/fact_listeners.py`; the shop knows no such app.
What a listener writes stands or falls with the change itself.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import cache

from django.utils.module_loading import autodiscover_modules

Listener = Callable[[Collection[int]], None]
_listeners: list[Listener] = []
_of_ratings: list[Listener] = []


def register(listener: Listener) -> Listener:
    """It is told the keys of variants."""
    return _added(listener, _listeners)


def register_of_ratings(listener: Listener) -> Listener:
    """It is told the keys of products. Apart from the others: reviews come far more often than prices,
    and concern only who states a rating."""
    return _added(listener, _of_ratings)


def facts_changed(variant_ids: Collection[int]) -> None:
    """Called by whoever changed a fact of these variants, inside the transaction of the change."""
    _tell(_listeners, variant_ids)


def ratings_changed(product_ids: Collection[int]) -> None:
    """Called by whoever published or took away reviews of these products, inside that transaction."""
    _tell(_of_ratings, product_ids)


def _added(listener: Listener, to: list[Listener]) -> Listener:
    if listener not in to:
        to.append(listener)
    return listener


def _tell(listeners: list[Listener], keys: Collection[int]) -> None:
    if not keys:
        return
    _find_listeners()
    for listener in listeners:
        listener(keys)


@cache
def _find_listeners() -> None:
    """Once a process: to look in every app takes longer than to moderate a review."""
    autodiscover_modules("fact_listeners")
