"""The shipped forecast of order days: the buying models that fit, corrected where that helps.

`pareto_nbd` and `mbg_cnbd_k` share the say when the data cannot tell them apart; where customers buy
regularly the second is far likelier and decides alone. The correction of correction.py is used when,
on held-out customers of the second half of the history, it lowers the Poisson deviance. Nothing later
than the end of the observation is read.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .correction import Correction, features_of, learn_correction
from .dropout_models import fit_regular
from .likelihood import Fitted, NoFitError
from .order_days import Histories, OrderDays, histories
from .pareto_nbd import fit_pareto

# Two models of four parameters (and one k) this close in log-likelihood are equally good; both are
# wrong in a real shop, so what a hundredth per customer says for one of them decides nothing either.
NEAR, NEAR_PER_CUSTOMER = 10.0, 0.01
# The second half of a shorter history differs from the first by its season, and what is learned of
# that would be laid on another season.
LEAST_DAYS_TO_CORRECT = 364


@dataclass(frozen=True)
class OrderForecast:
    """What predicts, fitted as of `end_day`."""

    fits: tuple[Fitted, ...]
    correction: Correction | None
    unit_days: float
    end_day: int

    @property
    def is_corrected(self) -> bool:
        return self.correction is not None and self.correction.helps

    def alive(self, seen: Histories) -> np.ndarray:
        """P(alive), the mean of the models, shape (n,)."""
        return np.mean([fit.model.alive(seen) for fit in self.fits], axis=0)

    def plain_orders(self, seen: Histories, horizon_days: float) -> np.ndarray:
        """Expected order days within `horizon_days`, before the correction, shape (n,)."""
        horizon = horizon_days / self.unit_days
        return np.mean([fit.model.expected_orders(seen, horizon) for fit in self.fits], axis=0)

    def expected_orders(self, seen: Histories, days: OrderDays, horizon_days: float) -> np.ndarray:
        """The same after the correction. seen and days: of the same customers, in one order."""
        plain = self.plain_orders(seen, horizon_days)
        if not self.is_corrected or self.correction is None:
            return plain
        return plain * self.correction.factors(features_of(days))


def fit_forecast(
    days: OrderDays, end_day: int, *, unit_days: float = 7.0, seed: int = 0
) -> OrderForecast:
    """Fit on everything until `end_day`. Raises NoFitError when nobody came back."""
    fits = _fit_all(histories(days, end_day, unit_days))
    return OrderForecast(fits, _learn(days, end_day, unit_days, seed=seed), unit_days, end_day)


def _fit_all(seen: Histories) -> tuple[Fitted, ...]:
    fits = (fit_pareto(seen), fit_regular(seen))
    best = max(fit.log_likelihood for fit in fits)
    near = max(NEAR, NEAR_PER_CUSTOMER * seen.size)
    return tuple(fit for fit in fits if fit.log_likelihood >= best - near)


def _learn(days: OrderDays, end_day: int, unit_days: float, *, seed: int) -> Correction | None:
    if end_day - int(days.day.min()) < LEAST_DAYS_TO_CORRECT:
        return None
    cut = int(days.day.min()) + (end_day - int(days.day.min())) // 2
    early = days.until(cut)
    seen = histories(early, cut, unit_days)
    try:
        before = OrderForecast(_fit_all(seen), None, unit_days, cut)
    except NoFitError:
        return None
    predicted = before.plain_orders(seen, end_day - cut)
    actual = days.counts_between(cut, end_day)[days.known_at(cut)]
    return learn_correction(features_of(early), predicted, actual, seed=seed)
