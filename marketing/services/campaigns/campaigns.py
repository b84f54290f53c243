"""The way of a campaign from draft to sent. Each step is one conditional UPDATE."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from decisions.models import Decision, DecisionState
from decisions.services import jobs, receipts
from decisions.text import both, sentence
from marketing.models import (
    Audience,
    Campaign,
    CampaignItem,
    CampaignState,
    CopyState,
    CopyVariant,
    SendState,
    SkipReason,
)
from marketing.models.campaigns import TRANSITIONS, PausedBy
from marketing.planning import plan_campaign
from marketing.services.audiences.audiences import (
    NobodyMovedError,
    NobodyReachableError,
    freeze_audience,
)
from marketing.services.audiences.exclusion import lock_group, taken_members
from marketing.services.audiences.margin_floor import money_inputs, refuse_below_floor
from marketing.services.audiences.targeting import TargetingError, targeting_for
from marketing.services.campaigns import copy_arms
from marketing.services.campaigns.copy_facts import (
    CampaignError,
    approved_facts,
    changed_fact,
    chosen_copies,
    forbidden,
    verified_copies,
)
from marketing.services.campaigns.expected_units import withdraw_expected
from marketing.services.content import claim_ledger
from marketing.services.effects import results
from marketing.texts.facts import campaign_facts
from marketing.texts.ratings import states_rating
from shop.services.events.event_rows import among

KIND = "campaign"
DEADLINE = timedelta(days=7)
# Those waiting for approval are held as well, so that an approval under way reads the new fact.
MAY_GO_LIVE = (CampaignState.PROPOSED, CampaignState.APPROVED, CampaignState.SENDING)
HEADLINE = gettext_noop("Write to %(recipients)s customers: %(campaign)s")
WHY_SEGMENT = gettext_noop(
    "%(customers)s reachable customers of the segment “%(segment)s”; %(holdout)s of them get "
    "nothing, so that the effect can be measured."
)
WHY_LIST = gettext_noop(
    "%(customers)s reachable customers of the frozen list “%(segment)s”; %(holdout)s of them get "
    "nothing, so that the effect can be measured."
)


@dataclass(frozen=True)
class Reason:
    """Why a campaign is proposed: a stored sentence, where somebody had a better one."""

    why: dict


def move(campaign: Campaign, to: str, **fields: Any) -> None:
    """Compare-and-set along TRANSITIONS. Raises CampaignError when the campaign is elsewhere."""
    from_states = [state for state, ways in TRANSITIONS.items() if to in ways]
    changed = Campaign.objects.filter(pk=campaign.pk, state__in=from_states).update(
        state=to, **fields
    )
    if not changed:
        raise CampaignError(_("The campaign has moved on in the meantime."))
    campaign.refresh_from_db()


def propose_campaign(
    campaign: Campaign,
    *,
    at: datetime | None = None,
    reason: Reason | None = None,
    by: Any = None,
    progress: Callable[..., None] | None = None,
) -> Decision:
    """Freeze the audience and ask a person, who under four eyes is another one than `by`. Raises
    CampaignError with what is missing."""
    at = at or timezone.now()
    if not campaign.is_editable:
        raise CampaignError(_("Only a draft can be proposed."))
    copies = verified_copies(campaign, at)
    audience = _frozen(campaign, at, progress)
    facts = approved_facts(campaign, copies, at)
    with transaction.atomic():
        lock_group(campaign)
        copy_arms.refuse_changed(campaign, copies)
        both_lists = taken_members(campaign, at).filter(
            customer__in=audience.members.values("customer")
        )
        if campaign.exclusion_group and both_lists.exists():
            raise CampaignError(
                _("Another campaign of this group was proposed at the same moment. Ask again.")
            )
        copy_arms.draw(campaign, audience)
        move(campaign, CampaignState.PROPOSED, audience=audience, approved_facts=facts)
        decision = receipts.record_decision(
            _proposal(campaign, audience, copies=copies, reason=reason, by=by)
        )
        Campaign.objects.filter(pk=campaign.pk).update(decision=decision)
    campaign.decision = decision
    return decision


def _frozen(campaign: Campaign, at: datetime, progress: Any) -> Audience:
    """The list, drawn now. Raises CampaignError with what stands against it."""
    try:
        refuse_below_floor(campaign, at)
        return freeze_audience(campaign, targeting_for(campaign, at), progress)
    except TargetingError as error:
        raise CampaignError(_stale(error.sentence)) from error
    except NobodyMovedError as error:
        raise CampaignError(
            _("The message is expected to cost more than it brings with everybody in this segment.")
        ) from error
    except NobodyReachableError as error:
        raise CampaignError(
            _("Nobody on the frozen list has an address and agreed to be written to.")
            if campaign.frozen_audience
            else _("Nobody in this segment has an address and agreed to be written to.")
        ) from error


def take_back(campaign: Campaign, by: Any = None) -> Campaign:
    """From waiting for approval to draft, so that it can be changed; its decision is refused."""
    with transaction.atomic():
        if campaign.decision and campaign.decision.is_open:
            receipts.refuse(campaign.decision, by, note="taken back to be changed")
        else:
            move(campaign, CampaignState.DRAFT, decision=None)
    campaign.refresh_from_db()
    return campaign


def carry_out(decision: Decision, by: Any) -> None:
    """What approving does. Runs in the transaction that marks the decision approved."""
    # Held: a price that changes meanwhile waits for us and finds it live, or we wait and read it.
    [campaign] = hold(Campaign.objects.filter(decision=decision))
    try:
        refuse_below_floor(campaign, timezone.now())
    except TargetingError as error:
        raise CampaignError(_stale(error.sentence)) from error
    if changed := changed_fact(campaign, timezone.now()) or forbidden(campaign, timezone.now()):
        raise CampaignError(_stale(changed))
    move(campaign, CampaignState.APPROVED, approved_at=timezone.now(), state_note={})
    claim_ledger.publish_campaign(campaign, chosen_copies(campaign), timezone.now())
    _enqueue(campaign, by)


def put_back(decision: Decision, by: Any) -> None:
    """What refusing does: the campaign is a draft again, to be changed or cancelled."""
    campaign = Campaign.objects.filter(decision=decision).first()
    if campaign:
        move(campaign, CampaignState.DRAFT, decision=None)


def pause(campaign: Campaign, why: dict | None = None, *, by: str = PausedBy.PERSON) -> None:
    move(campaign, CampaignState.PAUSED, state_note=why or {}, paused_by=by)
    if by in (PausedBy.FACTS, PausedBy.RULES):
        claim_ledger.pulled(campaign)


def pull_untrue(variant_ids: Collection[int]) -> None:
    """Pause what is live and features one of these SKUs, where its text is not true any more.

    Runs in the transaction that changes the fact (shop/fact_listeners.py): both or neither.
    """
    featuring = CampaignItem.objects.filter(variant__in=among(variant_ids)).values("campaign")
    pull(Campaign.objects.filter(pk__in=featuring), timezone.now())


def pull_untrue_ratings(product_ids: Collection[int]) -> None:
    """As pull_untrue, where a review was published or taken away: only of texts that state a rating, so
    that moderation costs one question where there is none."""
    featuring = CampaignItem.objects.filter(variant__product__in=among(product_ids))
    stating = CopyVariant.objects.filter(
        states_rating(), state=CopyState.CHOSEN, campaign__in=featuring.values("campaign")
    )
    pull(Campaign.objects.filter(pk__in=stating.values("campaign")), timezone.now())


def pull(rows: QuerySet[Campaign], at: datetime) -> int:
    """Pause those of these campaigns that are live and not true any more. In a transaction."""
    paused = 0
    for campaign in hold(rows.filter(state__in=MAY_GO_LIVE)):
        if campaign.state == CampaignState.PROPOSED:
            continue
        if changed := changed_fact(campaign, at):
            pause(campaign, changed, by=PausedBy.FACTS)
            paused += 1
    return paused


def hold(rows: QuerySet[Campaign]) -> list[Campaign]:
    """These campaigns, in one order, locked until the transaction ends."""
    return list(rows.select_for_update().order_by("pk"))


def resume(campaign: Campaign, by: Any = None, *, at: datetime | None = None) -> None:
    """Go on after a pause with the facts of now: whoever resumes approves them."""
    with transaction.atomic():
        hold(Campaign.objects.filter(pk=campaign.pk))
        at = at or timezone.now()
        copies = verified_copies(campaign, at)
        facts = approved_facts(campaign, copies, at)
        before = campaign.approved_facts
        if campaign.decision and facts != before:
            receipts.refuse_own(campaign.decision, by)
        move(campaign, CampaignState.APPROVED, approved_facts=facts, state_note={}, paused_by="")
        claim_ledger.publish_campaign(campaign, copies, at)
        if campaign.decision:
            receipts.log_change(campaign.decision, "resumed", by, before=before, after=facts)
        _enqueue(campaign, by)


def stop(campaign: Campaign, by: Any = None) -> None:
    """Pause and cancel in one: nothing leaves after the messages in hand, and nothing ever again."""
    with transaction.atomic():
        [fresh] = hold(Campaign.objects.filter(pk=campaign.pk))
        if fresh.state in (CampaignState.APPROVED, CampaignState.SENDING):
            pause(campaign)
        cancel(campaign, by)


def cancel(campaign: Campaign, by: Any = None) -> None:
    """What waits is taken back; a draft or a proposal has nothing that waits."""
    with transaction.atomic():
        move(campaign, CampaignState.CANCELLED)
        campaign.sends.filter(state=SendState.CLAIMED).update(
            state=SendState.SKIPPED, reason=SkipReason.TAKEN_BACK
        )
        decision = campaign.decision
        if decision and decision.is_open:
            Decision.objects.filter(pk=decision.pk, state=DecisionState.PENDING).update(
                state=DecisionState.SUPERSEDED, decided_at=timezone.now(), decided_by=by
            )
        withdraw_expected(campaign)


def _enqueue(campaign: Campaign, by: Any) -> None:
    jobs.enqueue("send_campaign", {"campaign_id": campaign.pk}, requested_by=by)


def _stale(changed: dict) -> str:
    return _(changed["msgid"]) % changed["params"]


def _proposal(
    campaign: Campaign, audience: Audience, *, copies: list[CopyVariant], reason: Reason | None,
    by: Any,
) -> receipts.Proposal:  # fmt: skip
    inputs = _inputs(campaign, audience, copies)
    output = plan_campaign(inputs)
    expected = output["expected"] or {}
    why = (
        reason.why
        if reason
        else sentence(
            WHY_LIST if campaign.frozen_audience else WHY_SEGMENT,
            customers=audience.customer_count,
            segment=_meant_name(campaign),
            holdout=audience.holdout_count,
        )
    )
    return receipts.Proposal(
        kind=KIND,
        key=f"campaign:{campaign.pk}:{audience.pk}",
        subject=f"campaign:{campaign.pk}",
        headline=sentence(
            HEADLINE,
            recipients=output["recipients"],
            campaign=both(campaign.name, campaign.name_zh),
        ),
        why=why,
        inputs=inputs,
        output=output,
        expected_minor=expected.get("minor"),
        expected_low_minor=expected.get("low_minor"),
        expected_high_minor=expected.get("high_minor"),
        currency=settings.SHOP_CURRENCY,
        deadline_at=timezone.now() + DEADLINE,
        proposed_by=by,
    )


def _meant_name(campaign: Campaign) -> str:
    """A receipt keeps one name for every reader."""
    if campaign.frozen_audience or campaign.segment is None:
        return campaign.meant
    return campaign.segment.name


def _of_list(campaign: Campaign) -> dict[str, int]:
    """Only where the campaign is for a kept list: older receipts stay as they were."""
    return {"frozen_audience": campaign.frozen_audience_id} if campaign.frozen_audience_id else {}


def _inputs(campaign: Campaign, audience: Audience, copies: list[CopyVariant]) -> dict:
    at, arms = timezone.now(), copy_arms.as_json(campaign)
    return {
        "campaign": {
            "id": campaign.pk,
            "name": campaign.name,
            "goal": campaign.goal,
            "channel": campaign.channel,
            "segment": campaign.segment.code if campaign.segment else None,
            **_of_list(campaign),
            "rule": audience.rule,
            "coupon_offer": campaign.coupon_offer.label if campaign.coupon_offer else None,
            "skus": list(campaign.items.values_list("variant__sku", flat=True)),
            **({"variants": arms} if arms else {}),
        },
        "audience": {
            "id": audience.pk,
            "customers": audience.customer_count,
            "holdout": audience.holdout_count,
            "left_out": audience.left_out_count,
            "targeting": audience.targeting,
            "members_sha256": audience.members_sha256,
            "frozen_at": audience.frozen_at.isoformat(),
        },
        **money_inputs(campaign, at),
        "copies": [
            {
                "id": copy.pk,
                "language": copy.language,
                **({"arm": copy.arm} if arms else {}),
                "subject": copy.subject,
                "preheader": copy.preheader,
                "body": copy.body,
            }
            for copy in copies
        ],
        "facts": {
            copy.language: {
                fact.slot: fact.text for fact in campaign_facts(campaign, copy.language, at)
            }
            for copy in copies
        },
        "history": results.measured_effects(campaign.goal),
    }
