"""Day after day: demand meets the shelf, and a naive buyer fills it again.

For session s and SKU j on day t, with taste u, product factors v, popularity w and the calendar
and price effect m (prices.log_demand_effect):

    weight[s, j] = basket_lines * softmax_j(u_s . v_j + log w_j) * share_j * exp(m_jt) * live_jt
    lines        ~ Poisson(sum_j weight), truncated at zero (an order has at least one line)

so that expected demand is log-linear in price, season and promotion. Each of these lines brings
each complement of its product along with a chance of complement_rate * exp(m) of the complement,
which is why a tea on promotion also sells pots. Units beyond the shelf are lost, or with some probability bought as a similar product: sales are censored, the truth is kept.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from .catalogue import Catalogue
from .customers import Customers
from .seasons import days_of, weekday
from .sessions import Sessions
from .suppliers import Suppliers, lead_times, round_to_packs
from .world import World

MOOD = 0.35  # how much one visit differs from the customer's taste
RETURN_RATE = 0.02
RESTOCK_RATE = 0.75
SMOOTHING_DAYS = 21
TAIL_DAYS = 400  # receipts and returns may fall after the window


@dataclass
class Ledger:
    """What the days left behind; lists of arrays, one entry a day, joined by `joined`."""

    lines: list[dict] = field(default_factory=list)
    views: list[dict] = field(default_factory=list)
    purchases: list[dict] = field(default_factory=list)
    shrinkage: list[dict] = field(default_factory=list)

    def joined(self, name: str) -> dict[str, np.ndarray]:
        parts = getattr(self, name)
        return {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}


@dataclass
class Shelf:
    """The state of the stock, arrays (skus,) and (skus, days)."""

    available: np.ndarray
    on_order: np.ndarray
    daily_units: np.ndarray  # the buyer's smoothed idea of sales
    arriving: np.ndarray  # supplier receipts
    coming_back: np.ndarray  # cancelled and returned units, in the morning
    opening: np.ndarray  # (skus,)


@dataclass
class History:
    """Truth by SKU and day, all (skus, days)."""

    expected_units: np.ndarray
    demanded_units: np.ndarray
    sold_units: np.ndarray
    closing_available: np.ndarray


class Trading:
    """Runs the days. Holds the fixed parts so that the steps below stay short."""

    def __init__(self, world, catalogue, customers, sessions, suppliers):
        self.world: World = world
        self.catalogue: Catalogue = catalogue
        self.customers: Customers = customers
        self.sessions: Sessions = sessions
        self.suppliers: Suppliers = suppliers
        self.rng = world.rng("trading")
        self.product = catalogue.product_idx
        self.supplier = catalogue.supplier_idx[self.product]
        self.skus = len(self.product)
        self.days = days_of(world)
        self.substitutes = nearest_in_category(catalogue)
        self.ledger = Ledger()
        self.live = np.zeros(self.skus, dtype=bool)  # today
        self.multiplier = np.zeros(self.skus)  # today: price, season and promotion, 0 if not live
        # Where a product's SKUs end on a line that is one long for each product.
        self.share_ends = self.product + running_share(self.product, catalogue.share)

    def run(self, log_effect: np.ndarray) -> tuple[Ledger, History, Shelf]:
        shape = (self.skus, self.world.days)
        history = History(
            np.zeros(shape, np.float32), *(np.zeros(shape, np.int32) for _ in range(3))
        )
        shelf = self._opening_shelf()
        bounds = np.searchsorted(self.sessions.day, np.arange(self.world.days + 1))
        for day in range(self.world.days):
            today = slice(bounds[day], bounds[day + 1])
            self._morning(shelf, day)
            self.live = self._live_on(day)
            self.multiplier = np.exp(log_effect[:, day]) * self.live
            weights = self._weights(today, self.multiplier)
            self._look(today, weights)
            sold, demanded, expected = self._sell(today, weights, shelf)
            self._evening(shelf, day, sold)
            history.expected_units[:, day] = expected
            history.demanded_units[:, day] = demanded
            history.sold_units[:, day] = sold
            history.closing_available[:, day] = shelf.available
        return self.ledger, history, shelf

    def _live_on(self, day: int) -> np.ndarray:
        launch, end = self.catalogue.launch_day, self.catalogue.end_day
        return ((launch <= day) & (day < end))[self.product]

    def _opening_shelf(self) -> Shelf:
        """Enough for a lead time and the cover, give or take: some lines start thin, some fat."""
        world, tail = self.world, self.world.days + TAIL_DAYS
        orders_a_day = len(self.customers.occasion_day) / world.days
        popularity = np.exp(self.catalogue.log_popularity)
        share = (popularity / popularity.sum())[self.product] * self.catalogue.share
        daily = orders_a_day * world.basket_lines * share * self.catalogue.line_units
        days = self.suppliers.promised_days[self.supplier] + world.cover_days
        opening = daily * days * np.exp(self.rng.normal(0, 0.35, self.skus))
        if not world.limited_stock:
            opening = daily * world.days * 40 + 1_000
        opening = round_to_packs(
            opening,
            self.suppliers.moq_units[self.supplier],
            self.suppliers.pack_size[self.supplier],
        )
        arriving, back = (np.zeros((self.skus, tail), np.int32) for _ in range(2))
        zeros = np.zeros(self.skus, dtype=int)
        return Shelf(zeros, zeros.copy(), daily, arriving, back, opening)

    def _morning(self, shelf: Shelf, day: int) -> None:
        first = self.catalogue.launch_day[self.product] == day
        shelf.available = shelf.available + np.where(first, shelf.opening, 0)
        shelf.available += shelf.arriving[:, day] + shelf.coming_back[:, day]
        shelf.on_order -= shelf.arriving[:, day]

    def _weights(self, today: slice, multiplier: np.ndarray) -> np.ndarray:
        """Expected lines per session and SKU, (sessions, skus)."""
        taste = self.customers.taste[self.sessions.taste_idx[today]]
        taste = taste + self.rng.normal(0, MOOD, taste.shape)
        liking = np.exp(taste @ self.catalogue.factors.T + self.catalogue.log_popularity)
        liking *= self.world.basket_lines / liking.sum(axis=1, keepdims=True)
        return liking[:, self.product] * (self.catalogue.share * multiplier)

    def _look(self, today: slice, weights: np.ndarray) -> None:
        picked, row = sample_rows(self.rng, weights, self.sessions.views[today])
        self.ledger.views.append({"session": row + today.start, "sku": picked})

    def _sell(self, today: slice, weights: np.ndarray, shelf: Shelf):
        """Requests in the order they arrive, first come first served."""
        buys = np.flatnonzero(self.sessions.buys[today])
        weights, mean = weights[buys], weights[buys].sum(axis=1)
        expected_lines = (weights / -np.expm1(-mean)[:, None]).sum(axis=0)
        expected = (expected_lines + self._brought(expected_lines)) * self.catalogue.line_units
        lines = truncated_poisson(self.rng, mean)
        sku, row = self._with_complements(*sample_rows(self.rng, weights, lines))
        units = 1 + self.rng.poisson(self.catalogue.line_units[sku] - 1)
        session = buys[row] + today.start
        session, sku, units = merge_lines(session, sku, units, self.skus)
        order = np.lexsort((self.sessions.placed_second[session], sku))
        session, sku, units = session[order], sku[order], units[order]
        filled = serve(sku, units, shelf.available)
        demanded = np.bincount(sku, units, self.skus).astype(int)
        np.subtract.at(shelf.available, sku, filled)
        second = self._substitute(session, sku, np.where(filled == 0, units, 0), shelf)
        requests = {
            "session": np.concatenate([session, second["session"]]),
            "sku": np.concatenate([sku, second["sku"]]),
            "wanted_units": np.concatenate([units, np.zeros_like(second["units"])]),
            "units": np.concatenate([filled, second["units"]]),
        }
        sold = np.bincount(requests["sku"], requests["units"], self.skus).astype(int)
        self.ledger.lines.append(requests | self._aftermath(requests, shelf))
        return sold, demanded, expected

    def _with_complements(self, sku: np.ndarray, row: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The lines and those that they bring along; what was brought brings nothing."""
        if not self.world.complement_rate:
            return sku, row
        product = self.catalogue.complements[self.product[sku]]
        place = product + self.rng.random(product.shape)
        other = np.minimum(np.searchsorted(self.share_ends, place, side="right"), self.skus - 1)
        chance = self.world.complement_rate * self.multiplier[other]
        came = self.rng.random(product.shape) < chance
        rows = np.repeat(row[:, None], product.shape[1], axis=1)
        return np.concatenate([sku, other[came]]), np.concatenate([row, rows[came]])

    def _brought(self, lines: np.ndarray) -> np.ndarray:
        """Expected lines per SKU that `lines` (skus,) bring along."""
        catalogue = self.catalogue
        of_product = np.bincount(self.product, lines, len(catalogue.complements))
        brought = np.bincount(
            catalogue.complements.ravel(),
            np.repeat(of_product, catalogue.complements.shape[1]),
            len(catalogue.complements),
        )
        chance = np.minimum(self.world.complement_rate * self.multiplier, 1.0)
        return brought[self.product] * catalogue.share * chance

    def _substitute(self, session, sku, missing, shelf: Shelf) -> dict[str, np.ndarray]:
        """Some of those who found nothing take the most similar thing that is there.

        Never one that is in the basket already: each basket has one line per SKU.
        """
        asked = session * self.skus + sku
        willing = (missing > 0) & (self.rng.random(len(sku)) < self.world.substitution_rate)
        choice = self.rng.integers(0, self.substitutes.shape[1], int(willing.sum()))
        other = self.substitutes[sku[willing], choice]
        session, other, units = merge_lines(session[willing], other, missing[willing], self.skus)
        new = ~np.isin(session * self.skus + other, asked)
        session, other, units = session[new], other[new], units[new]
        order = np.lexsort((self.sessions.placed_second[session], other))
        session, other, units = session[order], other[order], units[order]
        filled = serve(other, units, np.where(self.live, shelf.available, 0))
        np.subtract.at(shelf.available, other, filled)
        got = filled > 0
        return {"session": session[got], "sku": other[got], "units": filled[got]}

    def _aftermath(self, requests: dict, shelf: Shelf) -> dict[str, np.ndarray]:
        """Cancellations and returns; what can be sold again is back on a later morning."""
        session, sku, units = (requests[key] for key in ("session", "sku", "units"))
        cancelled = self.sessions.cancelled[session] & (units > 0)
        day = self.sessions.day[session]
        np.add.at(shelf.coming_back, (sku[cancelled], day[cancelled] + 1), units[cancelled])
        defect = self.rng.random(len(sku)) < self.catalogue.defect_rate[self.product[sku]]
        chance = np.where(defect, 0.7, RETURN_RATE)
        returned = (self.rng.random(len(sku)) < chance) & (units > 0) & ~cancelled
        delivered = day + self.sessions.ship_days[session] + self.sessions.transit_days[session]
        return_day = delivered + self.rng.integers(3, 15, len(sku))
        restocked = returned & ~defect & (self.rng.random(len(sku)) < RESTOCK_RATE)
        np.add.at(shelf.coming_back, (sku[restocked], return_day[restocked]), units[restocked])
        return {
            "cancelled": cancelled,
            "defective": defect & (units > 0),
            "returned": returned,
            "return_day": np.where(returned, return_day, -1),
            "restocked": restocked,
        }

    def _evening(self, shelf: Shelf, day: int, sold: np.ndarray) -> None:
        """Shrinkage, then the buyer's review: a moving average and the promised lead time."""
        lost = (self.rng.random(self.skus) < 0.0004) & (shelf.available > 0)
        shelf.available = shelf.available - lost
        self.ledger.shrinkage.append(
            {"sku": np.flatnonzero(lost), "day": np.full(int(lost.sum()), day)}
        )
        shelf.daily_units += (sold - shelf.daily_units) / SMOOTHING_DAYS
        due = self.suppliers.review_weekday[self.supplier] == weekday(self.days[day : day + 1])[0]
        horizon = self.suppliers.promised_days[self.supplier] + 7
        position = shelf.available + shelf.on_order
        low = position <= shelf.daily_units * horizon * 1.1
        sku = np.flatnonzero(due & low & self.live & self.world.limited_stock)
        target = shelf.daily_units[sku] * (horizon[sku] + self.world.cover_days)
        self._order(shelf, day, sku, target - position[sku])

    def _order(self, shelf: Shelf, day: int, sku: np.ndarray, short: np.ndarray) -> None:
        supplier = self.supplier[sku]
        ordered = round_to_packs(
            short, self.suppliers.moq_units[supplier], self.suppliers.pack_size[supplier]
        )
        everyone = np.arange(len(self.suppliers.code))
        # One truck per purchase order: its lines arrive together.
        lead = lead_times(self.rng, self.suppliers, everyone, self.days[day])[supplier]
        complete = self.rng.random(len(sku)) < self.suppliers.fill_rate[supplier]
        part = self.rng.uniform(0.55, 0.95, len(sku))
        received = np.where(complete, ordered, np.maximum(np.floor(ordered * part), 1)).astype(int)
        np.add.at(shelf.arriving, (sku, day + np.minimum(lead, TAIL_DAYS - 1)), received)
        shelf.on_order[sku] += received
        self.ledger.purchases.append(
            {
                "sku": sku,
                "supplier": supplier,
                "ordered_day": np.full(len(sku), day),
                "received_day": day + lead,
                "ordered_units": ordered,
                "received_units": received,
            }
        )


