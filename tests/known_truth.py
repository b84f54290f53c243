"""A simulated shop, what the models make of it, and how near that is to the truth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl

from inventory.ml.availability import Changes, Spans, out_of_stock
from inventory.ml.lost_looks import Looks, looks_available, lost_days
from inventory.ml.lost_units import look_rates, lost_units
from inventory.ml.substitutes import Learned, Shelf, Visits, learn_substitutes
from recommendations.frames import PURCHASE_WEIGHT, WEIGHTS
from recommendations.ml.fits import fit
from recommendations.ml.harness import Plan, choose, fit_all, mixed_model
from recommendations.ml.interactions import Histories, Interactions, Rows, interactions
from recommendations.ml.lists import lists_for
from recommendations.ml.mixing import MIXES
from recommendations.ml.policy import Settings, arrange, stock_pull
from recommendations.ml.ranker_features import Attributes
from recommendations.ml.rules import Facts
from recommendations.ml.search import SPACES
from recommendations.ml.sources import Source
from shop.models import EventKind
from shop.simulator import oracle
from shop.simulator.shop import SimulatedShop, simulate
from shop.simulator.world import make_world

UNTIL = date(2026, 6, 30)
LEAST_PURCHASES = 3  # of whose taste a shop can know something
K = 10


@dataclass(frozen=True)
class World:
    """shop: with its truth. train: what the shop may learn from; its users and items are the
    truth's customers and products. judged: customers with LEAST_PURCHASES bought products."""

    shop: SimulatedShop
    rows: Rows
    train: Interactions
    judged: np.ndarray

    @property
    def histories(self) -> Histories:
        return self.train.histories.take(self.judged)


def make(seed: int, **sizes: int) -> World:
    """A teahouse, and what it knows of its customers."""
    shop = simulate(make_world("teahouse", seed=seed, until=UNTIL, **sizes))
    events = oracle.known_events(shop)
    bought = events["kind"] == EventKind.PURCHASE
    weights = {**{str(kind): weight for kind, weight in WEIGHTS.items()}}
    weights[str(EventKind.PURCHASE.value)] = PURCHASE_WEIGHT
    people, products = len(shop.truth["customers"]), len(shop.truth["products"])
    rows = Rows(
        events["customer"],
        events["product"],
        np.array([weights[kind] for kind in events["kind"]], dtype=np.float32),
        events["at"],
        people,
        products,
        bought,
    )
    train = interactions(rows)
    history = train.histories
    count = np.bincount(history.row_user[history.bought], minlength=people)
    return World(shop, rows, train, np.flatnonzero(count >= LEAST_PURCHASES))


def categories_of(world: World) -> np.ndarray:
    """int64 (products,): numbered from 0."""
    codes = world.shop.truth["products"]["category_code"].to_numpy()
    return np.unique(codes, return_inverse=True)[1]


def attributes_of(world: World) -> Attributes:
    """What the night tells the ranker of the products (services/training.py)."""
    shop = world.shop
    first = np.unique(shop.truth["arrays"]["product_idx"], return_index=True)[1]
    price = shop.truth["arrays"]["base_minor"][first].astype(np.float64)
    margin = oracle.margins_minor(shop) / price
    rows = shop.frames["products"].unique("product_code", keep="first", maintain_order=True)
    brand_of = dict(rows.select("product_code", "brand").iter_rows())
    brands = [brand_of[code] for code in shop.truth["products"]["product_code"]]
    codes = {"category": categories_of(world), "brand": np.unique(brands, return_inverse=True)[1]}
    return Attributes(
        price, {name: one.astype(np.int32) for name, one in codes.items()}, {"margin_rate": margin}
    )


def trained(world: World, plan: Plan, clock: Callable[[], float]) -> tuple[str, dict[str, Source]]:
    """(the model that the harness chose, every model by name), fitted on everything."""
    attributes = attributes_of(world)
    plan = Plan(plan.models, plan.k, plan.seed, plan.seconds, attributes)
    choice = choose(world.rows, "temporal", plan, clock=clock, report=lambda *_: None)
    sources = fit_all(world.train, choice, set(choice.params), plan.seed)
    models = dict(sources)
    for name in MIXES:
        if name in choice.values:
            models[name] = mixed_model(name, world.train, choice, sources, attributes)
    return choice.chosen, models


def taste_found(world: World, source: Source) -> tuple[float, float]:
    """Mean Spearman per customer: of the scores with the true liking (popularity and all), and of
    the personal part of the scores with the personal part of the taste."""
    scores = source.scores(world.histories).astype(np.float64)
    liking = oracle.true_liking(world.shop.truth)[world.judged]
    taste = oracle.true_taste(world.shop.truth)[world.judged]
    whole = oracle.spearman_by_row(scores, liking)
    if not source.personal:
        return float(np.nanmean(whole)), 0.0
    own = oracle.spearman_by_row(oracle.beside_everybody(scores), oracle.beside_everybody(taste))
    return float(np.nanmean(whole)), float(np.nanmean(own))


