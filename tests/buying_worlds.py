"""Customers whose law of buying is known: cohorts of 39 weeks to learn from and 39 to be judged on,
and shops with a season."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from marketing.ml.order_days import OrderDays, order_days

WEEKS = 39
FIRST_DAY = 20_000  # 2024-10-04: any day does
END_DAY = FIRST_DAY + 7 * WEEKS - 1
HOLDOUT_DAYS = 7 * WEEKS
SHOP_HOLDOUT_DAYS = 182
ACQUIRED_WEEKS = 12  # the cohort's first orders lie within so many weeks, as in the classic one


@dataclass(frozen=True)
class Cohort:
    """days: every order day until the end of the holdout. alive: bool (customers,), at END_DAY."""

    days: OrderDays
    alive: np.ndarray


# Weeks of the orders after the first, whether she is alive at END_DAY, and in some worlds what an
# order of hers is worth.
Life = tuple[list[float], bool] | tuple[list[float], bool, float]
Draw = Callable[[np.random.Generator, float], Life]


def cohort(world: str, *, seed: int, customers: int = 2357) -> Cohort:
    """One cohort of a world, the same for the same seed."""
    random = np.random.default_rng([seed, *world.encode()])
    who, day, alive, paid = [], [], [], []
    for number in range(customers):
        start = random.uniform(0, ACQUIRED_WEEKS)
        times, is_alive, *amount = WORLDS[world](random, start)
        stamps = FIRST_DAY + np.floor(7 * np.array([start, *times])).astype(np.int64)
        stamps = stamps[stamps <= END_DAY + HOLDOUT_DAYS]
        who.append(np.full(stamps.size, number))
        day.append(stamps)
        alive.append(is_alive)
        mean = amount[0] if amount else np.nan
        paid.append(mean * random.gamma(6.25, 1 / 6.25, stamps.size) if amount else who[-1] * mean)
    flat = np.concatenate(who), np.concatenate(day), np.concatenate(paid)
    return Cohort(order_days(*flat), np.array(alive))


def growing_shop(
    *, weeks: int, phase: int, seed: int, customers: int = 3000
) -> tuple[OrderDays, int]:
    """Pareto/NBD customers who come all the time, in a shop with a season: (order days, last day seen).

    weeks: seen; half a year follows. phase: weeks by which the season, a half up and down, is ahead.
    """
    random, until = np.random.default_rng([seed, weeks, phase]), weeks + SHOP_HOLDOUT_DAYS / 7
    who, day = [], []

    def season(now: float) -> float:
        return 1 + 0.5 * float(np.sin(2 * np.pi * (now + phase) / 52))

    for number in range(customers):
        start = random.uniform(0, weeks - 4)
        times, _alive = _pareto(random, start, season, until=until)
        who.append(np.full(len(times) + 1, number))
        day.append(FIRST_DAY + np.floor(7 * np.array([start, *times])).astype(np.int64))
    flat = np.concatenate(who), np.concatenate(day)
    return order_days(*flat, np.full(flat[0].size, np.nan)), FIRST_DAY + 7 * weeks - 1


def _walk(
    random: np.random.Generator,
    start: float,
    gap: Callable[[], float],
    leaves: float,
    at_once: bool,
) -> tuple[list[float], bool]:
    """Weeks of the orders after the first, and whether she was alive at the end of WEEKS."""
    now, times, gone_at = start, [], np.inf
    if at_once and random.random() < leaves:
        return [], False
    while now < 2 * WEEKS:
        now += gap()
        times.append(now)
        if random.random() < leaves:
            gone_at = now
            break
    return times, gone_at >= WEEKS


def bg(random: np.random.Generator, start: float) -> tuple[list[float], bool]:
    """The published parameters of the classic cohort. Source: Fader, Hardie, Lee 2005, table 2."""
    rate, leaves = random.gamma(0.243, 1 / 4.414), random.beta(0.793, 2.426)
    return _walk(random, start, lambda: random.exponential(1 / max(rate, 1e-9)), leaves, False)


def mbg(random: np.random.Generator, start: float) -> tuple[list[float], bool]:
    rate, leaves = random.gamma(0.525, 1 / 6.183), random.beta(0.891, 1.614)
    return _walk(random, start, lambda: random.exponential(1 / max(rate, 1e-9)), leaves, True)


def regular(random: np.random.Generator, start: float) -> tuple[list[float], bool]:
    """Erlang(3) gaps: who ran out of tea orders when it runs out."""
    rate, leaves = random.gamma(1.1, 1 / 2.0), random.beta(0.8, 2.5)
    return _walk(random, start, lambda: random.gamma(3, 1 / max(rate, 1e-9)), leaves, True)


def pareto(random: np.random.Generator, start: float) -> tuple[list[float], bool]:
    """The published Pareto/NBD parameters of the classic cohort. Source: Fader, Hardie 2005."""
    return _pareto(random, start, lambda now: 1.0)


def seasonal(random: np.random.Generator, start: float) -> tuple[list[float], bool]:
    """Pareto/NBD whose rate swings by a half with the year: what is seen ends in the quiet quarter,
    and what follows is as busy in all as what was seen."""
    return _pareto(random, start, lambda now: 1 + 0.5 * np.sin(2 * np.pi * now / 52))


def rising(random: np.random.Generator, start: float) -> tuple[list[float], bool]:
    """The other way round: a quiet start, and what is seen ends in the busy quarter."""
    return _pareto(random, start, lambda now: 1 - 0.5 * np.sin(2 * np.pi * now / 52))


def dying(random: np.random.Generator, start: float) -> tuple[list[float], bool]:
    """Pareto/NBD in a shop whose customers order less from week to week, for good."""
    return _pareto(random, start, lambda now: 1.5 * np.exp(-0.02 * now))


def uneven(random: np.random.Generator, start: float) -> tuple[list[float], bool]:
    """Few who buy all the time and many who hardly do: log-normal rates, log-normal lives."""
    rate, life = 0.03 * np.exp(1.4 * random.normal()), 30 * np.exp(1.5 * random.normal())
    times = np.cumsum(random.exponential(1 / rate, 400)) + start
    return times[times < min(start + life, 2 * WEEKS)].tolist(), start + life >= WEEKS


def clumpy(random: np.random.Generator, start: float) -> tuple[list[float], bool]:
    """Nobody leaves: weeks of buying and longer times of none take turns."""
    rate, now, times = random.gamma(1.0, 0.25), start, []
    while now < 2 * WEEKS:
        until = now + random.exponential(5)
        while (now := now + random.exponential(1 / max(rate, 1e-9))) < min(until, 2 * WEEKS):
            times.append(now)
        now = until + random.exponential(20)
    return times, True


def _pareto(
    random: np.random.Generator,
    start: float,
    season: Callable[[float], float],
    *,
    until: float = 2 * WEEKS,
) -> tuple[list[float], bool]:
    rate = random.gamma(0.553, 1 / 10.578)
    gone_at = start + random.exponential(1 / max(random.gamma(0.606, 1 / 11.669), 1e-9))
    now, times = start, []
    while True:
        now += random.exponential(1 / max(1.5 * rate, 1e-9))  # thinned to the season below
        if now >= min(gone_at, until):
            return times, gone_at >= WEEKS
        if random.random() < season(now) / 1.5:
            times.append(now)


def spenders(random: np.random.Generator, start: float) -> tuple[list[float], bool, float]:
    """BG/NBD in which who pays more per order also orders more often, in proportion."""
    amount = float(np.exp(0.8 * random.normal()))
    rate, leaves = amount * random.gamma(0.8, 0.06), random.beta(0.793, 2.426)
    times, is_alive = _walk(
        random, start, lambda: random.exponential(1 / max(rate, 1e-9)), leaves, False
    )
    return times, is_alive, 100 * amount


WORLDS: dict[str, Draw] = {
    "BG/NBD": bg,
    "MBG/NBD": mbg,
    "Pareto/NBD": pareto,
    "regular (Erlang 3)": regular,
    "seasonal": seasonal,
    "seasonal, busy end": rising,
    "dying": dying,
    "uneven (log-normal)": uneven,
    "clumpy": clumpy,
    "spenders come back": spenders,
}


def made_shop(
    *, seed: int, customers: int, days: int, season: float = 0.0
) -> tuple[OrderDays, int]:
    """A shop that wins customers evenly over `days`: Pareto/NBD with Gamma-Gamma spend, rates that
    swing by `season` with the year. Returns every order day and the last day."""
    random = np.random.default_rng([seed, customers])
    who, day, amount = [], [], []
    for number in range(customers):
        now, rate = random.uniform(0, days), random.gamma(0.9, 1 / 45)
        gone_at = now + random.exponential(1 / max(random.gamma(1.2, 1 / 200), 1e-9))
        scale = random.gamma(4, 1 / 12_000)
        while now < min(gone_at, days):
            who.append(number)
            day.append(FIRST_DAY + int(now))
            amount.append(random.gamma(2, 1 / scale))
            now = _after(random, now, rate, season, days)
    _names, place = np.unique(who, return_inverse=True)
    return order_days(place, np.array(day), np.array(amount)), FIRST_DAY + days - 1


def _after(
    random: np.random.Generator, now: float, rate: float, season: float, until: float
) -> float:
    """Of the next order: a Poisson process, thinned to the season."""
    while now < until:
        now += random.exponential(1 / max((1 + season) * rate, 1e-9))
        if random.random() < (1 + season * np.sin(2 * np.pi * now / 365)) / (1 + season):
            break
    return now
