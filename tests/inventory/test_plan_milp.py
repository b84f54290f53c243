"""The plan of many SKUs: proved optimal on small shops, never worse than the simple rule, repeatable."""

import itertools

import numpy as np
import pytest

from inventory.ml.plan.problem import Items, Limits, Offers, Problem
from inventory.ml.plan.schedules import Prices, best_schedules, make_tables
from inventory.ml.plan.solve import solve
from inventory.ml.plan.usage import group_orders, order_cost
from inventory.ml.plan.usage import limit_rows as rows_of_limits


def shop(seed, *, skus=8, suppliers=2, weeks=4, cases=50, alternatives=0.2, **limits):
    """Gamma demand, packs, MOQs and a price break; supplier 0 is asked every second week."""
    random = np.random.default_rng(seed)
    mean = np.exp(random.normal(1.5, 1.0, skus))
    lead = random.integers(1, 3, suppliers)
    supplier = random.integers(0, suppliers, skus)
    spread = random.uniform(0.3, 1.2, skus)[:, None, None] ** 2
    week = random.gamma(1 / spread, 1, (skus, weeks, cases)) * mean[:, None, None] * spread
    stock = mean * random.uniform(0, 4, skus)
    net = np.zeros((skus, weeks + 1, cases))
    for sku in range(skus):
        left = np.full(cases, stock[sku])
        for before in range(lead[supplier[sku]]):
            left = np.maximum(left - week[sku, before], 0)
        net[sku, : lead[supplier[sku]] + 1] = -left
        for later in range(lead[supplier[sku]], weeks):
            net[sku, later + 1] = net[sku, later] + week[sku, later]
    pairs = [(sku, supplier[sku]) for sku in range(skus)]
    pairs += [
        (sku, (supplier[sku] + 1) % suppliers)
        for sku in range(skus)
        if random.random() < alternatives
    ]
    item, group = np.array(sorted(pairs)).T
    cost = np.exp(random.normal(6, 0.7, skus)).round() + 1
    pack = random.choice([1, 2, 6], len(item))
    may = np.ones((len(item), weeks), dtype=bool)
    may[group == 0, 1::2] = False
    full = cost[item] * random.uniform(1.0, 1.1, len(item))
    breaks = np.stack([np.zeros(len(item)), np.ceil(mean[item] * 3) + 1], axis=1)
    return Problem(
        Items(
            net=net, price=cost * random.uniform(0.4, 1.5, skus), holding=cost * 0.2 / 52,
            cost=cost, litres=random.uniform(0.1, 3, skus), kilos=random.uniform(0.1, 2, skus),
            place=np.zeros(skus, int), life_weeks=np.where(random.random(skus) < 0.2, 3, 0),
            weekly=mean, level=np.full(skus, 0.95),
        ),
        Offers(
            item=item, group=group, lead_weeks=lead[group], pack=pack,
            moq=np.where(random.random(len(item)) < 0.5, 1, 2 * pack), break_units=breaks,
            break_cost=np.stack([full, cost[item]], axis=1), may_order=may,
        ),
        Limits(
            order_cost=np.full(suppliers, limits.get("order_cost", 2_000.0)),
            minimum=np.full(suppliers, limits.get("minimum", 0.0)),
            litres=np.full(suppliers, limits.get("litres", np.inf)),
            kilos=np.full(suppliers, np.inf),
            budget_weeks=np.array([[0, weeks - 1]] if "budget" in limits else []).reshape(-1, 2),
            budgets=np.array([limits["budget"]] if "budget" in limits else []),
            space=np.array([limits.get("space", np.inf)]),
        ),
    )  # fmt: skip


