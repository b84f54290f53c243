"""Lead times: P90 against held-out receipts of the known-truth shop, shrinkage, open orders."""

from datetime import date

import numpy as np
import pytest

from inventory.ml.lead_times import Deliveries, fill_rates, learn_skus, learn_suppliers
from shop.simulator.shop import simulate
from shop.simulator.world import make_world

UNTIL = date(2026, 3, 1)


def deliveries(supplier, days, promised, is_open=None):
    count = len(days)
    return Deliveries(
        supplier=np.asarray(supplier),
        days=np.asarray(days, float),
        promised_days=np.full(count, promised) if np.isscalar(promised) else np.asarray(promised),
        is_open=np.zeros(count, bool) if is_open is None else np.asarray(is_open),
    )


def coverage_of_held_out_receipts(seed):
    """P90 learned on each day of the last third from what had arrived or was open by then."""
    shop = simulate(
        make_world("teahouse", products=200, customers=1500, days=540, seed=seed, until=UNTIL)
    )
    promised = shop.truth["suppliers"]["promised_days"].to_numpy()
    orders = shop.truth["purchases"].unique("number").sort("ordered_day", "supplier")
    supplier = orders["supplier"].to_numpy()
    sent, came = orders["ordered_day"].to_numpy(), orders["received_day"].to_numpy()
    inside = []
    for start in range(360, 540, 30):
        known = sent < start
        is_open = came[known] >= start
        days = np.where(is_open, start - sent[known], came[known] - sent[known])
        seen = deliveries(supplier[known], days, promised[supplier[known]], is_open)
        found = learn_suppliers(seen, promised)
        later = (sent >= start) & (sent < start + 30)
        taken = (came - sent)[later]
        inside.append(taken <= np.round(found.p90_days[supplier[later]]))
    return np.concatenate(inside)


def test_p90_covers_nine_of_ten_held_out_receipts():
    inside = np.concatenate([coverage_of_held_out_receipts(seed) for seed in (1, 2, 3)])
    assert len(inside) > 500
    assert 0.88 <= inside.mean() <= 0.92


def test_a_supplier_with_one_receipt_is_pulled_to_all_and_one_with_many_is_not():
    many = np.exp(np.random.default_rng(1).normal(np.log(20), 0.1, 200))
    others = np.exp(np.random.default_rng(2).normal(np.log(10), 0.1, 50))
    supplier = np.repeat([0, 1, 2], [200, 50, 1])
    found = learn_suppliers(
        deliveries(supplier, [*many, *others, 40.0], 10), np.array([10, 10, 10, 10])
    )
    assert found.mean_days[0] == pytest.approx(20, rel=0.03)
    assert found.weight[0] > 0.99
    assert 12 < found.mean_days[2] < 40
    assert found.weight[3] == 0.0
    assert found.deliveries.tolist() == [200, 50, 1, 0]
    # Nobody knows the fourth: its interval is the widest.
    width = found.p90_days - found.p50_days
    assert width[3] > width[1]


def test_a_late_open_order_says_more_than_its_absence():
    days = [10, 11, 9, 10, 12, 10, 9, 11]
    known = learn_suppliers(deliveries([0] * 8, days, 10), np.array([10]))
    waited = deliveries([0] * 9, [*days, 30], 10, [False] * 8 + [True])
    late = learn_suppliers(waited, np.array([10]))
    assert late.mean_days[0] > known.mean_days[0] + 1
    assert late.open_orders[0] == 1
    fresh = deliveries([0] * 9, [*days, 1], 10, [False] * 8 + [True])
    young = learn_suppliers(fresh, np.array([10]))
    assert young.mean_days[0] == pytest.approx(known.mean_days[0], rel=0.05)


def test_nothing_received_is_refused():
    with pytest.raises(ValueError, match="nothing was ever received"):
        learn_suppliers(deliveries([0], [5], 10, [True]), np.array([10]))


def test_a_slow_sku_of_a_quick_supplier_is_seen():
    random = np.random.default_rng(3)
    group = np.repeat(np.arange(8), 40)
    mean = np.where(group == 7, np.log(24), np.log(12))
    seen = deliveries(np.zeros(320, int), np.exp(random.normal(mean, 0.1)), 10)
    suppliers = learn_suppliers(seen, np.array([10]))
    found = learn_skus(seen, group, np.zeros(8, int), suppliers)
    assert found.mean_days[7] > 1.7 * found.mean_days[0]


def test_units_received_are_counted_against_units_ordered():
    found = fill_rates(
        np.array([100.0, 100, 50]), np.array([100.0, 80, 50]), np.array([0, 0, 1]), 3
    )
    assert found[0] < found[2] < found[1] <= 1
    assert np.isnan(fill_rates(np.zeros(0), np.zeros(0), np.zeros(0, int), 2)).all()
