"""Visits to the shop: who, when, on which browser, and whether they came to buy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .customers import Customers
from .seasons import visit_season
from .world import World

CANCEL_RATE = 0.016
LATE_RATE = 0.05
OPENING_SECOND, CLOSING_SECOND = 7 * 3600 + 300, 22 * 3600


@dataclass(frozen=True)
class Sessions:
    """Arrays (sessions,), sorted by day and then by the second the session began."""

    day: np.ndarray
    customer_idx: np.ndarray  # -1: never signed in
    taste_idx: np.ndarray  # whose taste the visitor has (an anonymous visitor borrows one)
    buys: np.ndarray  # bool
    start_second: np.ndarray  # of the local day
    views: np.ndarray  # products looked at beside those bought
    placed_second: np.ndarray  # when an order would be placed
    signed_in: np.ndarray  # bool: the shop knew the customer during the session
    device: np.ndarray  # number of the browser
    cancelled: np.ndarray  # bool
    ship_days: np.ndarray
    transit_days: np.ndarray

    def __len__(self) -> int:
        return len(self.day)


def make_sessions(world: World, customers: Customers) -> Sessions:
    rng = world.rng("sessions")
    buyer, buy_day = customers.occasion_customer, customers.occasion_day
    browser, browse_day = _browsing(rng, world, customers)
    buys = np.repeat([True, False], [len(buyer), len(browser)])
    day = np.concatenate([buy_day, browse_day])
    customer = np.concatenate([buyer, browser])
    start = _start_seconds(rng, len(day))
    order = np.lexsort((start, day))
    day, customer, buys, start = day[order], customer[order], buys[order], start[order]
    count = len(day)
    views = np.where(buys, 1, 2) + rng.poisson(2.6, count)
    taste = np.where(customer >= 0, customer, rng.integers(0, world.customers, count))
    # A customer has a phone and perhaps a second browser; strangers have one visit each.
    own = customer * 2 + (rng.random(count) < 0.25)
    stranger = 2 * world.customers + np.cumsum(customer < 0)
    late = rng.random(count) < LATE_RATE
    transit = rng.integers(1, 5, count) + np.where(late, rng.integers(5, 14, count), 0)
    return Sessions(
        day=day,
        customer_idx=customer,
        taste_idx=taste,
        buys=buys,
        start_second=start,
        views=views,
        placed_second=start + 90 + 40 * views + rng.integers(0, 240, count),
        signed_in=(customer >= 0) & (buys | (rng.random(count) < 0.45)),
        device=np.where(customer >= 0, own, stranger),
        cancelled=buys & (rng.random(count) < CANCEL_RATE),
        ship_days=rng.choice([1, 1, 2, 3], count),
        transit_days=transit,
    )


def _browsing(
    rng: np.random.Generator, world: World, customers: Customers
) -> tuple[np.ndarray, np.ndarray]:
    """Sessions that end without an order: strangers over the season, customers near their orders.

    A customer looks around in the two weeks before and after a purchase, never before arriving.
    """
    orders = len(customers.occasion_day)
    strangers = rng.poisson(orders * world.browse_sessions * world.anonymous_share)
    season = np.exp(visit_season(world))
    growth = np.bincount(customers.occasion_day, minlength=world.days) + orders / world.days
    weight = season * np.convolve(growth, np.ones(15) / 15, mode="same")
    stranger_day = rng.choice(world.days, strangers, p=weight / weight.sum())
    known = rng.poisson(orders * world.browse_sessions * (1 - world.anonymous_share))
    near = rng.integers(0, orders, known)
    who = customers.occasion_customer[near]
    day = customers.occasion_day[near] + rng.integers(-14, 15, known)
    day = np.clip(day, customers.arrival_day[who], world.days - 1)
    return np.concatenate([np.full(strangers, -1), who]), np.concatenate([stranger_day, day])


def _start_seconds(rng: np.random.Generator, count: int) -> np.ndarray:
    """A lunch hump and a larger evening one, local time."""
    evening = rng.random(count) < 0.55
    hour = np.where(evening, rng.normal(20.0, 1.2, count), rng.normal(12.7, 2.6, count))
    return np.clip(hour * 3600, OPENING_SECOND, CLOSING_SECOND).astype(int)