def brute_force(problem):
    """Every set of orders that could be placed, the best schedules within each."""
    tables, weeks = make_tables(problem), problem.weeks
    suppliers = len(problem.limits.order_cost)
    free = [np.zeros(weeks), np.zeros((len(problem.offers.item), weeks)), np.zeros((1, weeks))]
    best = np.inf
    for placed in itertools.product([False, True], repeat=suppliers * weeks):
        is_open = np.array(placed).reshape(suppliers, weeks)
        fixed = np.where(is_open[problem.offers.group], 0.0, np.inf)
        value, _found = best_schedules(problem, tables, Prices(fixed, *free))
        best = min(best, value.sum() + (is_open * problem.limits.order_cost[:, None]).sum())
    return best


@pytest.mark.parametrize("seed", range(4))
def test_small_shops_are_solved_to_the_proven_optimum(seed):
    problem = shop(seed)
    found = solve(problem)
    best = brute_force(problem)
    assert found.bound <= best + 1e-6
    assert found.cost == pytest.approx(best, rel=1e-6)


@pytest.mark.parametrize("limits", [{}, {"budget": 15_000.0}, {"litres": 40.0}, {"space": 90.0},
                                    {"minimum": 9_000.0}])  # fmt: skip
def test_never_worse_than_the_simple_rule_and_never_below_its_bound(limits):
    for seed in range(3):
        found = solve(shop(seed, skus=15, weeks=6, **limits))
        assert found.bound <= found.cost + 1e-6
        if not found.broken:
            assert found.cost <= found.greedy_cost + 1e-6
            assert found.cost <= found.nothing_cost + 1e-6


def test_limits_lots_and_calendars_are_kept():
    problem = shop(3, skus=20, weeks=6, budget=20_000.0, litres=60.0, minimum=3_000.0)
    found = solve(problem)
    offers, units = problem.offers, found.units
    assert (units % offers.pack[:, None] == 0).all()
    assert ((units == 0) | (units >= offers.moq[:, None])).all()
    assert not units[~offers.may_order].any()
    worth = group_orders(problem, units)
    assert worth.sum() <= 20_000
    assert ((worth == 0) | (worth >= 3_000)).all()
    volume = units * problem.items.litres[offers.item][:, None]
    for group in range(2):
        assert (volume[offers.group == group].sum(axis=0) <= 60 + 1e-6).all()


def test_the_same_problem_gives_the_same_plan():
    one, two = (solve(shop(5, skus=25, weeks=6, budget=25_000.0)) for _turn in range(2))
    assert (one.units == two.units).all()
    assert one.bound == two.bound


def test_a_tight_budget_has_a_price_and_more_of_it_earns_that():
    poor = solve(shop(1, skus=40, weeks=6, order_cost=0.0, budget=30_000.0))
    richer = solve(shop(1, skus=40, weeks=6, order_cost=0.0, budget=32_000.0))
    assert poor.duals[0] > 0
    earned = (poor.cost - richer.cost) / 2_000
    assert 0 < earned < 3 * poor.duals[0]
    assert solve(shop(1, skus=40, weeks=6, budget=1e9)).duals[0] == 0


def test_what_cannot_be_kept_is_named_with_how_much_is_missing():
    """Stock that is there already needs more room than there is: no order can help."""
    problem = shop(2, skus=10, weeks=4, space=1.0)
    assert rows_of_limits(problem)[0].kind == "shelf"
    found = solve(problem)
    assert {row.kind for row, _over in found.broken} == {"shelf"}
    assert all(over > 0 for _row, over in found.broken)
    assert order_cost(problem, found.units) >= 0


def test_goods_that_spoil_are_bought_for_what_sells_in_time():
    keeps = shop(4, skus=1, weeks=6, order_cost=50_000.0, alternatives=0.0)
    items = keeps.items
    spoils = Problem(
        Items(**{**items.__dict__, "life_weeks": np.array([1])}), keeps.offers, keeps.limits
    )
    forever = Problem(
        Items(**{**items.__dict__, "life_weeks": np.array([0])}), keeps.offers, keeps.limits
    )
    assert solve(spoils).units.max() <= solve(forever).units.max()
    assert solve(spoils).cost >= solve(forever).cost - 1e-6
