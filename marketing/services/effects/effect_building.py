"""An effect report while it is made up: metrics by id, the sentences that hold them, the verdict."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from decisions.services import experiments as statistics
from inventory.profit_frames import ArmSums
from marketing.frames.effects import TREATED, Subject
from marketing.services.effects.metrics import LEVEL, Metric


@dataclass(frozen=True)
class Part:
    """key: variant or language of the text, or step of the journey. label: its subject, or what it is."""

    key: str
    label: str
    metrics: dict[str, Metric]


@dataclass(frozen=True)
class Against:
    """One variant against the first, in words: `words` are names in the sentence, `metrics` its numbers,
    by the slot that stands for each."""

    arm: str
    control: str
    verdict: str
    sentence: str
    metrics: dict[str, str] = field(default_factory=dict)

    @property
    def words(self) -> dict[str, str]:
        return {"arm": self.arm, "control": self.control}


@dataclass(frozen=True)
class Effects:
    """sentences: message ids whose every number is the name of a metric. verdict: win, lose or
    cannot tell, on profit (revenue where a cost is missing). is_over: the window has closed. arms,
    against: of a campaign or step with several variants, each beside the holdout and beside the first.
    discounts: of a step that gives its discount only where it pays, by the word of the decision."""

    metrics: dict[str, Metric]
    sentences: list[str]
    verdict: str
    guardrail: str
    is_over: bool
    window_until: datetime | None
    parts: list[Part] = field(default_factory=list)
    arms: list[Part] = field(default_factory=list)
    against: list[Against] = field(default_factory=list)
    discounts: list[Part] = field(default_factory=list)


@dataclass
class Building:
    subject: Subject
    arms: dict[str, ArmSums]
    is_over: bool
    at: datetime
    metrics: dict[str, Metric] = field(default_factory=dict)
    sentences: list[str] = field(default_factory=list)
    verdict: str = statistics.CANNOT_TELL
    guardrail: str = statistics.CANNOT_TELL

    def add(
        self, name: str, value: float | None, unit: str, source: str,
        interval: statistics.Interval | None = None, scale: float = 1.0,
    ) -> None:  # fmt: skip
        edges = (scale * interval.low, scale * interval.high) if interval else (None, None)
        self.metrics[name] = Metric(name, value, unit, source, *edges)

    def estimate(self, name: str, effect: statistics.Effect, unit: str, source: str) -> None:
        """A difference per customer → of all customers written to."""
        treated = self.arms[TREATED].customers
        interval = self.interval(effect)
        self.add(name, effect.difference * treated, unit, source, interval, treated)

    def interval(self, effect: statistics.Effect) -> statistics.Interval | None:
        """Classic at the planned end; before it, the one that holds at every look."""
        found = statistics.read(effect, level=LEVEL)
        return found.once if self.is_over else found.always

    def done(self) -> Effects:
        return Effects(
            self.metrics,
            self.sentences,
            self.verdict,
            self.guardrail,
            self.is_over,
            self.subject.ends_at,
        )
