"""Approved clearance sales become campaign drafts: the SKU, its days and its audience are filled in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext, override

from inventory.models import ClearanceDraft
from inventory.services import clearance
from marketing.models import Campaign, CampaignItem, CampaignPlan, Goal, Segment
from marketing.services.campaigns.expected_units import publish_expected


def pick_up_clearance(progress: Callable[..., None], as_of: datetime) -> dict[str, int]:
    """One campaign draft for each approved sale that has none yet; words and people are next."""
    ready = clearance.ready_to_pick_up()
    for number, draft in enumerate(ready):
        progress(number, len(ready), draft.variant.sku)
        campaign_from_clearance(draft)
    return {"drafts": len(ready)}


def campaign_from_clearance(draft: ClearanceDraft) -> Campaign:
    """The campaign of a sale, made once however often it is asked for."""
    key = f"clearance:{draft.pk}"
    known = Campaign.objects.filter(key=key).first()
    if known is not None:
        return known
    product = draft.variant.product
    names = {}
    for language, name in (("en", product.name), ("zh-hans", product.name_zh or product.name)):
        with override(language):
            names[language] = (gettext("Sale: %(product)s") % {"product": name})[:120]
    with transaction.atomic():
        campaign = Campaign.objects.create(
            key=key,
            name=names["en"],
            name_zh=names["zh-hans"],
            goal=Goal.ANNOUNCE,
            segment=_segment(product.category),
            language="zh" if settings.LANGUAGE_CODE.startswith("zh") else "en",
            link_url=settings.STOREFRONT_URL,
        )
        CampaignItem.objects.create(campaign=campaign, variant=draft.variant, position=1)
        CampaignPlan.objects.create(campaign=campaign, **_plan(draft))
        clearance.mark_picked_up(draft, f"campaign:{campaign.pk}")
        publish_expected(campaign)
    return campaign


def _plan(draft: ClearanceDraft) -> dict[str, Any]:
    """The days of the sale, and what the elasticity says it sells beyond the usual."""
    base = draft.expected_units - draft.extra_units
    low, high = (
        round(max(bound - base, 0.0))
        for bound in (draft.expected_low_units, draft.expected_high_units)
    )
    middle = min(max(round(draft.extra_units), low), high)
    return {
        "starts_on": draft.starts_on,
        "ends_on": draft.ends_on,
        "guess_low_units": low,
        "guess_units": middle,
        "guess_high_units": high,
    }


def _segment(category: Any) -> Segment:
    """Who bought from the category; everybody where the SKU has none."""
    if category is None:
        code, rule, name = "everybody", {}, gettext("Everybody")
    else:
        code = f"bought-category-{category.pk}"
        rule = {"all": [{"field": "bought_category", "op": "is", "value": category.code}]}
        name = gettext("Bought %(category)s") % {"category": category.name}
    found, _made = Segment.objects.get_or_create(
        code=code, defaults={"name": name[:100], "rule": rule}
    )
    return found
