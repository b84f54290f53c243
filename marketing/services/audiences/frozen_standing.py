"""How a kept list stands now: who of it is still there, left the segment, and may be written to.

The list itself never changes; this is counted anew for each reader of a small shop, and by a job
in a larger one.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef
from django.utils import timezone

from decisions.services import snapshots
from marketing.definitions.readers import people_on
from marketing.definitions.rules import RuleError, customers_of, reachable
from marketing.models import Audience, AudienceMember, Channel
from marketing.services.customers.cohort_snapshots import shown_or_none
from shop.models import Customer

KIND = "count_frozen"


def subject_of(audience: Audience) -> str:
    return f"frozen:{audience.pk}"


def standing(audience: Audience, at: datetime | None = None) -> snapshots.Shown | None:
    """members: still in the shop. left: of them, meet the rule no more (None: `why_not_left` says
    why). reachable: per channel, of those not held out. None: nobody has counted it yet."""
    return shown_or_none(subject_of(audience), _count(audience), at or timezone.now())


def ask_refresh(audience: Audience, by: Any = None) -> bool:
    return snapshots.ask_refresh(KIND, subject_of(audience), {"audience": audience.pk}, by)


def refresh(audience_id: int, at: datetime | None = None) -> dict[str, Any]:
    """The handler of the job, and the last step of freezing. A list that is gone is not counted."""
    audience = Audience.objects.filter(pk=audience_id).first()
    if audience is None:
        return {"counted": False}
    row = snapshots.take(subject_of(audience), _count(audience), at or timezone.now())
    return {"counted": True, "seconds": round(row.seconds, 1)}


def _count(audience: Audience) -> snapshots.Count:
    def count(at: datetime) -> dict[str, Any]:
        people = people_on(audience)
        not_held = AudienceMember.objects.filter(
            audience=audience, is_holdout=False, customer=OuterRef("pk")
        )
        recipients = Customer.objects.filter(Exists(not_held))
        found = {"members": people.count(), "left": None, "why_not_left": ""}
        try:
            meets = customers_of(audience.rule).filter(pk=OuterRef("pk"))
            found["left"] = people.filter(~Exists(meets)).count()
        except RuleError as error:  # a persona or field that the rule named is gone
            found["why_not_left"] = str(error)
        return found | {
            "reachable": {name: reachable(recipients, name).count() for name in Channel.values}
        }

    return count
