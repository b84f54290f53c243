"""The variants of a campaign: set up while it is a draft, drawn by hash, stopped one by one."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from decisions.models import Allocation
from decisions.services import receipts
from decisions.services.bandits import LEAST_SHARE
from decisions.services.draws import InShare
from decisions.services.experiments import MOST_ARMS, weighted_arm
from marketing.models import (
    Audience,
    AudienceMember,
    Campaign,
    CampaignState,
    CopyArm,
    CopyState,
    CopyVariant,
    CopyWave,
    WaveMetric,
)
from marketing.models.campaigns import FIRST_ARM
from marketing.services.campaigns.copy_facts import (
    CampaignError,
    chosen_copies,
    live_arms,
    still_used,
)
from marketing.services.content import claim_ledger
from marketing.services.content.copies import CopyError, choose_copy
from shop.models import Customer

NAMES = "ABCD"[:MOST_ARMS]
# What is in hand or still to come: a variant can be stopped in these states.
MAY_STOP = (CampaignState.APPROVED, CampaignState.SENDING, CampaignState.PAUSED)


@dataclass(frozen=True)
class Wish:
    """How a draft is to try its variants. shares: name → share, from A on without a gap; one name
    means a single text per language."""

    shares: Mapping[str, float]
    allocation: str = Allocation.FIXED
    wave_count: int = 4
    wave_hours: int = 24
    wave_metric: str = WaveMetric.PROFIT

    @property
    def columns(self) -> dict[str, Any]:
        several = len(self.shares) > 1  # with a single variant there is nothing to follow
        return {
            "copy_allocation": self.allocation if several else Allocation.FIXED,
            "wave_count": self.wave_count,
            "wave_hours": self.wave_hours,
            "wave_metric": self.wave_metric,
        }


def set_arms(campaign: Campaign, wish: Wish) -> Campaign:
    """Write the variants as wished; the same wish again changes nothing. What was chosen for one
    that is gone is a candidate again. Raises CampaignError for what cannot be, and after the draft."""
    _refuse_odd(wish)
    several = len(wish.shares) > 1
    with transaction.atomic():
        held = Campaign.objects.select_for_update().get(pk=campaign.pk)
        if not held.is_editable:
            raise CampaignError(_("Only a draft can be changed: take the campaign back first."))
        Campaign.objects.filter(pk=held.pk).update(**wish.columns)
        held.arms.exclude(name__in=wish.shares if several else []).delete()
        for name, share in wish.shares.items() if several else ():
            CopyArm.objects.update_or_create(
                campaign=held, name=name, defaults={"share": share, "stopped_at": None}
            )
        gone = held.copies.filter(state=CopyState.CHOSEN).exclude(arm__in=list(wish.shares))
        gone.update(state=CopyState.CANDIDATE, arm=FIRST_ARM)
    campaign.refresh_from_db()
    return campaign


def set_with_texts(campaign: Campaign, wish: Wish, texts: Mapping[str, Sequence[int]]) -> Campaign:
    """The variants and, by name, the keys of the texts that are chosen for them: all or nothing.

    Raises CampaignError, also for a text of another campaign and for what is not proven.
    """
    at = timezone.now()
    with transaction.atomic():
        set_arms(campaign, wish)
        for name, keys in texts.items():
            for copy in _own(campaign, keys):
                try:
                    choose_copy(copy, at=at, arm=name)
                except CopyError as error:
                    raise CampaignError(str(error)) from error
    campaign.refresh_from_db()
    return campaign


def _own(campaign: Campaign, keys: Sequence[int]) -> list[CopyVariant]:
    found = campaign.copies.in_bulk(keys)
    if len(found) < len({*keys}):
        raise CampaignError(_("One of these texts is not the campaign's."))
    return [found[key] for key in dict.fromkeys(keys)]


def wish_of(campaign: Campaign) -> Wish:
    """As it stands."""
    shares = {arm.name: arm.share for arm in campaign.arms.all()} or {FIRST_ARM: 1.0}
    return Wish(
        shares,
        campaign.copy_allocation,
        campaign.wave_count,
        campaign.wave_hours,
        campaign.wave_metric,
    )


def equal_shares(number: int) -> dict[str, float]:
    """The first names with the same share each, summing to 1 exactly."""
    share = round(1 / number, 4)
    shares = dict.fromkeys(NAMES[:number], share)
    return shares | {NAMES[number - 1]: round(1 - share * (number - 1), 4)}


def _refuse_odd(wish: Wish) -> None:
    names = list(wish.shares)
    if not 1 <= len(names) <= MOST_ARMS or names != list(NAMES[: len(names)]):
        raise CampaignError(
            _("A campaign has one to %(most)s variants, named A, B, C … in this order.")
            % {"most": MOST_ARMS}
        )
    if any(not math.isfinite(share) or share < LEAST_SHARE for share in wish.shares.values()):
        raise CampaignError(_("Every variant needs a share of 5 % or more."))
    if abs(math.fsum(wish.shares.values()) - 1) > 1e-6:
        raise CampaignError(_("The shares of the variants must add up to 100 %."))
    if wish.allocation not in Allocation.values or wish.wave_metric not in WaveMetric.values:
        raise CampaignError(_("Say whether to learn or to earn, and by what."))
    if not 2 <= wish.wave_count <= 10 or not 1 <= wish.wave_hours <= 336:
        raise CampaignError(_("Two to ten waves, 1 to 336 hours apart."))


def refuse_changed(campaign: Campaign, checked: Sequence[CopyVariant]) -> None:
    """Hold the campaign until the transaction ends, and refuse when its texts are others than those
    that were checked: who edits or chooses holds it too."""
    list(Campaign.objects.select_for_update().filter(pk=campaign.pk).values_list("pk"))

    def said(copies: Sequence[CopyVariant]) -> list[Any]:
        return [(copy.pk, copy.arm, copy.language, copy.parts) for copy in copies]

    if said(chosen_copies(campaign)) != said(checked):
        raise CampaignError(_("A text was changed at the same moment. Ask again."))


def draw(campaign: Campaign, audience: Audience) -> None:
    """Write for everybody on the fresh list which wave she is in, and for the first wave her variant.

    By hash of campaign and customer, apart from the hash of the holdout. The holdout is in waves,
    too: so each wave has its own to be compared with. Nothing where there is a single variant.
    """
    shares = {arm.name: arm.share for arm in campaign.arms.all()}
    if not shares:
        return
    waves = campaign.wave_count if campaign.earns else 1
    for number in range(2, waves + 1):
        part = audience.members.filter(
            InShare(f"campaign:{campaign.pk}:wave", F("customer__code"), number / waves)
        ).exclude(
            InShare(f"campaign:{campaign.pk}:wave", F("customer__code"), (number - 1) / waves)
        )
        part.update(wave=number)
    first = equal_shares(len(shares)) if campaign.earns else shares
    CopyWave.objects.create(audience=audience, number=1, shares=first)
    draw_wave(campaign, audience, 1, first)


def draw_wave(
    campaign: Campaign, audience: Audience, number: int, shares: Mapping[str, float]
) -> None:
    """One statement per variant. Again with the same shares it writes the same."""
    experiment = f"campaign:{campaign.pk}:variant"
    people = AudienceMember.objects.filter(
        audience=audience, wave=number, is_holdout=False, is_left_out=False
    )
    begin, names = 0.0, list(shares)
    for name in names:
        end = 1.0 if name == names[-1] else begin + shares[name]
        part = people.filter(InShare(experiment, F("customer__code"), end))
        if begin:
            part = part.exclude(InShare(experiment, F("customer__code"), begin))
        part.update(arm=name, arm_propensity=shares[name])
        begin = end


def arm_for(campaign: Campaign, customer: Customer) -> str:
    """Her variant: as drawn; before the list is frozen, as fixed shares would draw her now."""
    if campaign.audience_id:
        mine = AudienceMember.objects.filter(audience=campaign.audience_id, customer=customer.pk)
        if found := mine.values_list("arm", flat=True).first():
            return found
    shares = {arm.name: arm.share for arm in campaign.arms.all()}
    if not shares:
        return FIRST_ARM
    return weighted_arm(f"campaign:{campaign.pk}:variant", customer.code, shares)


def stop_arm(campaign: Campaign, name: str, by: Any = None) -> Campaign:
    """Send this variant to nobody any more: whoever was drawn for it and has not been written to gets
    nothing, with the reason on her row. The others go on; a paused campaign stays paused.

    Twice changes nothing. Raises CampaignError for the last one, and where nothing is under way.
    """
    with transaction.atomic():
        held = Campaign.objects.select_for_update().get(pk=campaign.pk)
        if held.state not in MAY_STOP:
            raise CampaignError(_("A variant is stopped while its campaign is under way."))
        if not held.arms.filter(name=name).exists():
            raise CampaignError(_("The campaign has no such variant."))
        names = live_arms(held)
        if name in names and len(names) < 2:
            raise CampaignError(_("It is the last variant: cancel the campaign instead."))
        if name in names:
            _stop(held, name, by)
    campaign.refresh_from_db()
    return campaign


def _stop(campaign: Campaign, name: str, by: Any) -> None:
    campaign.arms.filter(name=name).update(
        stopped_at=timezone.now(),
        stopped_by=str(by or "")[:150],
        stop_note=campaign.state_note,
    )
    claim_ledger.pulled(campaign, arm=name)
    facts = still_used(campaign.approved_facts, chosen_copies(campaign))
    Campaign.objects.filter(pk=campaign.pk).update(approved_facts=facts)
    if campaign.decision:
        receipts.log_change(campaign.decision, "variant stopped", by, after={"variant": name})


def as_json(campaign: Campaign) -> dict[str, Any]:
    """For the receipt; empty for a single variant, so that older receipts stay as they were."""
    shares = {arm.name: arm.share for arm in campaign.arms.all()}
    if not shares:
        return {}
    said = {"shares": shares, "allocation": campaign.copy_allocation}
    waves = {"waves": campaign.wave_count, "hours": campaign.wave_hours}
    return said | (waves | {"by": campaign.wave_metric} if campaign.earns else {})
