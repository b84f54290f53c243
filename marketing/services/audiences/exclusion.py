"""Campaigns of one exclusion group share no customers while their effects are counted."""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet

from marketing.models import AudienceMember, Campaign, CampaignState

HOLDS = (
    CampaignState.PROPOSED,
    CampaignState.APPROVED,
    CampaignState.SENDING,
    CampaignState.PAUSED,
)


def taken_members(campaign: Campaign, at: datetime) -> QuerySet[AudienceMember]:
    """Members of other lists of the group that still count, held out or not: a customer who is
    held out of one campaign and written to by the other is no holdout."""
    return AudienceMember.objects.filter(
        audience__in=[one.audience_id for one in _others(campaign, at)], is_left_out=False
    )


def lock_group(campaign: Campaign) -> None:
    """Call within a transaction: two lists of one group are then accepted one after the other."""
    if campaign.exclusion_group:
        group = Campaign.objects.select_for_update().filter(
            exclusion_group=campaign.exclusion_group
        )
        list(group.order_by("pk").values_list("pk", flat=True))


def _others(campaign: Campaign, at: datetime) -> list[Campaign]:
    if not campaign.exclusion_group:
        return []
    group = Campaign.objects.filter(
        exclusion_group=campaign.exclusion_group, audience__isnull=False
    ).exclude(pk=campaign.pk)
    return [
        one
        for one in group.order_by("-pk")
        if one.state in HOLDS or (one.state == CampaignState.SENT and _still_counts(one, at))
    ]


def _still_counts(campaign: Campaign, at: datetime) -> bool:
    """Until its window ends: afterwards its figures stand."""
    return campaign.window_until is not None and campaign.window_until > at
