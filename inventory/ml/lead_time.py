"""Daily quantile forecasts → the distribution of demand until goods arrive. Seeded Monte Carlo."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from .metrics import LEVELS
from .policy import level_for_fill_rate

# Middles of 20 equal shares of probability: the mean over them is an expectation.
GRID = np.round(np.arange(0.025, 1.0, 0.05), 3)
DRAWS = 1000
# Reach of the outer tenths in steps between the two outer quantiles: with it a normal
# distribution's tails keep their mean (φ(z)/0.1 = 1.755 standard deviations).
TAIL = 2.15
WEEK_DAYS = 7
CASES = 50  # equally likely demands that the plan weighs


@dataclass(frozen=True)
class Protection:
    """Demand that stock must cover, in units.

    lead_units:  (20,) quantiles at GRID of demand during the lead time.
    cycle_units: (20,) the same during lead time and review period.
    cover_units: (review_period_days + 1,) at position d: what covers lead time + d days with the
                 cycle service level. Rising in d.
    review_mean_units: mean demand of one review period after that.
    level:       the cycle service level that was covered; where a fill rate was asked, its own.
    """

    lead_units: np.ndarray
    cycle_units: np.ndarray
    cover_units: np.ndarray
    review_mean_units: float
    level: float = 0.0


@dataclass(frozen=True)
class LeadDays:
    """Days from order to arrival: 20 quantiles at GRID as learned, else usual days and deviation."""

    usual_days: int
    sd_days: float = 0.0
    quantile_days: np.ndarray | None = None

    @property
    def longest_days(self) -> int:
        if self.quantile_days is not None:
            return math.ceil(float(np.max(self.quantile_days)))
        return self.usual_days + math.ceil(3 * self.sd_days)

    @property
    def weeks(self) -> int:
        return round(self.usual_days / WEEK_DAYS)


@dataclass(frozen=True)
class Target:
    """What is promised of the time between two deliveries; fill_rate takes the level's place."""

    review_period_days: int
    cycle_service_level: float = 0.95
    fill_rate: float | None = None


