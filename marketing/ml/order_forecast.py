"""The shipped forecast of order days: the buying models that fit, corrected where that helps.

`pareto_nbd` and `mbg_cnbd_k` share the say when the data cannot tell them apart; where customers buy
regularly the second is far likelier and decides alone. Both count time by rate_clock.py where
everybody's rate was seen to change. The correction of correction.py is used when, on held-out
customers of the second half of the history, it lowers the Poisson deviance. Nothing later than the
end of the observation is read.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from .correction import Correction, features_of, learn_correction
from .dropout_models import fit_regular
from .likelihood import Fitted, NoFitError
from .order_days import Histories, OrderDays, histories
from .pareto_nbd import fit_pareto
from .rate_clock import RateClock, ahead, learn_clock

# Two models of four parameters (and one k) this close in log-likelihood are equally good; both are
# wrong in a real shop, so what a hundredth per customer says for one of them decides nothing either.
NEAR, NEAR_PER_CUSTOMER = 10.0, 0.01
# The second half of a shorter history, or of one whose clock runs unevenly, differs from the first by
# its season, and a level learned of that would be laid on another season: in eight simulated shops of
# eight it made the total worse. There only differences between customers are learned.
LEAST_DAYS_FOR_LEVEL = 364


@dataclass(frozen=True)
class OrderForecast:
    """What predicts, fitted as of `end_day`; clock None: everybody's rate stayed as it was."""

    fits: tuple[Fitted, ...]
    clock: RateClock | None
    correction: Correction | None
    unit_days: float
    end_day: int

    @property
    def is_corrected(self) -> bool:
        return self.correction is not None and self.correction.helps

    def seen(self, days: OrderDays) -> Histories:
        """Histories of these customers by the clock, until the end of the observation."""
        return histories(days, self.end_day, self.unit_days, clock=self.clock)

    def plain_orders(self, days: OrderDays, horizon_days: float) -> np.ndarray:
        """Expected order days within `horizon_days`, before the correction, shape (n,)."""
        seen = self.seen(days)
        horizon = ahead(self.clock, self.end_day, horizon_days) / self.unit_days
        return np.mean([fit.model.expected_orders(seen, horizon) for fit in self.fits], axis=0)

    def expected_orders(self, days: OrderDays, horizon_days: float) -> np.ndarray:
        """The same after the correction."""
        plain = self.plain_orders(days, horizon_days)
        if not self.is_corrected or self.correction is None:
            return plain
        return plain * self.correction.factors(features_of(days))


def fit_forecast(
    days: OrderDays, end_day: int, *, unit_days: float = 7.0, seed: int = 0
) -> OrderForecast:
    """Fit on everything until `end_day`. Raises NoFitError when nobody came back."""
    found = _fit(days, end_day, unit_days)
    return replace(found, correction=_learn(days, found, seed=seed))


def _fit(days: OrderDays, end_day: int, unit_days: float) -> OrderForecast:
    clock = learn_clock(days, end_day)
    fits = _fit_all(histories(days, end_day, unit_days, clock=clock))
    return OrderForecast(fits, clock, None, unit_days, end_day)


def _fit_all(seen: Histories) -> tuple[Fitted, ...]:
    return nearly_best((fit_pareto(seen), fit_regular(seen)), seen.size)


def nearly_best(fits: tuple[Fitted, ...], customers: int) -> tuple[Fitted, ...]:
    """Those that the data cannot tell from the likeliest."""
    best = max(fit.log_likelihood for fit in fits)
    near = max(NEAR, NEAR_PER_CUSTOMER * customers)
    return tuple(fit for fit in fits if fit.log_likelihood >= best - near)


def _learn(days: OrderDays, found: OrderForecast, *, seed: int) -> Correction | None:
    first, end_day = int(days.day.min()), found.end_day
    cut = first + (end_day - first) // 2
    early = days.until(cut)
    features = features_of(early)
    has_level = found.clock is None and end_day - first >= LEAST_DAYS_FOR_LEVEL
    if not has_level and not features.any():
        return None
    try:
        before = _fit(early, cut, found.unit_days)
    except NoFitError:
        return None
    predicted = before.plain_orders(early, end_day - cut)
    actual = days.counts_between(cut, end_day)[days.known_at(cut)]
    return learn_correction(features, predicted, actual, seed=seed, has_level=has_level)
