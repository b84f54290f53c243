"""What the plan's levels are worth: fill rate against inventory value over a held-out time.

    python benchmarks/policy_simulation.py [--seeds 5] [--only known-truth|pasta|retail|all] [--planned 28] [--data DIR]

Each shop's last year (Online Retail: its last 20 weeks) is played day by day: weekly review, lost
sales, lead times that vary by supplier, MOQ and packs. Every policy sees the same demand before the
day and the same lead times; each is run on a grid of its own safety parameter, which traces its
curve of fill rate over mean inventory value. Curves are read where the baseline has a fill rate of
90 and 95 %: at its value (points of fill rate) and at its fill rate (share of value); a point that a
curve does not reach is no figure. Costs, MOQ, packs and lead times are drawn per seed, and the known-truth shop is
another one; of the others a draw of SKUs; the interval is over seeds. The plan forecasts with the
night's model, trained at the beginning and after half a year. No limit is shared here, so that the plan is each
SKU's order-up-to level (what the programme would add is cost of orders and shared limits), and levels
are compared with levels.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

import numpy as np
from scipy.special import stdtrit

from benchmarks.policy_shops import Shop, known_truth_shop, pasta_shop, retail_shop
from inventory.ml import backtest
from inventory.ml.classes import demand_classes
from inventory.ml.counts import count_quantiles, dispersion
from inventory.ml.course import find_course
from inventory.ml.gbm import DemandParams
from inventory.ml.lead_time import LeadTimeSimulator
from inventory.ml.panel import Panel

REVIEW = 7
HORIZON = 28
LONGEST = 84  # days that lead time and review may take together
RETRAIN = 26  # weeks
CHANCES = np.array([0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.93, 0.95, 0.97, 0.98, 0.99, 0.995])
DEVIATIONS = np.array([0, 0.3, 0.6, 0.9, 1.2, 1.5, 1.8, 2.2, 2.8, 3.6, 4.8, 6.5])
FACTORS = np.array([0.6, 0.8, 0.9, 1.0, 1.15, 1.3, 1.5, 1.75, 2.0, 2.5, 3.0, 4.0])
TARGET_FILLS = (0.90, 0.95)
SKUS = 60  # of a shop that is not made anew, drawn by seed


@dataclass(frozen=True)
class Terms:
    """Per SKU (n,): unit cost, MOQ, pack, supplier; lead (n,) mean and sigma of the log; draws."""

    cost: np.ndarray
    moq: np.ndarray
    pack: np.ndarray
    mean: np.ndarray
    sigma: np.ndarray
    lead: np.ndarray  # (n, T) days of an order placed on a day: the same for every policy


def draw_terms(shop: Shop, seed: int) -> Terms:
    """Five suppliers, 5 to 21 days; packs and MOQ of about a week's demand at most."""
    random = np.random.default_rng(seed)
    count, days = shop.units.shape
    supplier = random.integers(0, 5, count)
    mean = random.integers(5, 22, 5)[supplier].astype(float)
    sigma = random.uniform(0.12, 0.35, 5)[supplier]
    week = shop.units[:, shop.first - 91 : shop.first].mean(axis=1) * 7
    fits = np.maximum(np.minimum(random.choice([1, 2, 6, 12], count), np.ceil(week / 2)), 1)
    lots = random.integers(1, 3, count)
    draws = random.standard_normal((5, days))[supplier]  # one truck for all of a supplier's lines
    lead = np.exp(np.log(mean)[:, None] - sigma[:, None] ** 2 / 2 + sigma[:, None] * draws)
    return Terms(
        cost=np.exp(random.normal(2, 0.8, count)), moq=fits * lots, pack=fits, mean=mean,
        sigma=sigma, lead=np.maximum(np.rint(lead), 1).astype(int),
    )  # fmt: skip


