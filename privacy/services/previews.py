"""What an erasure would remove, empty, move and keep, before anybody decides."""

from __future__ import annotations

from typing import Any, NamedTuple

from django.apps import apps
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from privacy.registry.base import Fate
from privacy.registry.holdings import HOLDINGS
from privacy.services.obstacles import Obstacle, obstacles_to
from privacy.services.subjects import read_subject
from shop.models import Customer, Payment

COUNTED_AT_MOST = 10_000


class Line(NamedTuple):
    """rows: COUNTED_AT_MOST stands for at least so many."""

    what: Any
    rows: int
    fate: str
    why: Any


class Preview(NamedTuple):
    lines: list[Line]
    obstacles: list[Obstacle]


KEPT = pgettext_lazy("fate of data", "kept")
PAYMENTS = _(
    "The provider's number of a payment: money can only go back by it. It names nobody here."
)


def preview(customer: Customer) -> Preview:
    """One count a holding; holdings of which she has nothing are left out. Reads only."""
    subject = read_subject(customer)
    lines = []
    for holding in HOLDINGS:
        rows = holding.rows(subject).order_by()[:COUNTED_AT_MOST].count()
        if rows:
            what = apps.get_model(holding.model)._meta.verbose_name_plural
            lines.append(Line(what, rows, str(holding.fate.label), holding.why))
    lines.sort(key=lambda line: [str(one.label) for one in Fate].index(line.fate))
    paid = Payment.objects.filter(order__customer=customer)[:COUNTED_AT_MOST].count()
    if paid:
        lines.append(Line(Payment._meta.verbose_name_plural, paid, str(KEPT), PAYMENTS))
    return Preview(lines, obstacles_to(customer))
