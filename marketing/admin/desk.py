"""What the buttons of the campaign page do. Each calls one service and says what happened."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from django.conf import settings
from django.http import QueryDict
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _

from decisions.services import jobs, receipts
from marketing.models import Campaign, CopyVariant
from marketing.models.campaigns import FIRST_ARM
from marketing.services.campaigns import campaigns, copy_arms, proposal_jobs
from marketing.services.content import copies
from marketing.services.sending import channel_health, sends

Verb = Callable[[Campaign, Any, QueryDict], str]


def link(url: str, text: Any) -> str:
    return format_html('<a href="{}" class="font-semibold">{}</a>', url, text)


def draft(campaign: Campaign, by: Any, data: QueryDict) -> str:
    """Templates answer at once; an endpoint may take a minute, so a worker asks it."""
    seed = campaign.copies.count() + 1
    if settings.TEXT_PROVIDER_URL:
        payload = {"campaign_id": campaign.pk, "seed": seed}
        jobs.enqueue(
            "draft_copies", payload, key=f"draft_copies:{campaign.pk}:{seed}", requested_by=by
        )
        return _("The texts are being written; reload the page in a minute.")
    written = copies.draft_copies(campaign, seed=seed)
    return _("%(count)s texts drafted.") % {"count": len(written)}


def choose(campaign: Campaign, by: Any, data: QueryDict) -> str:
    arm = data.get("arm") or FIRST_ARM
    copies.choose_copy(_copy(campaign, data), at=timezone.now(), arm=arm)
    return _("Chosen.")


def edit(campaign: Campaign, by: Any, data: QueryDict) -> str:
    copy = copies.edit_copy(
        _copy(campaign, data),
        subject=data.get("subject", ""),
        preheader=data.get("preheader", ""),
        body=data.get("body", ""),
        at=timezone.now(),
    )
    if copy.state == "refused":
        raise copies.CopyError(_("Kept, but refused: it states something that no fact supports."))
    return _("Saved, and every claim is proven.")


def variants(campaign: Campaign, by: Any, data: QueryDict) -> str:
    """The form of the variants: shares in per cent, by name."""
    names = copy_arms.wish_of(campaign).shares
    shares = {name: _number(data, f"share_{name}") / 100 for name in names}
    wish = copy_arms.Wish(
        shares if len(names) > 1 else dict(names),
        data.get("allocation", ""),
        int(_number(data, "wave_count")),
        int(_number(data, "wave_hours")),
        data.get("wave_metric", ""),
    )
    copy_arms.set_arms(campaign, wish)
    return _("Saved.")


def add_variant(campaign: Campaign, by: Any, data: QueryDict) -> str:
    return _resize(campaign, 1)


def drop_variant(campaign: Campaign, by: Any, data: QueryDict) -> str:
    return _resize(campaign, -1)


def _resize(campaign: Campaign, by: int) -> str:
    wish = copy_arms.wish_of(campaign)
    number = min(len(copy_arms.NAMES), max(1, len(wish.shares) + by))
    copy_arms.set_arms(campaign, replace(wish, shares=copy_arms.equal_shares(number)))
    return _("%(count)s variants, with equal shares.") % {"count": number}


def stop_variant(campaign: Campaign, by: Any, data: QueryDict) -> str:
    name = data.get("arm", "")
    copy_arms.stop_arm(campaign, name, by)
    return _("Variant %(arm)s is stopped: whoever was drawn for it gets nothing more.") % {
        "arm": name
    }


def propose(campaign: Campaign, by: Any, data: QueryDict) -> str:
    decision = proposal_jobs.ask_proposed(campaign, by)
    if decision is None:
        return _("The list is being written; this page follows it.")
    return _("Waiting for approval: %(what)s") % {"what": decision}


def approve(campaign: Campaign, by: Any, data: QueryDict) -> str:
    receipts.approve(_decision(campaign), by)
    return _("Approved. The mails are on their way.")


def take_back(campaign: Campaign, by: Any, data: QueryDict) -> str:
    campaigns.take_back(campaign, by)
    return _("Taken back; it is a draft again.")


def pause(campaign: Campaign, by: Any, data: QueryDict) -> str:
    campaigns.pause(campaign)
    return _("Paused: nothing more is sent after the mails in hand.")


def resume(campaign: Campaign, by: Any, data: QueryDict) -> str:
    campaigns.resume(campaign, by)
    return _("Going on with what the facts say now.")


def stop(campaign: Campaign, by: Any, data: QueryDict) -> str:
    campaigns.stop(campaign, by)
    return _("Stopped: nothing more is sent after the messages in hand.")


def cancel(campaign: Campaign, by: Any, data: QueryDict) -> str:
    campaigns.cancel(campaign, by)
    return _("Cancelled.")


def reopen(campaign: Campaign, by: Any, data: QueryDict) -> str:
    """Of the whole channel: other campaigns and journeys go on as well."""
    if not channel_health.open_again(campaign.channel):
        return _("It is open already.")
    sends.continue_campaigns()
    return _("Open again: one more message after another is tried.")


VERBS: dict[str, Verb] = {
    "draft": draft,
    "choose": choose,
    "edit": edit,
    "variants": variants,
    "add_variant": add_variant,
    "drop_variant": drop_variant,
    "stop_variant": stop_variant,
    "propose": propose,
    "approve": approve,
    "take_back": take_back,
    "pause": pause,
    "resume": resume,
    "stop": stop,
    "cancel": cancel,
    "reopen": reopen,
}


def _copy(campaign: Campaign, data: QueryDict) -> CopyVariant:
    number = data.get("copy", "")
    return get_object_or_404(campaign.copies, pk=int(number) if number.isdecimal() else 0)


def _number(data: QueryDict, name: str) -> float:
    """Raises CampaignError for what is no number; the service judges how large it may be."""
    try:
        number = float(data.get(name, "").replace(",", "."))
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise campaigns.CampaignError(_("Enter numbers only."))
    return number


def _decision(campaign: Campaign) -> Any:
    if campaign.decision is None:
        raise campaigns.CampaignError(_("The campaign has moved on in the meantime."))
    return campaign.decision
