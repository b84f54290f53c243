"""What the registry is written in: whose rows, and what becomes of them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.db.models import Model, QuerySet, TextChoices
from django.utils.translation import pgettext_lazy


class Fate(TextChoices):
    REMOVED = "removed", pgettext_lazy("fate of data", "removed")
    EMPTIED = "emptied", pgettext_lazy("fate of data", "kept without her")
    MOVED = "moved", pgettext_lazy("fate of data", "kept under a pseudonym")


@dataclass(frozen=True)
class Subject:
    """What a person is called by, as it stood when the work began.

    visitors: browsers that were nobody else's. shared: kinds of identifier that others bear too,
    which no search can tell apart.
    """

    customer_id: int
    code: str
    email: str = ""
    phone: str = ""
    name: str = ""
    push_token: str = ""
    visitors: Sequence[str] = ()
    coupons: Sequence[str] = ()
    tickets: Sequence[str] = ()
    shared: Sequence[str] = ()


Rows = Callable[[Subject], QuerySet]
# Keys of rows, and the key of the pseudonym made when it is first asked for → rows done.
Act = Callable[[Collection[Any], Callable[[], int]], int]


@dataclass(frozen=True)
class Holding:
    """Where something of a person stands, and what becomes of it.

    rows: those that are still to be done: whatever `act` has done is not among them any more.
    fields: what is emptied or changed; of what is removed, every field.
    """

    model: str
    fate: Fate
    rows: Rows
    act: Act
    why: Any
    fields: frozenset[str] = field(default_factory=frozenset)

    @property
    def model_class(self) -> type[Model]:
        return apps.get_model(self.model)


def removed(model: str, rows: Rows, why: Any) -> Holding:
    def act(keys: Collection[Any], pseudonym: Callable[[], int]) -> int:
        apps.get_model(model)._base_manager.filter(pk__in=keys).delete()
        return len(keys)

    return Holding(model, Fate.REMOVED, rows, act, why)


def emptied(model: str, rows: Rows, values: dict[str, Any], why: Any) -> Holding:
    """values: field → what stands there instead; a callable gives each row its own."""

    def act(keys: Collection[Any], pseudonym: Callable[[], int]) -> int:
        return _written(model, keys, values)

    return Holding(model, Fate.EMPTIED, rows, act, why, frozenset(values))


def moved(model: str, rows: Rows, values: dict[str, Any], why: Any) -> Holding:
    """As `emptied`, and its customer is the pseudonym from now on."""

    def act(keys: Collection[Any], pseudonym: Callable[[], int]) -> int:
        return _written(model, keys, values | {"customer_id": pseudonym()})

    return Holding(model, Fate.MOVED, rows, act, why, frozenset({*values, "customer"}))


def _written(model: str, keys: Collection[Any], values: dict[str, Any]) -> int:
    rows = apps.get_model(model)._base_manager
    alike = {name: value for name, value in values.items() if not callable(value)}
    own = {name: value for name, value in values.items() if callable(value)}
    if not own:
        return rows.filter(pk__in=keys).update(**alike)
    return sum(
        rows.filter(pk=key).update(**alike, **{name: value(key) for name, value in own.items()})
        for key in keys
    )


def of_customer(model: str, path: str = "customer_id", **without: Any) -> Rows:
    """Rows whose customer she is, by a path of keys. without: what is empty already."""

    def rows(who: Subject) -> QuerySet:
        found = apps.get_model(model)._base_manager.filter(**{path: who.customer_id})
        return found.exclude(**without) if without else found

    return rows