def complements_found(world: World, name: str, k: int = 2) -> tuple[float, float]:
    """(precision@k of what a source says goes with each product, that of chance)."""
    params = {key: values[0] for key, values in SPACES[name].items()}
    weights = fit(name, world.train, params, 0).weights.toarray()  # type: ignore[attr-defined]
    np.fill_diagonal(weights, 0)
    category = categories_of(world)
    # A page shows complements beside similar products: what is of another category.
    weights[category[:, None] == category[None, :]] = 0
    right = [set(row) for row in world.shop.truth["arrays"]["complements"].tolist()]
    found = oracle.precision_at(_best(weights, k), right)
    others = (category[:, None] != category[None, :]).sum(axis=1)
    return float(found.mean()), float(np.mean([len(one) for one in right] / others))


def _best(weights: np.ndarray, k: int) -> np.ndarray:
    order = np.argsort(-weights, axis=1, kind="stable")[:, :k]
    return np.where(np.take_along_axis(weights, order, axis=1) > 0, order, -1)


def visits_of(world: World) -> tuple[Visits, Spans]:
    """The event log's visits, and when each SKU was out, as inventory/evidence.py reads them."""
    shop = world.shop
    place = {sku: row for row, sku in enumerate(shop.truth["skus"])}
    spans = _spans(shop, place)
    kinds = ["view", "cart_add", "purchase"]
    events = shop.frames["events"].filter(pl.col("kind").is_in(kinds) & pl.col("consent"))
    row = np.array([place[sku] for sku in events["sku"]])
    at = events["occurred_at"].dt.epoch("us").to_numpy() / 1e6
    visit = np.unique(events["session"], return_inverse=True)[1]
    taken = (events["kind"] != "view").to_numpy()
    return Visits(visit, row, at, spans.covers(row, at) & ~taken, taken), spans


def _spans(shop: SimulatedShop, place: dict[str, int]) -> Spans:
    moved = shop.movements.with_columns(
        at=pl.col("occurred_at").dt.epoch("us") / 1e6,
        delta=pl.col("on_hand_delta") - pl.col("allocated_delta"),
        row=pl.col("sku").replace_strict(place, return_dtype=pl.Int64),
    )
    moved = moved.sort("row", "at", maintain_order=True)
    changes = Changes(
        moved["row"].to_numpy(),
        moved["at"].to_numpy(),
        moved["delta"].to_numpy(),
        np.full(len(place), np.nan),
    )
    rows = np.arange(len(place))
    end = float(moved["at"].max()) + 86_400  # type: ignore[arg-type]
    return out_of_stock(changes, np.ones(len(place), np.int64), rows, 0.0, end)


def substitutes_found(
    world: World, k: int = 3, lost_visits: int = 0
) -> tuple[float, float, Learned]:
    """(precision@k over other products of SKUs that `lost_visits` found out, chance, all of it).

    A truth with fewer than k products is measured at as many places as it has.
    """
    visits, _spans_out = visits_of(world)
    arrays, category = world.shop.truth["arrays"], categories_of(world)
    product = arrays["product_idx"]
    learned = learn_substitutes(visits, Shelf(product, category[product]), most=30)
    hits, chance = [], []
    for sku in np.flatnonzero(learned.lost_visits >= max(lost_visits, 1)).tolist():
        right = {*product[arrays["substitutes"][sku]].tolist()} - {int(product[sku])}
        others = int((category == category[product[sku]]).sum()) - 1
        if not right or others <= len(right):
            continue
        listed = product[learned.pairs.other[learned.pairs.item == sku]].tolist()
        best = [one for one in dict.fromkeys(listed) if one != product[sku]]
        places = min(k, len(right))
        hits.append(sum(one in right for one in best[:places]) / places)
        chance.append(len(right) / others)
    return float(np.mean(hits)), float(np.mean(chance)), learned


def lists_under(
    world: World, source: Source, rates: list[float], pool: int = 40, knob: str = "margin_rate"
) -> np.ndarray:
    """int (rates, judged, K): what each rate of a knob makes of the source's best `pool`."""
    ties = world.train.item_users()
    best = lists_for(source, world.histories, ties, pool)
    margin, pull = oracle.margins_minor(world.shop), pulls_of(world)
    facts = {
        item: Facts(margin_minor=int(value), stock_pull=float(pull[item]))
        for item, value in enumerate(margin)
    }
    shown = np.full((len(rates), len(best), K), -1)
    for number, rate in enumerate(rates):
        settings = Settings("home", ("personal",), **{knob: rate})
        for person, row in enumerate(best):
            ids = row[row >= 0].tolist()
            placed = arrange(ids, facts, settings, limit=K, seed="")
            shown[number, person, : len(placed)] = [ids[one.index] for one in placed]
    return shown


