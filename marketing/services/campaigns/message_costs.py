"""What a message of a campaign will cost, before it is written to anybody."""

from __future__ import annotations

from datetime import datetime

from marketing.delivery.costs import cost_minor
from marketing.models import Campaign, Channel, CopyState
from marketing.services.content.copies import review_of
from marketing.texts.facts import campaign_facts


def cost_per_message_minor(campaign: Campaign, at: datetime) -> int:
    """Of an SMS, the dearest of its texts at the longest real values."""
    if campaign.channel != Channel.SMS:
        return cost_minor(campaign.channel)
    parts = [1]
    for copy in campaign.copies.filter(state=CopyState.CHOSEN):
        found = review_of(copy, campaign_facts(campaign, copy.language, at)).sms
        parts += [found.parts] if found else []
    return cost_minor(Channel.SMS, max(parts))
