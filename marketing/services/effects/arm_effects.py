"""The variants of a campaign: each beside the holdout, each beside the first, and whether the draw held.

Within a wave the variants were drawn with known chances, so each wave is judged apart and counts by its
size: what weighting everybody by one over her propensity comes to. Fixed shares are one wave.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext_noop

from decisions.services import experiments as statistics
from inventory.profit_frames import ArmSums
from marketing.frames import copy_arms as frames
from marketing.frames.effects import HOLDOUT
from marketing.models import Campaign, CopyArm, CopyState
from marketing.services.effects.effect_building import Against, Building, Part
from marketing.services.effects.effect_parts import counts, effect_metrics, empty, pooled
from marketing.services.effects.metrics import (
    BY_ARMS,
    BY_ORDERS,
    BY_POWER,
    BY_SIZES,
    COUNT,
    LEVEL,
    MONEY,
    RATE,
    Metric,
)

# Below this the draw itself is broken, and no figure of the variants means anything.
BROKEN_RATIO = 0.001
BETTER = gettext_noop(
    "Variant %(arm)s brings more than %(control)s: %(difference)s per customer drawn for it."
)
WORSE = gettext_noop(
    "Variant %(arm)s brings less than %(control)s: %(difference)s per customer drawn for it."
)
CANNOT_TELL = gettext_noop(
    "Cannot tell variant %(arm)s from %(control)s: %(difference)s per customer drawn for it. So many customers "
    "would show a difference of ±%(smallest)s."
)
TOO_EARLY = gettext_noop(
    "Too early to tell variant %(arm)s from %(control)s: an interval that holds at every look needs 100 "
    "customers in each and some who ordered."
)
TOO_FEW = gettext_noop(
    "Too few customers to tell variant %(arm)s from %(control)s: 10 in each of one wave are the least."
)
BROKEN = gettext_noop(
    "The variants' sizes do not fit their shares (p = %(variant_ratio_p)s): something loses people of one "
    "variant. Do not trust the figures; look for what differs between them."
)
Pairs = list[tuple[ArmSums, ArmSums, float]]


def add_arms(found: Building, campaign: Campaign) -> tuple[list[Part], list[Against]]:
    """One part per variant (and language, where texts are in several), and each against the first.
    Nothing where there is a single variant."""
    arms = list(campaign.arms.all())
    if not arms:
        return [], []
    until = found.subject.window.until
    waves = frames.wave_sums(campaign, until)
    _add_ratio(found, waves, arms)
    parts = _parts(found, campaign, waves, arms)
    languages = _languages(campaign)
    if len(languages) > 1:
        split = frames.wave_sums(campaign, until, languages)
        parts += _text_parts(found, campaign, split, languages)
    control = arms[0].name
    others = [arm.name for arm in arms[1:]]
    level = statistics.corrected_level(LEVEL, len(others))
    return parts, [_against(found, waves, (name, control), level) for name in others]


def _parts(
    found: Building, campaign: Campaign, waves: Sequence[frames.Wave], arms: Sequence[CopyArm]
) -> list[Part]:
    counted = counts(found.subject.sends, "arm", campaign.window)
    labels = _labels(campaign)
    parts = []
    for arm in arms:
        metrics = counted.get(arm.name) or empty()
        people = sum(wave.sums[arm.name].customers for wave in waves if arm.name in wave.sums)
        metrics |= {"customers": Metric("customers", people, COUNT, BY_ORDERS)}
        cost = metrics["send_cost"].value or 0.0
        pairs = _pairs(waves, arm.name, HOLDOUT)
        metrics |= effect_metrics(pairs, cost, found.is_over, len(arms))
        parts.append(Part(arm.name, labels.get((arm.name, campaign.language), ""), metrics))
    return parts


def _text_parts(
    found: Building, campaign: Campaign, waves: Sequence[frames.Wave], languages: Sequence[str]
) -> list[Part]:
    """Each text against those held out who would have got one in its language."""
    labels, texts = _labels(campaign), len(_labels(campaign))
    parts = []
    for (arm, language), subject in sorted(labels.items()):
        if language not in languages:
            continue
        sent = found.subject.sends.filter(arm=arm)
        metrics = counts(sent, "language", campaign.window).get(language) or empty()
        pairs = _pairs(
            waves, f"{arm}{frames.JOINT}{language}", f"{HOLDOUT}{frames.JOINT}{language}"
        )
        cost = metrics["send_cost"].value or 0.0
        metrics |= effect_metrics(pairs, cost, found.is_over, texts)
        parts.append(Part(f"{arm}-{language}", subject, metrics))
    return parts


def _pairs(waves: Sequence[frames.Wave], name: str, other: str) -> Pairs:
    return [
        (wave.sums[name], wave.sums[other], float(wave.customers))
        for wave in waves
        if name in wave.sums and other in wave.sums
    ]


def _against(
    found: Building, waves: Sequence[frames.Wave], names: tuple[str, str], level: float
) -> Against:
    arm, control = names
    pairs = [
        one
        for one in _pairs(waves, arm, control)
        if min(one[0].customers, one[1].customers) >= statistics.MIN_UNITS
    ]
    if not pairs:
        return Against(arm, control, statistics.CANNOT_TELL, TOO_FEW)
    is_revenue = any(one.unknown_cost_units for wave in waves for one in wave.sums.values())
    effect = pooled(pairs, lambda one: one.money(is_revenue=is_revenue))
    reading = statistics.read(effect, level=level)
    interval = reading.once if found.is_over else reading.always
    if interval is None or effect.error <= 0:
        return Against(arm, control, statistics.CANNOT_TELL, TOO_EARLY)
    smallest = reading.smallest if found.is_over else reading.smallest_always
    name = f"{arm.lower()}_less_{control.lower()}"
    found.add(name, effect.difference, MONEY, BY_ARMS, interval)
    found.add(f"{name}_smallest", smallest, MONEY, BY_POWER)
    verdict = statistics.verdict_of(interval)
    said = {statistics.WIN: BETTER, statistics.LOSE: WORSE}.get(verdict, CANNOT_TELL)
    slots = {"difference": name, "smallest": f"{name}_smallest"}
    return Against(arm, control, verdict, said, slots)


def _add_ratio(found: Building, waves: Sequence[frames.Wave], arms: Sequence[CopyArm]) -> None:
    """Whom a message left for, against the shares of each wave. Of a stopped variant it left for fewer."""
    live = [arm.name for arm in arms if arm.stopped_at is None]
    chances = []
    for wave in waves:
        names = [name for name in wave.shares if name in live]
        sizes = [wave.written_to.get(name, 0) for name in names]
        whole = sum(wave.shares[name] for name in names)
        if len(names) < 2 or not sum(sizes):
            continue
        shares = [wave.shares[name] / whole for name in names]
        test = statistics.sample_ratio_p if found.is_over else statistics.ratio_p_always_valid
        chances.append(test(sizes, shares))
    if not chances:
        return
    # The least of several is several chances to find one.
    chance = min(1.0, min(chances) * len(chances))
    found.add("variant_ratio_p", chance, RATE, BY_SIZES)
    if chance < BROKEN_RATIO:
        found.sentences.insert(0, BROKEN)


def _languages(campaign: Campaign) -> list[str]:
    return sorted({language for _arm, language in _labels(campaign)})


def _labels(campaign: Campaign) -> dict[tuple[str, str], str]:
    """Also of a stopped variant: what it brought stays."""
    rows = campaign.copies.filter(state=CopyState.CHOSEN)
    return {(copy.arm, copy.language): copy.subject or copy.body[:60] for copy in rows}