def sample_rows(
    rng: np.random.Generator, weights: np.ndarray, counts: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Draw `counts[r]` columns from row r with chances proportional to its weights.

    weights: (rows, columns), not negative, each row with a positive sum.
    returns: (column, row) of every draw, rows ascending.
    """
    cumulative = np.cumsum(weights, axis=1)
    total = cumulative[:, -1]
    offset = np.concatenate([[0.0], np.cumsum(total)])[:-1]
    row = np.repeat(np.arange(len(weights)), counts)
    target = offset[row] + rng.random(len(row)) * total[row]
    flat = (cumulative + offset[:, None]).ravel()
    found = np.searchsorted(flat, target, side="right") - row * weights.shape[1]
    return np.clip(found, 0, weights.shape[1] - 1), row


def truncated_poisson(rng: np.random.Generator, mean: np.ndarray) -> np.ndarray:
    """Poisson draws given that they are not zero: the first arrival, then the rest of the time."""
    first = -np.log1p(rng.random(len(mean)) * np.expm1(-mean))
    return 1 + rng.poisson(np.maximum(mean - first, 0))


def serve(sku: np.ndarray, units: np.ndarray, available: np.ndarray) -> np.ndarray:
    """Units given to each request; requests sorted by SKU, then by time. Partial fills happen."""
    if len(sku) == 0:
        return np.zeros(0, dtype=int)
    running = np.cumsum(units)
    first = np.concatenate([[True], sku[1:] != sku[:-1]])
    before_sku = np.maximum.accumulate(np.where(first, running - units, 0))
    taken_before = running - units - before_sku
    return np.clip(available[sku] - taken_before, 0, units)


def merge_lines(session, sku, units, skus: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Two lines of one SKU in one basket are one line."""
    key, inverse = np.unique(session * skus + sku, return_inverse=True)
    merged = np.bincount(inverse, units, len(key)).astype(int)
    return key // skus, key % skus, merged


def running_share(product: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Each SKU's share of its product added to those before it; SKUs of a product lie together."""
    running = np.cumsum(share)
    first = np.concatenate([[True], product[1:] != product[:-1]])
    before = np.maximum.accumulate(np.where(first, running - share, 0))
    last = np.append(first[1:], True)  # exactly one, whatever the sum of its shares rounds to
    return np.where(last, 1.0, running - before)


def nearest_in_category(catalogue: Catalogue, count: int = 3) -> np.ndarray:
    """The most similar SKUs of other products in the same category. Shape (skus, count)."""
    product = catalogue.product_idx
    result = np.zeros((len(product), count), dtype=int)
    for category in np.unique(catalogue.category_idx):
        inside = np.flatnonzero(catalogue.category_idx[product] == category)
        points = catalogue.factors[product[inside]]
        distance = ((points[:, None, :] - points[None, :, :]) ** 2).sum(axis=2)
        distance[product[inside][:, None] == product[inside][None, :]] = np.inf
        nearest = np.argsort(distance, axis=1, kind="stable")[:, :count]
        # A category with few SKUs repeats its nearest ones.
        result[inside] = inside[nearest[:, np.arange(count) % nearest.shape[1]]]
    return result
