"""What earlier texts on the same channel, to the same readers or for the same goal, brought: text by
text, against those held out who would have got it, and against the text that went out beside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from decisions.services import experiments as comparison
from language.figures import figures
from marketing.models import Brief, Campaign, CampaignState, CopyState, CopyVariant
from marketing.services.effects.effect_building import Effects
from marketing.services.effects.effect_snapshots import final_report
from marketing.services.effects.metrics import Metric
from marketing.texts.people import without_customers

MOST = 12  # texts
MOST_CAMPAIGNS = 20
MOST_WORDS = 90  # characters of a text that a prompt quotes
SAID = {
    comparison.WIN: "it brought more profit than no message",
    comparison.LOSE: "it brought less than no message",
}
CANNOT_TELL = "nobody can tell whether it changed anything"
BESIDE = {
    comparison.WIN: "and more than another text sent at the same time",
    comparison.LOSE: "and less than another text sent at the same time",
}


@dataclass(frozen=True)
class Experience:
    """One text. money: profit after the cost of sending, revenue where a cost is missing; orders: brought;
    both of all who got it, None without a holdout. verdict: by money. beside: against the other text of
    its campaign that it was compared with; empty where there was none, or nobody can tell."""

    campaign: Campaign
    copy: CopyVariant
    verdict: str
    money: Metric | None
    orders: Metric | None
    beside: str = ""
    has_variants: bool = False


def experience_of(brief: Brief, at: datetime) -> list[Experience]:
    """Newest first, same readers before others; only campaigns whose window has closed. Texts of the
    brief's own language before others: words do not translate."""
    found = [one for campaign in _campaigns(brief, at) for one in _texts(campaign, at)]
    found.sort(key=lambda one: one.copy.language != brief.language)  # keeps the order within
    return found[:MOST]


def in_words(found: Sequence[Experience]) -> list[str]:
    """For a prompt: what happened, without a figure and without anybody's name."""
    return [_in_words(one) for one in found]


def _campaigns(brief: Brief, at: datetime) -> list[Campaign]:
    sent = Campaign.objects.filter(channel=brief.channel, state=CampaignState.SENT)
    sent = sent.exclude(started_at=None).order_by("-pk")
    own = list(sent.filter(segment=brief.segment)[:MOST_CAMPAIGNS]) if brief.segment else []
    others = [c for c in sent.filter(goal=brief.goal)[:MOST_CAMPAIGNS] if c not in own]
    return [one for one in [*own, *others] if _is_over(one, at)][:MOST_CAMPAIGNS]


def _texts(campaign: Campaign, at: datetime) -> Iterator[Experience]:
    effects = final_report(campaign, at=at).effects
    if effects is None:
        return
    copies = list(campaign.copies.filter(state=CopyState.CHOSEN).order_by("arm", "language"))
    metrics = _metrics_by_text(effects, copies)
    beside = _beside(effects)
    for copy in copies:
        mine = metrics[copy.pk]
        profit = mine.get("incremental_profit")
        is_known = profit is not None and profit.value is not None
        money = mine.get("net_profit" if is_known else "incremental_revenue")
        yield Experience(
            campaign,
            copy,
            _verdict(money),
            money,
            mine.get("incremental_orders"),
            beside.get(copy.arm, ""),
            bool(effects.arms),
        )


def _metrics_by_text(
    effects: Effects, copies: Sequence[CopyVariant]
) -> dict[int, Mapping[str, Metric]]:
    """The part of the report that is about each text; of a single one, the whole report."""
    if len(copies) == 1:
        return {copies[0].pk: effects.metrics}
    parts = {part.key: part.metrics for part in (*effects.arms, *effects.parts)}
    found: dict[int, Mapping[str, Metric]] = {}
    for copy in copies:
        keys = (f"{copy.arm}-{copy.language}", copy.arm if effects.arms else copy.language)
        found[copy.pk] = next((parts[key] for key in keys if key in parts), {})
    return found


def _beside(effects: Effects) -> dict[str, str]:
    """Variant → win or lose, where it can be told from the first; the first from the best of the others."""
    opposite = {comparison.WIN: comparison.LOSE, comparison.LOSE: comparison.WIN}
    told = [one for one in effects.against if one.verdict in opposite]
    found = {one.arm: one.verdict for one in told}
    if told:
        worse = any(one.verdict == comparison.WIN for one in told)
        found[told[0].control] = comparison.LOSE if worse else comparison.WIN
    return found


def _verdict(money: Metric | None) -> str:
    if money is None:
        return ""
    if money.low is None or money.high is None:
        return comparison.CANNOT_TELL
    return comparison.verdict_of(comparison.Interval(money.low, money.high))


def _in_words(one: Experience) -> str:
    words = without_customers(one.copy.subject or one.copy.body)[:MOST_WORDS]
    # A figure that somebody wrote out was true of that day only.
    quoted = f" “{words}”" if words and not figures(words) else ""
    said = [SAID.get(one.verdict, CANNOT_TELL), BESIDE.get(one.beside, "")]
    goal = one.campaign.goal.replace("_", " ")
    return f"a {one.campaign.tone} text{quoted} to {goal}: {' '.join(filter(None, said))}"


def _is_over(campaign: Campaign, at: datetime) -> bool:
    return campaign.window_until is not None and campaign.window_until <= at
