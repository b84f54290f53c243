"""What kind of shop to make: its size, its dates, and the constants that all parts share."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta

import numpy as np

# One pound in other currencies, roughly: the shop's price labels, not an exchange rate.
PRICE_SCALE = {"GBP": 1.0, "EUR": 1.15, "USD": 1.3, "CNY": 9.0, "JPY": 190.0}


class WorldError(ValueError):
    """The arguments describe no shop."""


@dataclass(frozen=True)
class World:
    """Every constant of the simulation that a person may want to turn."""

    products: int
    customers: int
    days: int
    seed: int
    until: date
    name: str = "teahouse"
    currency: str = "GBP"
    minor_digits: int = 2
    time_zone: str = "Europe/London"
    factors: int = 8  # latent taste
    taste_strength: float = 1.0
    basket_lines: float = 2.1  # mean of the Poisson behind a basket, before truncation at zero
    purchase_shape: float = 1.1  # BG/NBD: gamma shape of the purchase rate
    purchase_every_days: float = 46.0  # BG/NBD: mean gap of an average customer
    dropout_a: float = 0.9  # BG/NBD: beta of the drop-out probability
    dropout_b: float = 4.5
    browse_sessions: float = 2.6  # sessions without an order, for each order
    anonymous_share: float = 0.55  # of those sessions: nobody signed in, ever
    promotions: bool = True
    seasons: bool = True
    limited_stock: bool = True
    substitution_rate: float = 0.35
    complement_rate: float = 0.08  # of lines that bring each of the product's complements along
    cover_days: float = 30.0  # what the naive buyer orders beyond the lead time
    lead_time_slip: float = 1.25  # true mean lead time over the promised one
    chinese_share: float = 0.35

    @property
    def start(self) -> date:
        return self.until - timedelta(days=self.days - 1)

    def rng(self, part: str) -> np.random.Generator:
        """A stream of its own per part: changing one part leaves the others as they were."""
        return np.random.default_rng([self.seed, *part.encode()])

    def as_dict(self) -> dict:
        return asdict(self) | {"until": self.until.isoformat(), "start": self.start.isoformat()}


WORLDS: dict[str, dict] = {
    # A London tea and kitchen shop with Chinese suppliers and customers in both languages.
    "teahouse": {},
    # Nothing but taste and repeat purchase: for tests that want one cause at a time.
    "calm": {
        "promotions": False,
        "seasons": False,
        "limited_stock": False,
        "complement_rate": 0.0,
    },
    # Slow suppliers and a thin shelf: many censored days.
    "stormy": {"lead_time_slip": 2.0, "cover_days": 10.0, "dropout_b": 2.5},
}


def make_world(name: str, **sizes) -> World:
    """A named world of a given size. Raises WorldError with a sentence for a person."""
    if name not in WORLDS:
        raise WorldError(f"There is no world {name!r}; there are {', '.join(sorted(WORLDS))}.")
    world = replace(World(name=name, **sizes), **WORLDS[name])
    for field, least in (("products", 12), ("customers", 10), ("days", 60), ("seed", 0)):
        if getattr(world, field) < least:
            raise WorldError(f"{field} must be at least {least}, not {getattr(world, field)}.")
    return world
