"""The deterministic draw as a condition of a query, so that a million customers are drawn where they
are: the same answer as `in_share`, customer by customer."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db.models import BooleanField, CharField, F, Func, Q, Value
from django.db.models.functions import Cast, Concat

STEPS = 2**64  # in_share reads the first eight bytes of the digest


class InShare(Func):
    """Whether `in_share(experiment, unit, rate)` holds of the unit that a column holds.

    The digest is compared as it stands with the first one that is not in the share: no database
    has to divide a number of 64 bits. SHA256 of SQLite is Django's own.
    """

    conditional = True
    output_field = BooleanField()

    def __init__(self, experiment: str, unit: Any, rate: float):
        super().__init__(unit)
        self.experiment, self.first_outside = experiment, first_outside(rate)

    def as_sql(
        self, compiler: Any, connection: Any, *_form: Any, **_context: Any
    ) -> tuple[str, tuple[Any, ...]]:
        unit, given = compiler.compile(self.source_expressions[0])
        hexed = f"{self.first_outside:016x}"
        if self.first_outside >= STEPS:
            return "(1 = 1)", ()
        if connection.vendor == "postgresql":
            digest = (
                "sha256(convert_to(%s, 'UTF8') || decode('00', 'hex') || "
                f"convert_to(({unit})::text, 'UTF8'))"
            )
            sql = f"(substring({digest} from 1 for 8) < decode(%s, 'hex'))"
            return sql, (self.experiment, *given, hexed)
        sql = f"(substr(SHA256(%s || char(0) || {unit}), 1, 16) < %s)"
        return sql, (self.experiment, *given, hexed)


def first_outside(rate: float) -> int:
    """The lowest n with n / 2^64 ≥ rate, by the division that `position` makes."""
    low, high = 0, STEPS
    while low < high:
        middle = (low + high) // 2
        if middle / STEPS < rate:
            low = middle + 1
        else:
            high = middle
    return low


def outside_global_holdout() -> Any:
    """Customers who are not kept out of everything, as a condition on Customer; None: nobody is."""
    rate = settings.EXPERIMENT_HOLDOUT_RATE
    if rate <= 0:
        return None
    unit = Concat(Value("customer:"), Cast(F("pk"), CharField()))
    return ~Q(InShare(f"holdout:{settings.EXPERIMENT_HOLDOUT_KEY}", unit, rate))
