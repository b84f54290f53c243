"""Whom a campaign is for: who is in its segment now, or the members of a kept list."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, QuerySet

from marketing.definitions.rules import customers_of, sentences
from marketing.models import Audience, AudienceMember, Campaign
from shop.models import Customer


def people_on(audience: Audience) -> QuerySet[Customer]:
    """Everybody on the list, held out or not; who was erased since is not there any more."""
    member = AudienceMember.objects.filter(audience=audience, customer=OuterRef("pk"))
    return Customer.objects.filter(Exists(member.filter(is_left_out=False)))


def meant_by(campaign: Campaign) -> QuerySet[Customer]:
    """Reachable or not. A kept list's holdout is among them: it is drawn from both alike."""
    if campaign.frozen_audience:
        return people_on(campaign.frozen_audience)
    return customers_of(campaign.segment.rule if campaign.segment else {})


def rule_of(campaign: Campaign) -> dict:
    if campaign.frozen_audience:
        return campaign.frozen_audience.rule
    return campaign.segment.rule if campaign.segment else {}


def meant_in_words(campaign: Campaign) -> list[str]:
    return sentences(rule_of(campaign))
