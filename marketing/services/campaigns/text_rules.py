"""Campaigns whose text a rule or a word of the glossary forbids by now are paused by its change."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from marketing.models import Campaign, CampaignState
from marketing.models.campaigns import PausedBy
from marketing.services.campaigns import campaigns
from marketing.services.campaigns.copy_facts import forbidden

LIVE = (CampaignState.APPROVED, CampaignState.SENDING)


def pull_forbidden(at: datetime | None = None) -> int:
    """Returns how many; twice is once. What waits for approval is asked when it is approved."""
    at, paused = at or timezone.now(), 0
    for pk in Campaign.objects.filter(state__in=LIVE).order_by("pk").values_list("pk", flat=True):
        with transaction.atomic():
            for campaign in campaigns.hold(Campaign.objects.filter(pk=pk, state__in=LIVE)):
                if why := forbidden(campaign, at):
                    campaigns.pause(campaign, why, by=PausedBy.RULES)
                    paused += 1
    return paused