def pulls_of(world: World) -> np.ndarray:
    """float64 (products,): what lies there on the last day beside what is truly wanted: more than sells
    in 90 days lifts, less than sells in seven days sinks."""
    shop = world.shop
    place = {sku: row for row, sku in enumerate(shop.truth["skus"])}
    moved = shop.movements.group_by("sku").agg(pl.col("on_hand_delta").sum())
    on_hand = np.zeros(len(place))
    for sku, units in moved.iter_rows():
        on_hand[place[sku]] = max(units, 0)
    product = shop.truth["arrays"]["product_idx"]
    wanted = shop.truth["arrays"]["demanded_units"][:, -28:].mean(axis=1)
    there, daily = (np.bincount(product, part) for part in (on_hand, wanted))
    excess = np.maximum(there - 90 * daily, 0).round()
    risk = (there < 7 * daily).astype(float)
    rows = zip(there.tolist(), excess.tolist(), risk.tolist(), strict=True)
    return np.array([stock_pull(int(one), int(more), r) for one, more, r in rows])


def shown(world: World, lists: np.ndarray) -> oracle.Shown:
    """What lists of the judged customers would lead to, by the true liking."""
    liking = oracle.true_liking(world.shop.truth)[world.judged]
    return oracle.clicked(lists, liking, oracle.margins_minor(world.shop).astype(float))


@dataclass(frozen=True)
class LostUnits:
    """Units that looks at what was out would have bought, per SKU, and what was really wanted."""

    mean: np.ndarray
    low: np.ndarray
    high: np.ndarray
    wanted: np.ndarray

    @property
    def held(self) -> float:
        """Share of the intervals that hold the truth."""
        return float(((self.low <= self.wanted) & (self.wanted <= self.high)).mean())


def lost_units_found(world: World, days: int = 56) -> LostUnits:
    """Of the last `days` days, on days that a SKU was out from midnight to midnight: what was wanted
    on the others was partly sold, and the truth keeps whole days."""
    shop = world.shop
    skus, zone = len(shop.truth["skus"]), ZoneInfo(shop.world.time_zone)
    first = shop.world.until - timedelta(days=days - 1)
    midnights = [
        datetime.combine(first + timedelta(days=n), time(), zone).timestamp()
        for n in range(days + 1)
    ]
    edges = np.array(midnights)
    place = {sku: row for row, sku in enumerate(shop.truth["skus"])}
    out_row, out_day, seconds = _spans(shop, place).seconds_per_day(edges)
    whole = np.zeros((skus, days), dtype=bool)
    inside = seconds >= np.diff(edges)[out_day] - 1
    whole[out_row[inside], out_day[inside]] = True
    looks = _looks(shop, place, edges)
    out = Looks(looks.row, looks.day, looks.person, whole[looks.row, looks.day])
    vain = lost_days(out, days)
    rates = look_rates(looks_available(looks, skus, days).astype(float), *_sold(shop, place, edges))
    assert rates is not None
    mean, low, high = lost_units(np.bincount(vain.row, vain.looks, skus), rates)
    wanted = (shop.truth["arrays"]["demanded_units"][:, -days:] * whole).sum(axis=1)
    asked = whole.any(axis=1)
    return LostUnits(mean[asked], low[asked], high[asked], wanted[asked])


def _looks(shop: SimulatedShop, place: dict[str, int], edges: np.ndarray) -> Looks:
    """Views under consent in the days between `edges`; was_out by the ledger."""
    views = shop.frames["events"].filter((pl.col("kind") == "view") & pl.col("consent"))
    row = np.array([place[sku] for sku in views["sku"]])
    at = views["occurred_at"].dt.epoch("us").to_numpy() / 1e6
    person = np.unique(views["visitor"], return_inverse=True)[1]
    day = np.searchsorted(edges, at, side="right") - 1
    kept = (day >= 0) & (day < len(edges) - 1)
    row, at = row[kept], at[kept]
    return Looks(row, day[kept], person[kept], _spans(shop, place).covers(row, at))


def _sold(shop: SimulatedShop, place: dict[str, int], edges: np.ndarray) -> list[np.ndarray]:
    """Lines, units and squared units per SKU of orders that stood, float64 (skus,)."""
    items = shop.frames["orders"].filter(
        pl.col("sku").is_not_null() & (pl.col("state") != "cancelled")
    )
    at = items["placed_at"].dt.epoch("us").to_numpy() / 1e6
    kept = (at >= edges[0]) & (at < edges[-1])
    row = np.array([place[sku] for sku in items["sku"]])[kept]
    units = items["units"].to_numpy()[kept].astype(float)
    return [np.bincount(row, weight, len(place)) for weight in (None, units, units**2)]
