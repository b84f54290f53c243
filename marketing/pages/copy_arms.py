"""The variants of a campaign as its page shows them: shares, texts, waves, and what came of each."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.urls import reverse

from access.figures import percent
from decisions.models import Allocation
from marketing.frames.copy_arms import began, waves_of
from marketing.models import Campaign, CopyArm, CopyState, WaveMetric
from marketing.models.campaigns import FIRST_ARM
from marketing.pages import effect_tables as tables
from marketing.pages import effects as shown
from marketing.services.campaigns.copy_arms import MAY_STOP, NAMES
from marketing.services.campaigns.copy_waves import next_at
from marketing.services.effects.effect_snapshots import effect_report


def arms_page(campaign: Campaign, at: datetime) -> dict[str, Any]:
    """`arms` has a line for the single variant, too: there it is told how to add another."""
    rows = list(campaign.arms.all())
    texts = _texts(campaign)
    return {
        "has_variants": bool(rows),
        "arms": [_line(arm, texts) for arm in rows] or [_single(texts)],
        "names": [arm.name for arm in rows],
        "may_add": len(rows) < len(NAMES),
        "may_stop": campaign.state in MAY_STOP and sum(a.stopped_at is None for a in rows) > 1,
        "allocations": Allocation.choices,
        "wave_metrics": WaveMetric.choices,
        "waves": _waves(campaign) if rows and campaign.earns else [],
        "next_wave_at": next_at(campaign) if rows and campaign.started_at else None,
        **(_outcome(campaign, at) if rows and campaign.started_at else {}),
    }


def _texts(campaign: Campaign) -> dict[str, list[tuple[str, str]]]:
    """Variant → (language, subject) of what is chosen for it."""
    found: dict[str, list[tuple[str, str]]] = {}
    for copy in campaign.copies.filter(state=CopyState.CHOSEN).order_by("language", "pk"):
        found.setdefault(copy.arm, []).append((copy.get_language_display(), str(copy)))
    return found


def _line(arm: CopyArm, texts: dict[str, list[tuple[str, str]]]) -> dict[str, Any]:
    return {
        "name": arm.name,
        "share": percent(arm.share, 1),
        "input": round(100 * arm.share, 4),
        "texts": texts.get(arm.name, []),
        "stopped_at": arm.stopped_at,
    }


def _single(texts: dict[str, list[tuple[str, str]]]) -> dict[str, Any]:
    return {
        "name": FIRST_ARM,
        "share": percent(1.0),
        "input": "100",
        "texts": texts.get(FIRST_ARM, []),
    }


def _waves(campaign: Campaign) -> list[dict[str, Any]]:
    return [
        {
            "number": wave.number,
            "began_at": began(campaign, wave) if campaign.started_at else None,
            "shares": [(name, percent(share, 1)) for name, share in sorted(wave.shares.items())],
        }
        for wave in waves_of(campaign)
    ]


def _outcome(campaign: Campaign, at: datetime) -> dict[str, Any]:
    """What the effect report says of the variants; its numbers lead there."""
    effects = effect_report(campaign, at=at).effects
    if effects is None:
        return {}
    page = reverse("admin:marketing_campaign_effects", args=[campaign.pk])
    return {
        "against": [shown.against_html(one, effects.metrics, page) for one in effects.against],
        "arm_table": tables.arm_table(effects, is_step=False),
    }
