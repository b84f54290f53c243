"""What stands in each placement now: its row and its rules, as the calculation wants them."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from decisions.models import Experiment
from recommendations.kept import changes
from recommendations.ml.chains import ORDER
from recommendations.ml.policy import Settings
from recommendations.ml.rules import EVERYTHING
from recommendations.models import Placement, Rule
from recommendations.services import mapped_models
from recommendations.services.live_model import Named, named_runs
from recommendations.services.meaning.resolving import (
    Matched,
    Meaning,
    Resolved,
    meaning_of,
    resolved,
    within_of,
)
from recommendations.services.trials import running_trials, runs_of

KEPT_SECONDS = 1.0
# How long it holds which products a rule can mean: the gates look at each of them anyway.
MATCHED_SECONDS = 30.0
# Rules that are about to begin are read along, and those that ended just now.
AROUND = timedelta(minutes=1)
MOST_RULES = 1_000
RATES = ("diversity_rate", "exploration_rate", "margin_rate", "stock_rate")


@dataclass
class Standing:
    """All placements, rules and running experiments as they were read.

    rules: on, and in force at some time within AROUND of the moment that they were read for. arms: the
    models that experiments serve. made: settings by placement and the keys of the rules in force.
    """

    rows: dict[str, Settings]
    rules: list[Resolved]
    trials: dict[str, Experiment]
    arms: dict[int, Named]
    made: dict[tuple[str, tuple[int, ...]], Settings] = field(default_factory=dict)


@dataclass(frozen=True)
class _Kept:
    """until: on the monotonic clock. at_change: what was changed in this process by then."""

    standing: Standing
    read_for: datetime
    until: float
    at_change: int

    def holds(self, at: datetime) -> bool:
        return self.at_change == changes() and abs(at - self.read_for) < AROUND


@dataclass(frozen=True)
class _Matches:
    found: dict[Meaning, Matched]
    until: float
    at_change: int


_kept: _Kept | None = None
_matches: _Matches | None = None
_reading = threading.Lock()


def make_placements(using: str = "default", model: type[Placement] = Placement) -> None:
    """A row for each code that has none yet; a row that is there stays as it is."""
    rows = [model(code=code) for code in ORDER]
    model.objects.using(using).bulk_create(rows, ignore_conflicts=True)


def settings_at(placement: str, at: datetime) -> Settings:
    """The placement's settings with the rules that stand there at that time.

    Read once a second in a process by one of those who ask, and again at once after a change made
    in it.
    """
    standing = _standing(at)
    row = standing.rows.get(placement) or Settings(placement, ORDER[placement])
    rules = [one for one in standing.rules if _stands(one.rule, placement, at)]
    if not rules:
        return row
    key = (placement, tuple(one.wanted.pk for one in rules))
    made = standing.made.get(key)
    if made is None:
        made = standing.made[key] = _with_rules(row, rules)
    return made


def _with_rules(settings: Settings, rules: list[Resolved]) -> Settings:
    pairs = [(one.wanted, one.matched) for one in rules]
    plain = [pair for pair in pairs if not pair[0].is_of_page]
    return replace(
        settings, rules=tuple(rule for rule, _products in pairs), within=within_of(plain)
    )


def experiment_at(placement: str, at: datetime) -> Experiment | None:
    """What runs in this placement, as it was about a second ago.

    It begins in this process once its models are here: until then nobody is in an arm that could not
    be shown to her, and nobody in the others either.
    """
    standing = _standing(at)
    found = standing.trials.get(placement)
    if found is None or not standing.arms:
        return found
    arms = (standing.arms.get(run) for run in runs_of([found]))
    awaited = any(named and mapped_models.is_awaited(named) for named in arms)
    return None if awaited else found


def run_of_arm(run_id: int, at: datetime) -> Named | None:
    """The model that an arm names; None where it is gone."""
    return _standing(at).arms.get(run_id)


def with_arm(settings: Settings, arm: Mapping[str, Any]) -> Settings:
    """The placement's settings with those of an experiment's arm laid over them."""
    rates: dict[str, Any] = {name: float(arm[name]) for name in RATES if name in arm}
    rules = () if arm.get("rules") is False else settings.rules
    within = settings.within if rules else EVERYTHING
    return replace(settings, **rates, rules=rules, within=within)


def settings_with(
    placement: str,
    at: datetime,
    *,
    row: Placement | None = None,
    rules: Iterable[Rule] | None = None,
) -> Settings:
    """For a preview: as `settings_at`, with unsaved settings or rules in the place of those saved.

    rules: all that are to stand, for this placement or for all; those switched off or outside
    their window at `at` are left out.
    """
    settings = settings_at(placement, at)
    if row is not None:
        settings = replace(_settings_of(row), rules=settings.rules, within=settings.within)
    if rules is not None:
        standing = [rule for rule in rules if _stands(rule, placement, at)]
        settings = _with_rules(settings, resolved(standing))
    return settings


def _standing(at: datetime) -> Standing:
    """One of those who ask reads anew; the others go on with what there is as long as it holds."""
    kept = _kept
    holds = kept is not None and kept.holds(at)
    if kept and holds and kept.until > time.monotonic():
        return kept.standing
    if not _reading.acquire(blocking=not holds):
        assert kept is not None
        return kept.standing
    try:
        now_kept = _kept  # read by whom one waited for?
        if now_kept and now_kept.holds(at) and now_kept.until > time.monotonic():
            return now_kept.standing
        return _read(at)
    finally:
        _reading.release()


def _read(at: datetime) -> Standing:
    global _kept
    at_change = changes()
    rows = {row.code: _settings_of(row) for row in Placement.objects.filter(code__in=ORDER)}
    rules = Rule.objects.around(at, AROUND).select_related("placement", "attribute")
    # A few more than may be kept: two that were saved at one moment were each the last.
    found = list(rules.order_by("pk")[: MOST_RULES + MOST_RULES // 10])
    trials = running_trials(timezone.now())
    standing = Standing(rows, _resolved(found), trials, named_runs(runs_of(trials.values())))
    mapped_models.keep(standing.arms.values())
    _kept = _Kept(standing, at, time.monotonic() + KEPT_SECONDS, at_change)
    return standing


def _resolved(rules: list[Rule]) -> list[Resolved]:
    """With what the rules mean as it was found at most MATCHED_SECONDS ago."""
    global _matches
    kept, now = _matches, time.monotonic()
    if kept is None or kept.until <= now or kept.at_change != changes():
        kept = _Matches({}, now + MATCHED_SECONDS, changes())
    found = resolved(rules, kept.found)
    matched = {meaning_of(one.wanted): one.matched for one in found if one.matched}
    _matches = replace(kept, found=matched)
    return found


def _settings_of(row: Placement) -> Settings:
    return Settings(
        row.code,
        tuple(row.sources) or ORDER[row.code],
        row.diversity_rate,
        row.exploration_rate,
        row.margin_rate,
        row.hide_bought_days,
        stock_rate=row.stock_rate,
    )


def _stands(rule: Rule, placement: str, at: datetime) -> bool:
    if not rule.is_on or (rule.placement is not None and rule.placement.code != placement):
        return False
    begun = rule.starts_at is None or rule.starts_at <= at
    return begun and (rule.ends_at is None or rule.ends_at > at)
