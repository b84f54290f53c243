"""Who buys: names, taste, and a repeat-purchase process with drop-out (BG/NBD)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from .phrases.people import COUNTRIES, FAMILY, FAMILY_ZH, GIVEN, GIVEN_ZH
from .seasons import visit_season
from .world import World

EARLY_SHARE = 0.30  # of customers come in the first tenth of the window: a shop that opens
CONSENTS = {"marketing_email": 0.62, "personalisation": 0.82, "analytics": 0.90}


@dataclass(frozen=True)
class Customers:
    frame: pl.DataFrame
    taste: np.ndarray  # (customers, factors)
    rate: np.ndarray  # (customers,) purchases a day of operational time while alive
    dropout: np.ndarray  # (customers,) chance of leaving after each repeat purchase
    arrival_day: np.ndarray  # (customers,) day of the first purchase
    left: np.ndarray  # (customers,) bool: gone before the window ended
    chinese: np.ndarray  # (customers,) bool
    analytics: np.ndarray  # (customers,) bool
    occasion_customer: np.ndarray  # (occasions,) sorted by day
    occasion_day: np.ndarray  # (occasions,)


def make_customers(world: World) -> Customers:
    rng = world.rng("customers")
    count = world.customers
    clock = np.concatenate([[0.0], np.cumsum(np.exp(visit_season(world)))])
    rate = rng.gamma(world.purchase_shape, 1, count) / (
        world.purchase_shape * world.purchase_every_days
    )
    dropout = rng.beta(world.dropout_a, world.dropout_b, count)
    arrival = _arrivals(rng, world, clock[-1])
    buyer, at, left = purchase_times(rng, rate, dropout, arrival, clock[-1])
    day = np.clip(np.searchsorted(clock, at, side="right") - 1, 0, world.days - 1)
    order = np.lexsort((buyer, day))
    chinese = rng.random(count) < world.chinese_share
    arrival_day = np.clip(np.searchsorted(clock, arrival, side="right") - 1, 0, world.days - 1)
    frame = _people(rng, chinese, arrival_day)
    return Customers(
        frame=frame,
        taste=rng.normal(0, world.taste_strength / np.sqrt(2), (count, world.factors)),
        rate=rate,
        dropout=dropout,
        arrival_day=arrival_day,
        left=left,
        chinese=chinese,
        analytics=frame["analytics"].to_numpy(),
        occasion_customer=buyer[order],
        occasion_day=day[order],
    )


def purchase_times(
    rng: np.random.Generator, rate: np.ndarray, dropout: np.ndarray, arrival: np.ndarray, end: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Every purchase before `end`: (customer index, time) and who dropped out before the end.

    The first purchase is the arrival. Gaps are exponential with the customer's rate; after each
    repeat purchase the customer leaves for good with probability `dropout`. Times are operational:
    the season stretches and shrinks the calendar around them, so the process stays exact.
    Source: Fader, Hardie & Lee (2005), "Counting Your Customers" the Easy Way, section 2.
    """
    buyers, times = [np.arange(len(rate))], [arrival]
    left = np.zeros(len(rate), dtype=bool)
    active, now = buyers[0], arrival.copy()
    while len(active):
        now = now + rng.exponential(1, len(active)) / rate[active]
        inside = now < end
        active, now = active[inside], now[inside]
        buyers.append(active)
        times.append(now)
        leaves = rng.random(len(active)) < dropout[active]
        left[active[leaves]] = True
        active, now = active[~leaves], now[~leaves]
    return np.concatenate(buyers), np.concatenate(times), left


def _arrivals(rng: np.random.Generator, world: World, end: float) -> np.ndarray:
    early = rng.random(world.customers) < EARLY_SHARE
    span = np.where(early, end * 0.1, end)
    return rng.random(world.customers) * span


def _people(rng: np.random.Generator, chinese: np.ndarray, arrival_day: np.ndarray) -> pl.DataFrame:
    """Codes follow the order of arrival, as a shop's numbers do."""
    count = len(chinese)
    number = np.empty(count, dtype=int)
    number[np.argsort(arrival_day, kind="stable")] = np.arange(count)
    given, family = rng.integers(0, 10_000, (2, count))
    names, emails = [], []
    for n in range(count):
        name, local = _name(bool(chinese[n]), int(given[n]), int(family[n]))
        names.append(name)
        # Reserved by RFC 2606: a demo can never write to a stranger.
        emails.append(f"{local}{number[n] + 1}@example.com")
    country = rng.choice([c for c, _ in COUNTRIES], count, p=[p for _, p in COUNTRIES])
    columns = {
        "customer_code": [f"C{n + 1:06d}" for n in number],
        "name": names,
        "email": emails,
        # Ofcom keeps 07700 900000 to 900999 free for fiction.
        "phone": [f"+447700900{n:03d}" for n in rng.integers(0, 1000, count)],
        "country": country,
        "language": np.where(chinese, "zh", "en"),
        "arrival_day": arrival_day,
    }
    said_yes = {purpose: rng.random(count) < share for purpose, share in CONSENTS.items()}
    return pl.DataFrame(columns | said_yes)


def _name(chinese: bool, given: int, family: int) -> tuple[str, str]:
    if chinese:
        last, first = FAMILY_ZH[family % len(FAMILY_ZH)], GIVEN_ZH[given % len(GIVEN_ZH)]
        return last[0] + first[0], f"{first[1]}.{last[1]}"
    first, last = GIVEN[given % len(GIVEN)], FAMILY[family % len(FAMILY)]
    return f"{first} {last}", f"{first}.{last}".lower().replace("'", "")
