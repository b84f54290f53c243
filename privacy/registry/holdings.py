"""Every place where something of a person stands that a key or a name leads to.

What no key leads to, her name in a text, is searched for: privacy/registry/texts.py.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from django.contrib.admin.models import LogEntry
from django.db.models import CharField, Q, QuerySet, Value
from django.db.models.functions import Cast, Concat
from django.utils.translation import gettext_lazy as _

from decisions.models import Decision
from marketing.models import TierMove
from privacy.registry.base import Fate, Holding, Subject, emptied, of_customer, removed
from privacy.registry.shop_holdings import BEHAVIOUR_HOLDINGS, SHOP_HOLDINGS
from shop.services.erased import ledgers_forget
from support.models import Ticket

COMPUTED = _("Computed about her.")
WRITTEN = _("What was sent to her, and what she did with it.")
GROUPED = _("That she belonged to a group of customers.")


def _tickets(who: Subject) -> QuerySet:
    hers = Q(customer_id=who.customer_id)
    return Ticket.objects.filter(hers | Q(email__iexact=who.email) if who.email else hers)


def _receipts(who: Subject) -> QuerySet:
    about = [f"customer:{who.code}"]
    about += [f"visitor:{visitor}" for visitor in who.visitors]
    about += [f"ticket:{number}" for number in who.tickets]
    return Decision.objects.filter(subject__in=[one[:120] for one in about])


def _staff_log(who: Subject) -> QuerySet:
    return LogEntry.objects.filter(
        content_type__app_label="shop",
        content_type__model="customer",
        object_id=str(who.customer_id),
    )


def _hand_over_moves(keys: Collection[Any], pseudonym: Callable[[], int]) -> int:
    """Through the door of the ledger (marketing, migration 0025): only whose they are changes."""
    hers = {"customer_id": pseudonym(), "key": Concat(Value("erased:"), Cast("pk", CharField()))}
    with ledgers_forget():
        return TierMove.objects.filter(pk__in=keys).update(**hers)


def _by_customer(model: str, why: object) -> Holding:
    return removed(model, of_customer(model), why)


HOLDINGS: list[Holding] = [
    _by_customer("marketing.Send", WRITTEN),
    _by_customer("marketing.Enrolment", WRITTEN),
    _by_customer("recommendations.PublishedList", COMPUTED),
    *BEHAVIOUR_HOLDINGS,
    _by_customer("marketing.SegmentMember", GROUPED),
    _by_customer("marketing.SegmentChange", GROUPED),
    _by_customer("marketing.AudienceMember", GROUPED),
    _by_customer("marketing.PersonaMember", GROUPED),
    _by_customer("marketing.TierMembership", GROUPED),
    Holding(
        "marketing.TierMove",
        Fate.MOVED,
        of_customer("marketing.TierMove"),
        _hand_over_moves,
        _("What a tier programme cost and brought is counted by them; under a pseudonym."),
        frozenset({"customer", "key"}),
    ),
    _by_customer("marketing.CustomerProfile", COMPUTED),
    _by_customer("marketing.CustomerPrediction", COMPUTED),
    _by_customer("marketing.RefillRhythm", COMPUTED),
    _by_customer("support.CustomerExperience", COMPUTED),
    _by_customer("marketing.Suppression", _("Her address is kept as a hash instead.")),
    removed("decisions.Decision", _receipts, _("Receipts of what was decided for her.")),
    removed("support.Ticket", _tickets, _("Her questions, the answers, drafts and hand-offs.")),
    emptied(
        "admin.LogEntry",
        _staff_log,
        {"object_repr": "", "object_id": None, "change_message": ""},
        _("Who of the staff changed something stays; on whom it was does not."),
    ),
    *SHOP_HOLDINGS,
]
# Rows that go with the row they hang on.
GO_WITH = {
    "support.Message": "support.Ticket",
    "support.Draft": "support.Ticket",
    "support.Handoff": "support.Ticket",
    "support.ConversationScore": "support.Ticket",
    "decisions.DecisionChange": "decisions.Decision",
    "recommendations.Recommendation": "decisions.Decision",
    "marketing.StepVisit": "marketing.Enrolment",
    "marketing.JourneyFault": "marketing.Enrolment",
}
