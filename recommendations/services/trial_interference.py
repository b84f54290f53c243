"""Whether an experiment's arms stood in each other's way at the same shelf, in words."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from decisions.models import Experiment
from decisions.services import experiments as statistics
from decisions.services import looks
from recommendations.services.trial_stock import Figures, Stock, effect_between
from recommendations.trial_words import Written, signed, written_of


@dataclass(frozen=True)
class Interference:
    """Of one arm against the first. took: win where it sold more of what ran out, lose where less.
    verdict_without: on the experiment's figure as if these SKUs were not there. text: both."""

    arm: str
    took: str
    verdict_without: str
    text: str

    @property
    def is_warning(self) -> bool:
        """One arm emptied the shelf for the other: their difference would not be there for all."""
        return self.took != statistics.CANNOT_TELL


def interferences(
    experiment: Experiment, stock: Stock | None, rule: looks.Rule, *, final: bool
) -> list[Interference]:
    """One per arm that can be compared with the first; none where nothing ran out."""
    if stock is None:
        return []
    control = experiment.arms[0]["name"]
    sizes = {name: moments.n for name, moments in stock.without.arms.items()}
    return [
        _interference(experiment, stock, (given["name"], control), rule, final)
        for given in experiment.arms[1:]
        if min(sizes.get(given["name"], 0), sizes.get(control, 0)) >= statistics.MIN_UNITS
    ]


def _interference(
    experiment: Experiment, stock: Stock, pair: tuple[str, str], rule: looks.Rule, final: bool
) -> Interference:
    took, between = _told(stock.scarce, pair, rule, final)
    without, left = _told(stock.without, pair, rule, final)
    msgid = {
        statistics.WIN: _("“%(b)s” sold more of what ran out than “%(a)s”: %(between)s per person. The arms draw on one shelf: what one took the other could not sell, and with “%(b)s” for everybody it would have been empty sooner. Without these SKUs the difference is %(left)s."),
        statistics.LOSE: _("“%(b)s” sold less of what ran out than “%(a)s”: %(between)s per person. The arms draw on one shelf: what “%(a)s” took “%(b)s” could not sell. Without these SKUs the difference is %(left)s."),
        statistics.CANNOT_TELL: _("That “%(b)s” and “%(a)s” took unlike amounts of what ran out cannot be told: %(between)s per person. Without these SKUs the difference is %(left)s."),
    }[took]  # fmt: skip
    _level, step = written_of(experiment)
    said = {
        name: _interval(effect, interval, step)
        for name, (effect, interval) in {"between": between, "left": left}.items()
    }
    return Interference(pair[0], took, without, msgid % {"b": pair[0], "a": pair[1], **said})


Told = tuple[statistics.Effect, statistics.Interval | None]


def _told(found: Figures, pair: tuple[str, str], rule: looks.Rule, final: bool) -> tuple[str, Told]:
    effect = effect_between(found, *pair)
    reading = statistics.read(effect, level=rule.level, planned=rule.planned)
    interval = reading.once if final else reading.always
    verdict = statistics.verdict_of(interval) if effect.error > 0 else statistics.CANNOT_TELL
    return verdict, (effect, interval)


def _interval(
    effect: statistics.Effect, interval: statistics.Interval | None, step: Written
) -> str:
    written = signed(effect.difference, step)
    if interval is None:
        return written
    return _("%(difference)s (95 %%: %(low)s to %(high)s)") % {
        "difference": written,
        "low": signed(interval.low, step),
        "high": signed(interval.high, step),
    }
