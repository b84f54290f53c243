"""Earn while learning: the list is written to in waves, and each wave's shares follow what those before
it brought. Thompson sampling with a floor for every variant; each draw can be computed again."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import datetime, timedelta

from django.db import transaction

from decisions.services.bandits import LEAST_SHARE, seed_of, thompson_shares
from decisions.services.experiments import Moments
from marketing.frames import copy_arms as frames
from marketing.models import AudienceMember, Campaign, CopyWave, Send, WaveMetric
from marketing.services.campaigns.copy_arms import draw_wave
from marketing.services.campaigns.copy_facts import live_arms

# Of nobody is more known than that she is in a wave: without variants everybody is in the first.
EVERYBODY = 32_767


def open_wave(campaign: Campaign) -> int:
    """Members up to this wave may be written to."""
    if not campaign.earns or campaign.audience_id is None:
        return EVERYBODY
    begun = CopyWave.objects.filter(audience=campaign.audience_id).count()
    return begun or EVERYBODY


def is_complete(campaign: Campaign) -> bool:
    """Whether no wave is to come any more."""
    begun = open_wave(campaign)
    return begun == EVERYBODY or begun >= campaign.wave_count


def next_at(campaign: Campaign) -> datetime | None:
    """When the next wave may begin; None when none is to come."""
    if is_complete(campaign):
        return None
    last = frames.waves_of(campaign)[-1]
    return frames.began(campaign, last) + timedelta(hours=campaign.wave_hours)


def open_due(campaign: Campaign, at: datetime) -> CopyWave | None:
    """Begin the next wave where its time has come and the one before has rows for all its people.

    The shares, what they were drawn from and who is drawn stand in one transaction; who comes second
    finds the wave begun.
    """
    due, audience = next_at(campaign), campaign.audience
    if due is None or audience is None or at < due or _unclaimed_before(campaign):
        return None
    evidence = evidence_of(campaign, at)
    number = open_wave(campaign) + 1
    seed = seed_of(f"campaign:{campaign.pk}:wave:{number}")
    with transaction.atomic():
        list(Campaign.objects.select_for_update().filter(pk=campaign.pk).values_list("pk"))
        if open_wave(campaign) != number - 1:
            return None
        arms = {name: evidence.get(name) for name in live_arms(campaign)}
        wave = CopyWave.objects.create(
            audience=audience,
            number=number,
            shares=_shares(arms, seed),
            evidence={name: asdict(one) if one else None for name, one in arms.items()},
            seed=seed,
            began_at=at,
        )
        draw_wave(campaign, audience, number, wave.shares)
    return wave


def replayed(wave: CopyWave) -> dict[str, float]:
    """The shares again, from what the wave says it was drawn from; the first wave's as they are."""
    if not wave.evidence:
        return dict(wave.shares)
    # A database of documents does not keep the order of names; they are drawn in the alphabet's.
    names = sorted(wave.evidence)
    arms = {name: Moments(**kept) if (kept := wave.evidence[name]) else None for name in names}
    return _shares(arms, wave.seed)


def evidence_of(campaign: Campaign, at: datetime) -> dict[str, Moments | None]:
    """Variant → what its customers brought so far, all waves together.

    Each wave is centred on the mean of its variants first: a wave that began on a better day would
    else speak for whichever variant had the larger share of it.
    """
    waves = frames.wave_sums(campaign, at)
    clicks = frames.clicked(campaign) if campaign.wave_metric == WaveMetric.CLICKED else {}
    found: dict[str, Moments | None] = {}
    for wave in waves:
        arms = _measured(campaign, wave, clicks.get(wave.number, {}))
        if len(arms) < len(wave.shares):
            continue  # somebody was drawn for nothing of it: there is no mean to compare with
        middle = sum(one.y for one in arms.values()) / len(arms)
        for name, one in arms.items():
            shifted = replace(one, y=one.y - middle)
            before = found.get(name)
            found[name] = before + shifted if before else shifted
    return found


def _measured(campaign: Campaign, wave: frames.Wave, clicks: dict[str, int]) -> dict[str, Moments]:
    arms = {name: wave.sums[name] for name in wave.shares if name in wave.sums}
    if campaign.wave_metric == WaveMetric.CLICKED:
        return {
            name: Moments.of_share(clicks.get(name, 0), one.customers) for name, one in arms.items()
        }
    if campaign.wave_metric == WaveMetric.BOUGHT:
        return {name: one.bought for name, one in arms.items()}
    is_revenue = any(one.unknown_cost_units for one in arms.values())
    return {name: one.money(is_revenue=is_revenue) for name, one in arms.items()}


def _shares(arms: dict[str, Moments | None], seed: int) -> dict[str, float]:
    return thompson_shares(dict(sorted(arms.items())), seed=seed, least=LEAST_SHARE)


def _unclaimed_before(campaign: Campaign) -> bool:
    """Counted: rows are made of nobody else, and a list of 100,000 is not looked up in another."""
    people = AudienceMember.objects.filter(
        audience=campaign.audience_id,
        is_holdout=False,
        is_left_out=False,
        wave__lte=open_wave(campaign),
    )
    return Send.objects.filter(campaign=campaign).count() < people.count()
