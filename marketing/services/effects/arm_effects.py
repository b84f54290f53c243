"""The variants of a campaign, or of a journey's step: each beside the holdout, each beside the first, and
whether the draw held.

Within a wave the variants were drawn with known chances, so each wave is judged apart and counts by its
size: what weighting everybody by one over her propensity comes to. Fixed shares are one wave.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from django.db.models import QuerySet
from django.utils.translation import gettext_noop

from decisions.services import experiments as statistics
from inventory.profit_frames import ArmSums
from marketing.definitions.journey_plan import fallback_language
from marketing.frames import copy_arms as frames
from marketing.frames import step_arms as step_frames
from marketing.frames.effects import HOLDOUT
from marketing.models import Campaign, CopyState, Journey, Send
from marketing.services.effects.effect_building import Against, Building, Part
from marketing.services.effects.effect_parts import (
    STEP_WINDOW,
    counts,
    effect_metrics,
    empty,
    pooled,
)
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
SAID = {
    statistics.WIN: BETTER,
    statistics.LOSE: WORSE,
    statistics.CANNOT_TELL: CANNOT_TELL,
    TOO_EARLY: TOO_EARLY,
    TOO_FEW: TOO_FEW,
}
Pairs = list[tuple[ArmSums, ArmSums, float]]


@dataclass(frozen=True)
class Contest:
    """Variants side by side, whatever sent them. names: the first is what the others are held against.
    live: those of which everybody drawn got hers. labels: (variant, language) → what it is called.
    fallback: the language of whoever reads none of theirs. waves: of these languages, not split
    without any."""

    names: Sequence[str]
    live: Collection[str]
    labels: Mapping[tuple[str, str], str]
    fallback: str
    sends: QuerySet[Send]
    window: timedelta
    waves: Callable[[Sequence[str]], list[frames.Wave]]


def add_arms(found: Building, contest: Contest | None) -> tuple[list[Part], list[Against]]:
    """One part per variant (and language, where texts are in several), and each against the first.
    Nothing where there is a single variant."""
    if contest is None:
        return [], []
    waves = contest.waves(())
    _add_ratio(found, waves, contest.live)
    parts = _parts(found, contest, waves)
    languages = sorted({language for _arm, language in contest.labels})
    if len(languages) > 1:
        parts += _text_parts(found, contest, contest.waves(languages), languages)
    control, *others = contest.names
    level = statistics.corrected_level(LEVEL, max(1, len(others)))
    return parts, [against(found, waves, (name, control), level) for name in others]


def campaign_contest(campaign: Campaign, until: datetime, sends: QuerySet[Send]) -> Contest | None:
    arms = list(campaign.arms.all())
    if not arms:
        return None
    return Contest(
        [arm.name for arm in arms],
        {arm.name for arm in arms if arm.stopped_at is None},
        _labels(campaign),
        campaign.language,
        sends,
        campaign.window,
        partial(frames.wave_sums, campaign, until),
    )


def step_contest(journey: Journey, step: str, until: datetime) -> Contest | None:
    """Of the live version's words, and of what earlier ones dropped."""
    found = step_frames.arms_of_step(journey, step, until)
    if found is None:
        return None
    fallback = fallback_language(next(iter(found.texts.values())))
    labels = {
        (name, language): text["subject"] or text["body"][:60]
        for name, texts in found.texts.items()
        for language, text in texts.items()
    }

    def waves(languages: Sequence[str]) -> list[frames.Wave]:
        read = {**dict.fromkeys(languages, ""), "": fallback} if languages else {}
        return step_frames.step_waves(found, until, read)

    live = {*found.names} - step_frames.pulled_arms(found)
    return Contest(found.names, live, labels, fallback, found.sends, STEP_WINDOW, waves)


def _parts(found: Building, contest: Contest, waves: Sequence[frames.Wave]) -> list[Part]:
    counted = counts(contest.sends, "arm", contest.window)
    parts = []
    for name in contest.names:
        metrics = counted.get(name) or empty()
        people = sum(wave.sums[name].customers for wave in waves if name in wave.sums)
        metrics |= {"customers": Metric("customers", people, COUNT, BY_ORDERS)}
        cost = metrics["send_cost"].value or 0.0
        pairs = _pairs(waves, name, HOLDOUT)
        metrics |= effect_metrics(pairs, cost, found.is_over, len(contest.names))
        parts.append(Part(name, contest.labels.get((name, contest.fallback), ""), metrics))
    return parts


def _text_parts(
    found: Building, contest: Contest, waves: Sequence[frames.Wave], languages: Sequence[str]
) -> list[Part]:
    """Each text against those held out who would have got one in its language."""
    texts = len(contest.labels)
    parts = []
    for (arm, language), subject in sorted(contest.labels.items()):
        if language not in languages:
            continue
        sent = contest.sends.filter(arm=arm)
        metrics = counts(sent, "language", contest.window).get(language) or empty()
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


def against(
    found: Building,
    waves: Sequence[frames.Wave],
    names: tuple[str, str],
    level: float,
    said: Mapping[str, str] | None = None,
) -> Against:
    """One against the other, in words. said: verdict, TOO_EARLY and TOO_FEW → a sentence in their place."""
    arm, control = names
    words = {**SAID, **(said or {})}
    pairs = [
        one
        for one in _pairs(waves, arm, control)
        if min(one[0].customers, one[1].customers) >= statistics.MIN_UNITS
    ]
    if not pairs:
        return Against(arm, control, statistics.CANNOT_TELL, words[TOO_FEW])
    is_revenue = any(one.unknown_cost_units for wave in waves for one in wave.sums.values())
    effect = pooled(pairs, lambda one: one.money(is_revenue=is_revenue))
    reading = statistics.read(effect, level=level)
    interval = reading.once if found.is_over else reading.always
    if interval is None or effect.error <= 0:
        return Against(arm, control, statistics.CANNOT_TELL, words[TOO_EARLY])
    smallest = reading.smallest if found.is_over else reading.smallest_always
    name = f"{arm.lower()}_less_{control.lower()}"
    found.add(name, effect.difference, MONEY, BY_ARMS, interval)
    found.add(f"{name}_smallest", smallest, MONEY, BY_POWER)
    verdict = statistics.verdict_of(interval)
    slots = {"difference": name, "smallest": f"{name}_smallest"}
    return Against(arm, control, verdict, words[verdict], slots)


def _add_ratio(found: Building, waves: Sequence[frames.Wave], live: Collection[str]) -> None:
    """Whom a message left for, against the shares of each wave. Of a stopped variant it left for fewer."""
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


def _labels(campaign: Campaign) -> dict[tuple[str, str], str]:
    """Also of a stopped variant: what it brought stays."""
    rows = campaign.copies.filter(state=CopyState.CHOSEN)
    return {(copy.arm, copy.language): copy.subject or copy.body[:60] for copy in rows}