def extend_days(values: np.ndarray, days: int, year: np.ndarray | None = None) -> np.ndarray:
    """The first `days` days; past the forecast's end its last week goes on. (H, …) → (days, …).

    year: (≥ days,) the year's factor of each day (yearly.Year), by which the week that goes on rises
    and falls; None = it does not.
    """
    if days <= len(values):
        return values[:days]
    week = values[-min(WEEK_DAYS, len(values)) :]
    more = days - len(values)
    repeats = -(-more // len(week))
    going_on = np.tile(week, (repeats,) + (1,) * (values.ndim - 1))[:more]
    if year is not None:
        usual = year[len(values) - len(week) : len(values)].mean()
        factor = year[len(values) : days] / usual
        going_on = going_on * factor.reshape((-1,) + (1,) * (values.ndim - 1))
    return np.concatenate([values, going_on])


class LeadTimeSimulator:
    """The same random days for every SKU, so that two SKUs with equal inputs get equal answers.

    days:        longest lead time + review period that will be asked for.
    correlation: of one SKU's errors between days, 0-1 (gbm.day_correlation).
    """

    def __init__(self, days: int, *, correlation: float, seed: int, draws: int = DRAWS):
        from scipy.special import ndtr

        random = np.random.default_rng(seed)
        common = random.standard_normal((draws, 1))
        own = random.standard_normal((draws, days))
        chance = ndtr(np.sqrt(correlation) * common + np.sqrt(1 - correlation) * own)
        place = np.minimum(chance * (len(LEVELS) + 1), len(LEVELS) + 1 - 1e-9)
        self.segment = place.astype(int)
        self.share = place - self.segment
        self.lead_draws = random.standard_normal(draws)
        self.lead_chance = ndtr(self.lead_draws)

    def cumulative(self, mean: np.ndarray, quantiles: np.ndarray) -> np.ndarray:
        """(draws, days) units sold up to and including each day. mean (days,), quantiles (days, 9)."""
        knots = _knots(mean, quantiles)
        days = np.arange(len(mean))
        segment, share = self.segment[:, : len(mean)], self.share[:, : len(mean)]
        low, high = knots[days, segment], knots[days, segment + 1]
        return np.cumsum(low + share * (high - low), axis=1)

    def protection(
        self,
        forecast: tuple[np.ndarray, np.ndarray],
        *,
        lead_time_days: int,
        review_period_days: int,
        lead_time_sd_days: float = 0.0,
        cycle_service_level: float = 0.95,
    ) -> Protection:
        """What must be covered when an order placed today arrives after the lead time.

        forecast: mean (H,) and quantiles (H, 9) per day, tomorrow first; extended by extend_days.
        Raises ValueError when the simulator was made for fewer days than are asked for.
        """
        lead = LeadDays(lead_time_days, lead_time_sd_days)
        target = Target(review_period_days, cycle_service_level)
        return self.protect(forecast, lead, target)

    def protect(
        self, forecast: tuple[np.ndarray, np.ndarray], lead: LeadDays, target: Target
    ) -> Protection:
        """As protection, for a learned lead time and for a target that may be a fill rate."""
        review = target.review_period_days
        last = lead.longest_days
        if last + 2 * review > self.segment.shape[1]:
            raise ValueError(f"the simulator covers {self.segment.shape[1]} days, not {last}")
        mean = extend_days(forecast[0], last + 2 * review)
        total = self.cumulative(mean, extend_days(forecast[1], len(mean)))
        days = np.clip(self.lead_days(lead), 0, last)
        total = np.hstack([np.zeros((len(total), 1)), total])
        row = np.arange(len(total))
        after = [total[row, days + delay] for delay in range(review + 1)]
        level = target.cycle_service_level
        if target.fill_rate is not None:
            level = level_for_fill_rate(after[-1], after[0], target.fill_rate)
        cover = [float(np.quantile(units, level)) for units in after]
        end = lead.usual_days + review
        return Protection(
            lead_units=np.quantile(after[0], GRID),
            cycle_units=np.quantile(after[-1], GRID),
            cover_units=np.array(cover),
            review_mean_units=float(mean[end : end + review].sum()),
            level=level,
        )

    def lead_days(self, lead: LeadDays) -> np.ndarray:
        """(draws,) whole days, the same draws for every SKU."""
        if lead.quantile_days is None:
            return np.rint(lead.usual_days + lead.sd_days * self.lead_draws).astype(int)
        return np.rint(np.interp(self.lead_chance, GRID, lead.quantile_days)).astype(int)

    def net_cases(
        self,
        forecast: tuple[np.ndarray, np.ndarray],
        lead: LeadDays,
        *,
        position: float,
        weeks: int,
    ) -> np.ndarray:
        """(weeks + 1, CASES) units that the position leaves uncovered, as plan.problem.Items.net.

        An order of week w arrives in week w + lead.weeks, give or take what the lead time varies:
        a week's end is looked at as late as the delivery after it may come. What is short before
        the first order can arrive is lost and no order brings it back.
        """
        length = min(7 * weeks + lead.longest_days, self.segment.shape[1])
        mean = extend_days(forecast[0], length)
        total = self.cumulative(mean, extend_days(forecast[1], length))
        total = np.hstack([np.zeros((len(total), 1)), total])
        late = np.clip(self.lead_days(lead), 0, lead.longest_days) - 7 * lead.weeks
        row = np.arange(len(total))
        first = np.clip(7 * lead.weeks + late, 0, length)
        left = np.maximum(position - total[row, first], 0)
        chances = (np.arange(CASES) + 0.5) / CASES
        net = np.empty((weeks + 1, CASES))
        for week in range(weeks + 1):
            day = np.clip(7 * max(week, lead.weeks) + late, 0, length)
            net[week] = np.quantile(total[row, day] - total[row, first] - left, chances)
        return net


def longest_days(lead_time_days: int, review_period_days: int, lead_time_sd_days: float) -> int:
    """Days that a simulation must reach: lead time with three deviations, and a review period."""
    return lead_time_days + int(np.ceil(3 * lead_time_sd_days)) + review_period_days


def _knots(mean: np.ndarray, quantiles: np.ndarray) -> np.ndarray:
    """(days, 11) demand at chances 0, 0.1 … 0.9, 1, linear in between.

    The top knot is where the whole distribution gets the forecast's mean, within bounds: the
    upper tail of slow movers lies above the 0.9 quantile, and dropping it would lose their demand.
    """
    low = np.maximum(quantiles[:, 0] - TAIL * (quantiles[:, 1] - quantiles[:, 0]), 0)
    inner = np.column_stack([low, quantiles])
    below = ((inner[:, 1:] + inner[:, :-1]) / 2).sum(axis=1)  # nine of ten equal shares
    last = quantiles[:, -1]
    top = 2 * (10 * mean - below) - last
    least = last + (last - quantiles[:, -2])
    most = np.maximum(last + 10 * (last - quantiles[:, 4]), 20 * mean)
    return np.column_stack([inner, np.clip(top, least, np.maximum(most, least))])
