"""How the arms of an experiment stood when they were counted last: moments, kept as JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

import msgspec

from decisions.models import Experiment
from decisions.services import experiments as statistics
from decisions.services import snapshots
from recommendations.services.trial_stock import Stock

KIND = "count_experiment"
Strata = dict[str, dict[str, statistics.Moments]]


@dataclass(frozen=True)
class ArmResult:
    """One arm. hits: people with anything of the metric. moments: of the metric per person, zeros
    included; None without people. unsubscribed: of them, since they were shown it."""

    name: str
    share: float
    persons: int
    hits: int
    moments: statistics.Moments | None
    unsubscribed: int = 0

    @property
    def counted(self) -> statistics.Moments:
        """Raises ValueError without people."""
        if self.moments is None:
            raise ValueError(f"nobody was shown {self.name}")
        return self.moments

    @property
    def mean(self) -> float | None:
        return self.moments.y if self.moments else None


@dataclass(frozen=True)
class Measured:
    """strata: batch → arm → moments, where shares change; else empty. stock: what ran out. winsor_limit:
    the most that one person counts for, in money; winsorised: how many that holds back."""

    arms: list[ArmResult]
    crossed: int
    unknown_cost_units: int = 0
    strata: Strata = field(default_factory=dict)
    stock: Stock | None = None
    winsor_limit: float | None = None
    winsorised: int = 0


Measure = Callable[[Experiment, datetime], Measured]


def subject_of(experiment: Experiment) -> str:
    return f"experiment:{experiment.pk}"


def measured(
    experiment: Experiment, measure: Measure, at: datetime
) -> tuple[Measured, snapshots.Shown]:
    """Counted now where that is quick, else as it stood at `as_of`."""

    def count(until: datetime) -> dict[str, Any]:
        return encoded(measure(experiment, until))

    # The final verdict rests on all that was counted until the end, never on the night before it.
    ends = [end for end in (experiment.stopped_at, experiment.ends_at) if end and end <= at]
    subject = f"{subject_of(experiment)}:{experiment.metric}"
    found = snapshots.shown(subject, count, at, not_before=min(ends, default=None))
    return decoded(found.payload), found


def keep(experiment: Experiment, found: Measured, at: datetime, seconds: float) -> None:
    """What the night has counted anyway is what pages show in the morning."""
    subject = f"{subject_of(experiment)}:{experiment.metric}"
    snapshots.keep(subject, encoded(found), as_of=at, seconds=seconds)


def ask_refresh(experiment: Experiment, by: Any = None) -> bool:
    subject = f"{subject_of(experiment)}:{experiment.metric}"
    return snapshots.ask_refresh(KIND, subject, {"experiment_id": experiment.pk}, by)


def encoded(found: Measured) -> dict[str, Any]:
    strata = {
        batch: {name: asdict(one) for name, one in arms.items()}
        for batch, arms in found.strata.items()
    }
    return {
        "arms": [asdict(arm) for arm in found.arms],
        "crossed": found.crossed,
        "unknown_cost_units": found.unknown_cost_units,
        "strata": strata,
        "stock": msgspec.to_builtins(found.stock),
        "winsor_limit": found.winsor_limit,
        "winsorised": found.winsorised,
    }


def decoded(kept: Mapping[str, Any]) -> Measured:
    arms = [
        ArmResult(
            **arm | {"moments": statistics.Moments(**arm["moments"]) if arm["moments"] else None}
        )
        for arm in kept["arms"]
    ]
    strata = {
        batch: {name: statistics.Moments(**one) for name, one in arms_.items()}
        for batch, arms_ in kept["strata"].items()
    }
    stock = msgspec.convert(kept.get("stock"), Stock | None)
    limit = kept.get("winsor_limit"), kept.get("winsorised", 0)
    return Measured(arms, kept["crossed"], kept["unknown_cost_units"], strata, stock, *limit)