def play(shop: Shop, terms: Terms, levels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(G,) fill rate by value of demand, and mean value in stock, of G settings.

    levels: (G, weeks, 2, n) reorder point and order-up-to level at each review.
    """
    settings, count = len(levels), shop.units.shape[0]
    span = shop.units.shape[1] - shop.first
    stock = np.ceil(levels[:, 0, 1])
    coming = np.zeros((settings, count, span + 200))
    outstanding = np.zeros((settings, count))
    sold = np.zeros(settings)
    value = np.zeros(settings)
    for day in range(span):
        arrived = coming[:, :, day]
        stock, outstanding = stock + arrived, outstanding - arrived
        wanted = shop.units[:, shop.first + day]
        given = np.minimum(stock, wanted)
        stock = stock - given
        if day >= 28:  # the first weeks only show the start
            sold += given @ terms.cost
            value += stock @ terms.cost
        if day % REVIEW == 0:
            point, target = levels[:, day // REVIEW, 0], levels[:, day // REVIEW, 1]
            position = stock + outstanding
            short = np.where(position <= point, target - position, 0)
            units = np.ceil(np.maximum(np.ceil(short), terms.moq) / terms.pack) * terms.pack
            units = np.where(short > 0, units, 0)
            rows = np.arange(count)
            coming[:, rows, np.minimum(day + 1 + terms.lead[:, shop.first + day], span + 199)] += (
                units
            )
            outstanding = outstanding + units
    demand = (shop.units[:, shop.first + 28 :].sum(axis=1) * terms.cost).sum()
    return sold / demand, value / (span - 28)


@dataclass(frozen=True)
class Foreseen:
    """What the plan knows at each review: mean (weeks, n, days) and dispersion (weeks, n)."""

    mean: np.ndarray
    dispersion: np.ndarray
    correlation: float


def foresee(shop: Shop, seed: int, *, planned_days: int) -> Foreseen:
    """The night's forecast at each review, trained anew every RETRAIN weeks, carried on by the year and by
    the reductions that are set `planned_days` ahead."""
    panel = Panel(
        skus=[str(n) for n in range(len(shop.units))], periods=shop.days,
        units=shop.units.astype(float), promotion=shop.promotion,
        promotion_ahead=shop.promotion is not None, groups=shop.groups, countries=shop.countries,
        depth=shop.depth,
    )  # fmt: skip
    params = DemandParams(
        sample_rows=20_000, quantile_rounds=80, mean_rounds=100, threads=1, countries=shop.countries
    )
    weeks = -(-(shop.units.shape[1] - shop.first) // REVIEW)
    means, spreads = [], []
    for week in range(weeks):
        known = panel.until(min(shop.first + week * REVIEW + 1, len(shop.days)))
        length = known.units.shape[1]
        if week % RETRAIN == 0:
            card = backtest.backtest(known, HORIZON, params, seed=seed)
            model = backtest.fit_final(known, HORIZON, params, seed=seed, card=card)
        plans = shop.planned(length, LONGEST, known_days=planned_days)
        forecast = backtest.forecast_with(
            card.chosen, model, known, HORIZON, plans=plans.until(HORIZON)
        )
        course = find_course(known)
        factor = course.ahead(length, (len(known.skus), LONGEST), plans)
        means.append([_carried_on(row, factor[sku]) for sku, row in enumerate(forecast.mean)])
        spreads.append(dispersion(course.plain(known).units, demand_classes(known.units)))
    return Foreseen(np.array(means), np.array(spreads), card.day_correlation)


def _carried_on(mean: np.ndarray, factor: np.ndarray) -> np.ndarray:
    """(LONGEST,) the forecast and after it its last week; factor (LONGEST,): of the year and reductions."""
    week = mean[-7:] / factor[HORIZON - 7 : HORIZON]
    more = np.tile(week, LONGEST // 7)[: LONGEST - HORIZON] * factor[HORIZON:]
    return np.concatenate([mean, more])


def plan_levels(foreseen: Foreseen, terms: Terms, seed: int) -> np.ndarray:
    """Quantiles of demand until the order after this one arrives, as the plan computes them."""
    longest = min(int(np.ceil((terms.mean * np.exp(2 * terms.sigma)).max())) + REVIEW, LONGEST)
    draws = 300
    simulator = LeadTimeSimulator(longest, correlation=foreseen.correlation, seed=seed, draws=draws)
    noise = np.random.default_rng(seed).standard_normal(draws)
    lead = np.exp(
        np.log(terms.mean)[:, None] - terms.sigma[:, None] ** 2 / 2 + terms.sigma[:, None] * noise
    )
    end = np.clip(np.rint(lead).astype(int) + REVIEW, 1, longest) - 1
    weeks, count = foreseen.dispersion.shape
    found = np.zeros((len(CHANCES), weeks, 2, count))
    for week in range(weeks):
        mean = foreseen.mean[week][:, :longest]
        quantiles = count_quantiles(mean, foreseen.dispersion[week])
        for sku in range(count):
            total = simulator.cumulative(mean[sku], quantiles[sku])
            units = np.quantile(total[np.arange(draws), end[sku]], CHANCES)
            found[:, week, :, sku] = np.maximum(units, 0)[:, None]
    return found


def baseline_levels(shop: Shop, terms: Terms) -> dict[str, np.ndarray]:
    """Each baseline's levels at each review on a grid of its own safety parameter."""
    weeks = -(-(shop.units.shape[1] - shop.first) // REVIEW)
    shape = (len(CHANCES), weeks, 2, len(shop.units))
    names = ("min-max, 30-day average", "(s,S), normal demand", "seasonal naive, normal")
    found = {name: np.zeros(shape) for name in names}
    z, cover = DEVIATIONS[:, None], terms.mean + REVIEW
    lead_sd = terms.mean * terms.sigma
    for week in range(weeks):
        day = shop.first + week * REVIEW + 1
        recent = shop.units[:, day - 30 : day].mean(axis=1)
        point = FACTORS[:, None] * recent * cover
        _put(found[names[0]], week, point, recent * REVIEW)
        past = shop.units[:, max(day - 90, 0) : day]
        mean, sd = past.mean(axis=1), past.std(axis=1)
        point = mean * cover + z * np.sqrt(cover * sd**2 + (mean * lead_sd) ** 2)
        _put(found[names[1]], week, point, mean * REVIEW)
        season = 364 if shop.first > 364 + 28 else 28
        ahead, error = _seasonal(shop, day, season, cover)
        point = ahead + z * np.sqrt(cover * error**2 + (ahead / cover * lead_sd) ** 2)
        _put(found[names[2]], week, point, ahead / cover * REVIEW)
    return found


def _seasonal(
    shop: Shop, day: int, season: int, cover: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """(n,) units of the same days a season ago, and the daily error of that forecast so far."""
    base = shop.units[:, day - season : day - season + 60]
    total = np.concatenate([np.zeros((len(base), 1)), np.cumsum(base, axis=1)], axis=1)
    days = np.minimum(np.rint(cover).astype(int), base.shape[1])
    ahead = total[np.arange(len(base)), days]
    start = max(day - 90, season)
    error = shop.units[:, start:day] - shop.units[:, start - season : day - season]
    return ahead, error.std(axis=1) if error.shape[1] else np.ones(len(base))


def _put(levels: np.ndarray, week: int, point: np.ndarray, more: np.ndarray) -> None:
    levels[:, week, 0] = np.maximum(point, 0)
    levels[:, week, 1] = np.maximum(point, 0) + more


def compare(shop: Shop, foreseen: Foreseen, seed: int) -> dict[str, dict[str, float]]:
    """Baseline → points of fill rate at equal value, and share of value saved at equal fill rate."""
    terms = draw_terms(shop, seed)
    mine = play(shop, terms, plan_levels(foreseen, terms, seed))
    found = {}
    for name, levels in baseline_levels(shop, terms).items():
        other, row = play(shop, terms, levels), {}
        for target in TARGET_FILLS:
            at, own = value_at(other, target), value_at(mine, target)
            row[f"less stock at fill {target:.0%}, %"] = 100 * (1 - own / at)
            row[f"more fill at the stock of fill {target:.0%}, points"] = 100 * (
                fill_at(mine, at) - target
            )
        found[name] = row
    return found


def value_at(curve: tuple[np.ndarray, np.ndarray], fill: float) -> float:
    """Inventory value at which a policy's curve reaches a fill rate; NaN where it never does."""
    rising = np.maximum.accumulate(curve[0])
    return float(np.interp(fill, rising, curve[1], left=np.nan, right=np.nan))


def fill_at(curve: tuple[np.ndarray, np.ndarray], value: float) -> float:
    return float(np.interp(value, curve[1], curve[0], left=np.nan, right=np.nan))


def results_of(name: str, options: argparse.Namespace) -> list[dict[str, dict[str, float]]]:
    """One result per seed: a new shop each, or another draw of SKUs and terms of the one there is."""
    seeds = range(options.first_seed, options.first_seed + options.seeds)
    if name == "known-truth":
        found = []
        for seed in seeds:
            made = known_truth_shop(seed)
            found.append(compare(made, foresee(made, seed, planned_days=options.planned), seed))
            rows = {
                name: [round(one, 1) for one in row.values()] for name, row in found[-1].items()
            }
            print(f"seed {seed}: {rows}", flush=True)
        return found
    shop = {"pasta": pasta_shop, "retail": retail_shop}[name](options.data)
    foreseen, found = foresee(shop, 1, planned_days=options.planned), []
    for seed in seeds:
        keep = np.sort(np.random.default_rng(seed).permutation(len(shop.units))[:SKUS])
        own = replace(
            foreseen, mean=foreseen.mean[:, keep], dispersion=foreseen.dispersion[:, keep]
        )
        found.append(compare(shop.rows(keep), own, seed))
    return found


def show(name: str, results: list[dict[str, dict[str, float]]]) -> None:
    for baseline in results[0]:
        for figure in results[0][baseline]:
            values = np.array([one[baseline][figure] for one in results])
            known = values[np.isfinite(values)]
            half = np.nan
            if len(known) > 1:
                half = stdtrit(len(known) - 1, 0.975) * known.std(ddof=1) / np.sqrt(len(known))
            mean = known.mean() if len(known) else np.nan
            print(
                f"{name:12} | {baseline:25} | {figure:45} | {mean:6.1f} ± {half:.1f}"
                f" ({len(known)} seeds)",
                flush=True,
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument(
        "--planned", type=int, default=HORIZON, help="days before which reductions are set"
    )
    parser.add_argument("--only", default="known-truth", help="known-truth, pasta, retail or all")
    options = parser.parse_args()
    names = ["known-truth", "pasta", "retail"] if options.only == "all" else [options.only]
    for name in names:
        if name != "known-truth" and not options.data.is_dir():
            print(f"{name}: no data in {options.data}, left out")
            continue
        began = time.perf_counter()
        show(name, results_of(name, options))
        print(f"{name}: {time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main()
