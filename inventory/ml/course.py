"""What is taken out of a history before it is forecast, and put in again: its year and its reductions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from .panel import Panel
from .promoted import Lifts, find_lifts
from .yearly import Year, adjusted, find_year


@dataclass(frozen=True)
class Plans:
    """Reductions of the periods ahead. promotion, depth (n, H) as in Panel; None = nothing is planned."""

    promotion: np.ndarray | None = None
    depth: np.ndarray | None = None

    def rows(self, keep: np.ndarray) -> Plans:
        return self._each(lambda part: part[keep])

    def until(self, length: int) -> Plans:
        """The first `length` periods."""
        return self._each(lambda part: part[:, :length])

    def _each(self, cut: Callable[[np.ndarray], np.ndarray]) -> Plans:
        parts = (self.promotion, self.depth)
        return Plans(*(None if part is None else cut(part) for part in parts))


@dataclass(frozen=True)
class Course:
    """The year first, from days without a reduction; the lifts from what it leaves, so that nothing is
    counted twice."""

    year: Year | None
    lifts: Lifts | None

    def plain(self, panel: Panel) -> Panel:
        """The panel that it was learned from, without its year and its reductions."""
        level = adjusted(panel, self.year)
        if self.lifts is None or panel.promotion is None:
            return level
        return replace(level, units=level.units / self.lifts.factors(panel.promotion, panel.depth))

    def ahead(self, start: int, shape: tuple[int, int], plans: Plans) -> np.ndarray:
        """(n, H) factors of the periods from `start` of the panel on."""
        found = self.lifted(shape, plans)
        return found if self.year is None else found * self.year.of(start, start + shape[1])

    def of_trees(self) -> Course:
        """What the trees do not see. They see reductions: among features that they may weigh with each other
        they tell them better than after their lifts (docs/demand.md)."""
        return Course(self.year, None)

    def lifted(self, shape: tuple[int, int], plans: Plans) -> np.ndarray:
        """(n, H) factors of the planned reductions alone."""
        if self.lifts is None or plans.promotion is None:
            return np.ones(shape)
        return self.lifts.factors(plans.promotion, plans.depth)


def find_course(panel: Panel) -> Course:
    year = find_year(panel)
    return Course(year, find_lifts(adjusted(panel, year)))


def plans_of(panel: Panel, start: int, horizon: int) -> Plans:
    """The panel's own reductions of later periods, where they were known ahead."""
    if panel.promotion is None or not panel.promotion_ahead:
        return Plans()
    part = slice(start, start + horizon)
    return Plans(panel.promotion[:, part], None if panel.depth is None else panel.depth[:, part])
