"""The night's campaign drafts: at most one per goal and week, copy drafted and checked, for a person."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Count
from django.utils import timezone
from django.utils.translation import gettext_noop

from decisions.text import sentence
from marketing.definitions.readers import meant_by
from marketing.definitions.rules import customers_of, reachable
from marketing.models import Campaign, CampaignItem, CampaignState, CopyState, Goal, Segment
from marketing.services.audiences import segments
from marketing.services.campaigns import campaigns
from marketing.services.content import copies
from shop.models import OrderLine, Variant
from shop.services.prices import prices_at

# Under this many recipients a campaign is a letter; the draft is kept, nobody is asked to approve.
MIN_RECIPIENTS = 20
FEATURED = 2
BESTSELLERS_OF_DAYS = 90
RANKED = 100

WHY_WIN_BACK = gettext_noop(
    "%(customers)s reachable customers used to come back, half of them within %(typical)s days, and "
    "have been silent for more than %(border)s: four of five who ever return had done so by then."
)
WHY_SECOND_ORDER = gettext_noop(
    "%(customers)s reachable customers ordered once within the last %(border)s days; half of those "
    "who come back do so within %(typical)s days."
)
NO_SEGMENT = gettext_noop("the segment is empty")
NO_PRODUCT = gettext_noop("no bestseller is in stock and has a price")
NO_COPY = gettext_noop("no text passed the check")
TOO_FEW = gettext_noop("draft kept: too few customers have an address and agreed")
PROPOSED = gettext_noop("waiting for approval")


@dataclass(frozen=True)
class Occasion:
    goal: str
    segment: str
    name: str
    name_zh: str
    why: str


OCCASIONS = [
    Occasion(Goal.WIN_BACK, "at-risk", "Welcome back", "欢迎回来", WHY_WIN_BACK),
    Occasion(Goal.SECOND_ORDER, "new", "A second order", "第二份心意", WHY_SECOND_ORDER),
]


def propose_campaigns(progress: Callable[..., None], as_of: datetime) -> dict:
    """One line per occasion: proposed, kept as a draft, or why there is nothing to say."""
    outcome = {}
    for number, occasion in enumerate(OCCASIONS):
        progress(number, len(OCCASIONS), occasion.name)
        outcome[occasion.goal] = _propose(occasion, as_of)
    progress(len(OCCASIONS), len(OCCASIONS))
    return outcome


def bestsellers(as_of: datetime, at: datetime, limit: int = FEATURED) -> list[Variant]:
    """SKUs that most customers ordered lately, that can be sold now and have a price: of each product
    the first, or a text would recommend it beside itself."""
    lines = (
        OrderLine.objects.sold()
        .filter(
            order__placed_at__gte=as_of - timedelta(days=BESTSELLERS_OF_DAYS),
            order__placed_at__lt=as_of,
        )
        .order_by()
        .values("variant")
        .annotate(buyers=Count("order__customer", distinct=True))
        .order_by("-buyers", "variant")
    )
    # Rank first, then ask what can be sold: the other way round asks the stock for every line.
    ranked = [row["variant"] for row in lines[:RANKED]]
    sellable = Variant.objects.sellable(at).in_bulk(ranked)
    priced = prices_at(sellable, at)
    first: dict[int, Variant] = {}
    for pk in ranked:
        if pk in sellable and pk in priced:
            first.setdefault(sellable[pk].product_id, sellable[pk])
    return list(first.values())[:limit]


def _propose(occasion: Occasion, as_of: datetime) -> str:
    at = timezone.now()
    week = f"{as_of:%G-W%V}"
    key = f"night:{occasion.goal}:{week}"
    campaign = Campaign.objects.filter(key=key).first()
    if campaign is None:
        segment = Segment.objects.filter(code=occasion.segment).first()
        if segment is None or not customers_of(segment.rule).exists():
            return NO_SEGMENT
        featured = bestsellers(as_of, at)
        if not featured:
            return NO_PRODUCT
        campaign = _draft(key, occasion, segment, featured)
    if not campaign.is_editable:
        return str(campaign.state)
    return _ask(campaign, occasion, as_of, at)


def _ask(campaign: Campaign, occasion: Occasion, as_of: datetime, at: datetime) -> str:
    """Draft copy once, then ask a person, unless one refused this very campaign before."""
    if not campaign.copies.exists():
        copies.draft_copies(campaign, seed=campaign.pk, at=at)
    if not campaign.copies.filter(state=CopyState.CHOSEN).exists():
        copies.choose_first_proven(campaign, at)
    if campaign.language not in {copy.language for copy in campaigns.chosen_copies(campaign)}:
        return NO_COPY
    _clear_older(campaign)
    if campaign.audience_id is not None:
        return str(campaign.state)  # it was proposed and taken back: a person has it now
    people = reachable(meant_by(campaign), campaign.channel).count()
    if people < MIN_RECIPIENTS:
        return TOO_FEW
    campaigns.propose_campaign(campaign, at=at, reason=_reason(occasion, as_of, people))
    return PROPOSED


def _draft(key: str, occasion: Occasion, segment: Segment, featured: list[Variant]) -> Campaign:
    with transaction.atomic():
        campaign, created = Campaign.objects.get_or_create(
            key=key,
            defaults={
                "name": occasion.name,
                "name_zh": occasion.name_zh,
                "goal": occasion.goal,
                "segment": segment,
                "language": "zh" if settings.LANGUAGE_CODE.startswith("zh") else "en",
                "link_url": settings.STOREFRONT_URL,
            },
        )
        if created:
            CampaignItem.objects.bulk_create(
                CampaignItem(campaign=campaign, variant=variant, position=position)
                for position, variant in enumerate(featured, start=1)
            )
    return campaign


def _clear_older(campaign: Campaign) -> None:
    """Last week's draft of the same occasion makes room; what a person approved goes its way."""
    older = Campaign.objects.filter(
        key__startswith=f"night:{campaign.goal}:",
        state__in=[CampaignState.DRAFT, CampaignState.PROPOSED],
        pk__lt=campaign.pk,
    )
    for one in older[:50]:
        campaigns.cancel(one)


def _reason(occasion: Occasion, as_of: datetime, people: int) -> campaigns.Reason | None:
    limits = segments.shop_rhythm(as_of)
    if limits is None:
        return None
    return campaigns.Reason(
        sentence(
            occasion.why,
            customers=people,
            typical=round(limits.typical_gap_days),
            border=round(limits.at_risk_after_days),
        )
    )
