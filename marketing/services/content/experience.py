"""What earlier texts on the same channel, to the same readers or for the same goal, brought.

An effect is a campaign's, against its holdout, and of its whole: the words are only a part of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from decisions.services import experiments as comparison
from marketing.models import Brief, Campaign, CampaignState
from marketing.services.effects.results import campaign_results

MOST = 5
SAID = {
    comparison.WIN: "more customers ordered than without it",
    comparison.LOSE: "fewer customers ordered than without it",
}
CANNOT_TELL = "nobody can tell whether it changed anything"


@dataclass(frozen=True)
class Experience:
    """One campaign. difference, low, high: points of customers who ordered, None without a holdout."""

    campaign: Campaign
    verdict: str
    sentence: dict
    difference: float | None = None
    low: float | None = None
    high: float | None = None


def experience_of(brief: Brief, at: datetime) -> list[Experience]:
    """Newest first, same readers before others; only campaigns whose window has closed."""
    sent = Campaign.objects.filter(channel=brief.channel, state=CampaignState.SENT)
    sent = sent.exclude(started_at=None).order_by("-pk")
    own = list(sent.filter(segment=brief.segment)[: 2 * MOST]) if brief.segment else []
    others = [c for c in sent.filter(goal=brief.goal)[: 2 * MOST] if c not in own]
    return [_of(campaign, at) for campaign in [*own, *others] if _is_over(campaign, at)][:MOST]


def in_words(found: Sequence[Experience]) -> list[str]:
    """For a prompt: what happened, without a figure and without anybody's name."""
    return [
        f"a {one.campaign.tone} text to {one.campaign.goal.replace('_', ' ')}:"
        f" {SAID.get(one.verdict, CANNOT_TELL)}"
        for one in found
    ]


def _of(campaign: Campaign, at: datetime) -> Experience:
    results = campaign_results(campaign, at)
    found = results.orders
    if found is None:
        return Experience(campaign, "", results.verdict)
    points = [round(100 * value, 1) for value in (found.difference, found.low, found.high)]
    return Experience(campaign, found.verdict, results.verdict, *points)


def _is_over(campaign: Campaign, at: datetime) -> bool:
    return campaign.window_until is not None and campaign.window_until <= at
