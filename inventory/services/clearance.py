"""Excess and expiring stock become complete sales that wait for a person. docs/clearance.md"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from decisions.models import Decision
from decisions.services.receipts import Proposal, record_decision, supersede
from decisions.text import both, sentence
from inventory.clearance_frames import Candidate, candidates
from inventory.models import ClearanceDraft, ClearanceReason, ClearanceState
from shop.models import PriceKind
from shop.services.prices import PriceTerms, set_price

KIND = "clearance"
CYCLE_DAYS = 28
MOST_DRAFTS = 20
HEADLINE = gettext_noop("Reduce %(sku)s by %(percent)s %% to %(price)s until %(until)s")
WHY_COVER = gettext_noop(
    "%(excess)s of %(units)s units of %(product)s are more than sells in %(cover)s days. The sale "
    "sells about %(sold)s units; %(audience)s customers could be told."
)
WHY_EXPIRY = gettext_noop(
    "%(excess)s of %(units)s units of %(product)s would expire unsold by %(until)s. The sale sells "
    "about %(sold)s units; %(audience)s customers could be told."
)


@dataclass(frozen=True)
class ClearanceOptions:
    """Where each number comes from stands in docs/clearance.md.

    cover_days:      stock beyond what sells in these days (nine times in ten) is excess.
    sale_days:       how long a sale runs; one of expiring goods ends before they expire.
    floor_rate:      least margin over the unit cost; expiring goods may be sold below cost.
    dead_after_days: what has not sold by then is worth salvage_rate of its cost.
    """

    cover_days: int = 90
    sale_days: int = 28
    floor_rate: float = 0.05
    expiry_floor_rate: float = -0.5
    holding_rate: float = 0.2
    dead_after_days: int = 365
    salvage_rate: float = 0.0


def propose_clearance(progress: Callable[..., None], as_of: datetime) -> dict[str, int]:
    """One draft and one decision per SKU and cycle, most money first; a second run changes nothing.

    Without a forecast, a price, a cost or an elasticity a SKU is counted, never guessed.
    """
    from inventory.ml.clearance import plan_clearance

    options = ClearanceOptions()
    found, skipped = candidates(as_of, options)
    planned = [(one, plan_clearance(one.line)) for one in found]
    worth = [(one, plan) for one, plan in planned if plan["percent"]]
    worth.sort(key=lambda pair: (-pair[1]["gain_minor"], pair[0].sku))
    kept = set()
    for number, (one, plan) in enumerate(worth[:MOST_DRAFTS]):
        progress(number, len(worth), one.sku)
        kept.add(_propose(one, plan, options).key)
    dropped = _drop_others(kept)
    return {
        "drafts": len(kept),
        "left_alone": len(planned) - len(worth),
        "dropped": dropped,
        **skipped,
    }


def carry_out(decision: Decision, by: Any) -> None:
    """What approving does: the reduced price stands in the ledger; marketing may pick it up."""
    draft = ClearanceDraft.objects.select_related("variant").get(decision=decision)
    end = timezone.make_aware(datetime.combine(draft.ends_on + timedelta(days=1), time()))
    set_price(
        draft.variant,
        draft.price_minor,
        key=f"clearance:{draft.pk}",
        source=f"clearance:{draft.pk}",
        terms=PriceTerms(kind=PriceKind.CAMPAIGN, valid_until=end, currency=draft.currency),
    )
    ClearanceDraft.objects.filter(pk=draft.pk).update(state=ClearanceState.APPROVED)


def refuse(decision: Decision, by: Any) -> None:
    ClearanceDraft.objects.filter(decision=decision).update(state=ClearanceState.REFUSED)


def ready_to_pick_up() -> list[ClearanceDraft]:
    """Approved sales that still run and that nobody tells customers about yet, oldest first."""
    found = ClearanceDraft.objects.filter(
        state=ClearanceState.APPROVED, picked_up_by="", ends_on__gt=timezone.localdate()
    )
    return list(found.select_related("variant__product").order_by("created_at")[:MOST_DRAFTS])


def mark_picked_up(draft: ClearanceDraft, by_source: str) -> bool:
    """Compare-and-set: False when somebody else made a campaign of it first."""
    free = ClearanceDraft.objects.filter(pk=draft.pk, picked_up_by="")
    return free.update(picked_up_by=by_source) == 1


def _propose(one: Candidate, plan: dict[str, Any], options: ClearanceOptions) -> ClearanceDraft:
    """The draft and its decision, once a cycle; what a person decided in it stands."""
    key = f"{one.sku}:{one.reason}:{_cycle()}"
    with transaction.atomic():
        known = ClearanceDraft.objects.filter(key=key).first()
        if known is not None:
            return known
        draft = ClearanceDraft.objects.create(key=key, **_fields(one, plan))
        draft.decision = record_decision(_proposal(draft, one, plan, options))
        draft.save(update_fields=["decision"])
    return draft


def _cycle() -> str:
    """The wall's calendar in stretches of CYCLE_DAYS: a refusal holds for one of them."""
    return str(timezone.localdate().toordinal() // CYCLE_DAYS)


def _fields(one: Candidate, plan: dict[str, Any]) -> dict[str, Any]:
    today = timezone.localdate()
    return {
        "variant_id": one.variant_id,
        "reason": one.reason,
        "excess_units": one.excess_units,
        "starts_on": today,
        "ends_on": today + timedelta(days=one.line["days"] - 1),
        "discount_percent": plan["percent"],
        "price_minor": plan["price_minor"],
        "currency": settings.SHOP_CURRENCY,
        "expected_units": plan["units"],
        "expected_low_units": plan["units_low"],
        "expected_high_units": plan["units_high"],
        "extra_units": round(max(plan["units"] - one.base_units, 0.0), 1),
        "audience_customers": one.audience_customers,
    }


def _proposal(
    draft: ClearanceDraft, one: Candidate, plan: dict[str, Any], options: ClearanceOptions
) -> Proposal:
    why = WHY_COVER if one.reason == ClearanceReason.COVER else WHY_EXPIRY
    return Proposal(
        kind=KIND,
        key=f"{KIND}:{draft.key}",
        subject=f"clearance:{draft.pk}",
        headline=sentence(
            HEADLINE,
            sku=one.sku,
            percent=plan["percent"],
            price=_money(plan["price_minor"]),
            until=draft.ends_on.isoformat(),
        ),
        why=sentence(
            why,
            excess=one.excess_units,
            units=one.line["units"],
            product=both(one.name, one.name_zh),
            cover=options.cover_days,
            until=draft.ends_on.isoformat(),
            sold=round(plan["units"]),
            audience=one.audience_customers,
        ),
        inputs={"line": one.line, "evidence": one.evidence, "options": asdict(options)},
        output=plan,
        constraints_hit=[{"constraint": name} for name in plan["bound_by"]],
        alternatives=[
            {"percent": other["percent"], "gain_minor": other["gain_minor"]}
            for other in plan["options"]
        ],
        expected_minor=plan["gain_minor"],
        expected_low_minor=plan["gain_low_minor"],
        expected_high_minor=plan["gain_high_minor"],
        currency=draft.currency,
        deadline_at=_deadline(draft.ends_on, one.line["days"]),
    )


def _deadline(ends_on: date, days: int) -> datetime:
    """A week; for goods that expire sooner, the first third of the days they have left."""
    wait = max(min(7, days // 3), 1)
    last = ends_on - timedelta(days=days - 1) + timedelta(days=wait)
    return timezone.make_aware(datetime.combine(last, time()))


def _drop_others(kept: set[str]) -> int:
    """Proposals that tonight's data no longer supports."""
    dropped = 0
    for draft in ClearanceDraft.objects.filter(state=ClearanceState.PROPOSED).exclude(key__in=kept):
        with transaction.atomic():
            supersede(f"{KIND}:{draft.key}", keep=set())
            ClearanceDraft.objects.filter(pk=draft.pk, state=ClearanceState.PROPOSED).update(
                state=ClearanceState.DROPPED
            )
        dropped += 1
    return dropped


def _money(minor: int) -> str:
    from shop.money import format_money

    return format_money(minor, settings.SHOP_CURRENCY)
