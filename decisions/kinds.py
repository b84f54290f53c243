"""What the back office may do with each kind of decision.

An app registers its kinds in `<app>/receipts.py`; the brief and the receipt page know no app.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.module_loading import autodiscover_modules

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser

    from decisions.models import Decision


class CannotCarryOutError(Exception):
    """The decision cannot be carried out now; its text tells the person why. Nothing was written.

    For the errors of an app's `approve` and `refuse`: whoever shows decisions shows this text.
    """

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""


@dataclass(frozen=True)
class DecisionKind:
    """How one kind of decision is computed again and what approving it does.

    compute: inputs of the receipt in, output out; pure, so that a replay gives the same.
    approve: carries the decision out; called once, in the transaction that marks it approved.
    refuse:  puts back what waited for it, in the same transaction.
    edit_url: where a person changes it before approving.
    permission: what the approver needs, e.g. "inventory.change_purchaseorder".
    """

    name: str
    label: Any
    compute: Callable[[dict], Any] | None = None
    approve: Callable[[Decision, AbstractBaseUser | None], None] | None = None
    refuse: Callable[[Decision, AbstractBaseUser | None], None] | None = None
    edit_url: Callable[[Decision], str] | None = None
    permission: str = "decisions.decide_decision"


_kinds: dict[str, DecisionKind] = {}


def register(kind: DecisionKind) -> DecisionKind:
    _kinds[kind.name] = kind
    return kind


def kind_of(name: str) -> DecisionKind:
    """Raises KeyError for a kind that no installed app registered."""
    if name not in _kinds:
        autodiscover_modules("receipts")
    return _kinds[name]


def find_kind(name: str) -> DecisionKind | None:
    """For rows that outlive the app that wrote them."""
    try:
        return kind_of(name)
    except KeyError:
        return None


def all_kinds() -> list[DecisionKind]:
    autodiscover_modules("receipts")
    return sorted(_kinds.values(), key=lambda kind: kind.name)
