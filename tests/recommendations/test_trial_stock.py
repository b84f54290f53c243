"""An experiment whose goods run out: what counts, what is left out, and what the shelf did to the arms."""

import json
from datetime import timedelta

import numpy as np
import pytest
from django.core.cache import cache
from django.urls import reverse

from decisions.models import Snapshot
from decisions.services.experiments import save_experiment, start_experiment
from recommendations.services import trial_snapshots
from recommendations.services.trial_results import measure, trial_results
from shop.models import Customer, EventKind, StockMovement
from shop.services.events.event_log import append_events
from shop.services.events.event_rows import EventRow
from tests.decisions.test_experiments import make_experiment
from tests.factories import NOW, make_order, make_variant, make_warehouse
from tests.factories_access import make_staff
from tests.factories_report import make_answer, make_seen

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
END = NOW + 20 * DAY
PROFIT = 600  # of one unit: £10 less £4


@pytest.fixture(autouse=True)
def _nothing_kept():
    cache.clear()


def running(**fields):
    fields = {"starts_at": NOW, "metric": "profit", "ends_at": END} | fields
    return start_experiment(save_experiment(make_experiment(**fields)), at=NOW)


def crowd(experiment, arms):
    """One customer per entry, shown that arm at the start."""
    made = Customer.objects.bulk_create(
        Customer(code=f"{arm}-{number}", email=f"{number}@example.com")
        for number, arm in enumerate(arms)
    )
    append_events(
        [
            EventRow(
                event_id=f"shown-{experiment.pk}-{customer.pk}", kind=EventKind.EXPOSURE,
                occurred_at=NOW, received_at=NOW, customer_id=customer.pk,
                properties=json.dumps({"experiment": experiment.key, "arm": arm}),
            )
            for customer, arm in zip(made, arms, strict=True)
        ]
    )  # fmt: skip
    return made


def buy(variant, customers, at):
    for customer in customers:
        make_order([(variant, 1)], customer=customer, at=at)


def moved(variant, units, at):
    StockMovement.objects.create(
        variant=variant, warehouse=make_warehouse(), kind="receive" if units > 0 else "consume",
        on_hand_delta=units, key=f"{variant.sku}-{at}", occurred_at=at,
    )  # fmt: skip


def emptied(variant, units, at, *, again_at=None):
    moved(variant, units, NOW - DAY)
    moved(variant, -units, at)
    if again_at:
        moved(variant, 1_000, again_at)


def back_for_it(stock_runs_out: bool):
    """`b` sells twice as much of a kettle until it is gone; who found it gone comes back for it."""
    experiment = running()
    people = crowd(experiment, ["a"] * 150 + ["b"] * 150)
    kettle = make_variant("KETTLE")
    buy(kettle, people[:30] + people[150:210], NOW + DAY)
    if stock_runs_out:
        emptied(kettle, 90, NOW + 2 * DAY, again_at=NOW + 6 * DAY)
    buy(kettle, people[30:60], NOW + 7 * DAY)
    return experiment


def test_sales_after_a_sku_ran_out_count_in_no_arm():
    found = trial_results(back_for_it(stock_runs_out=True), at=END + DAY)
    assert [round(arm.moments.y * 150) for arm in found.arms] == [30 * PROFIT, 60 * PROFIT]
    assert found.against[0].verdict == "win"
    assert (found.stock.skus, found.stock.left_out_units) == (1, 30)
    (kettle,) = found.stock.named
    assert (kettle.sku, kettle.at, kettle.units) == ("KETTLE", NOW + 2 * DAY, {"a": 30, "b": 60})
    # The arms are told apart by what ran out alone.
    assert [round(one.y * 150) for one in found.stock.without.arms.values()] == [0, 0]


def test_without_a_shelf_that_was_empty_everything_counts():
    """Negative control: the same sales, and nobody counts the kettle's stock."""
    found = trial_results(back_for_it(stock_runs_out=False), at=END + DAY)
    assert [round(arm.moments.y * 150) for arm in found.arms] == [60 * PROFIT, 60 * PROFIT]
    assert found.against[0].verdict == "cannot tell"
    assert (found.stock, found.interferences) == (None, [])


def market(stock_units):
    """1,500 people in a drawn order. A kettle: 20 % of `b` and 8 % of `a` want it, while there is one;
    a pot that never ends: 10 % of both. Returns the experiment and what every arm would have sold of
    the kettle had it been the only one."""
    rng = np.random.default_rng(7)
    arms = rng.choice(["a", "b"], 1_500).tolist()
    wish, pot_wish = rng.random(1_500), rng.random(1_500)
    wants = {"a": 0.08, "b": 0.20}
    alone = {arm: min(stock_units, int((wish < share).sum())) for arm, share in wants.items()}
    experiment = running()
    people = crowd(experiment, arms)
    kettle, pot = make_variant("KETTLE"), make_variant("POT")
    willing = [n for n in range(1_500) if wish[n] < wants[arms[n]]][:stock_units]
    for number in willing:
        make_order([(kettle, 1)], customer=people[number], at=NOW + DAY + timedelta(minutes=number))
    if len(willing) == stock_units:
        emptied(kettle, stock_units, NOW + DAY + timedelta(minutes=willing[-1] + 1))
    else:
        moved(kettle, stock_units, NOW - DAY)
    buy(pot, [people[n] for n in range(1_500) if pot_wish[n] < 0.10], NOW + 3 * DAY)
    return experiment, alone


def test_known_truth_where_the_shelf_would_have_been_empty_anyway():
    """For everybody either arm sells the whole shelf: switching brings nothing, and that is said."""
    experiment, alone = market(stock_units=90)
    assert alone == {"a": 90, "b": 90}
    found = trial_results(experiment, at=END + DAY)
    assert found.against[0].verdict == "win"  # what was seen, and would not come again
    (between,) = found.interferences
    assert (between.is_warning, between.took) == (True, "win")
    assert between.verdict_without == "cannot tell"
    assert "“b” sold more of what ran out than “a”" in between.text
    without = found.stock.without.arms
    truth = (alone["b"] - alone["a"]) * PROFIT / 1_500
    error = (without["a"].variance / without["a"].n + without["b"].variance / without["b"].n) ** 0.5
    assert abs(without["b"].y - without["a"].y - truth) < 2.5 * error
    assert found.against[0].interval.low > truth  # the figure with it is wrong, and sure of it


def test_known_truth_where_there_was_enough_for_all():
    """Negative control: the same wishes and a shelf that lasts; the effect is real and found."""
    experiment, alone = market(stock_units=5_000)
    found = trial_results(experiment, at=END + DAY)
    assert (found.stock, found.interferences) == (None, [])
    effect = found.against[0].reading.effect
    truth = (alone["b"] - alone["a"]) * PROFIT / 1_500
    assert truth > 50
    assert abs(effect.difference - truth) < 2.5 * effect.error
    assert found.against[0].verdict == "win"


def test_arms_that_took_alike_of_what_ran_out_are_no_warning():
    experiment = running()
    people = crowd(experiment, ["a"] * 150 + ["b"] * 150)
    kettle = make_variant("KETTLE")
    buy(kettle, people[:45] + people[150:195], NOW + DAY)
    emptied(kettle, 90, NOW + 2 * DAY)
    (between,) = trial_results(experiment, at=END + DAY).interferences
    assert not between.is_warning
    assert "cannot be told" in between.text


def test_what_was_out_before_or_for_minutes_did_not_run_out():
    experiment = running()
    people = crowd(experiment, ["a"] * 12 + ["b"] * 12)
    before, briefly, never = (make_variant(name) for name in ("BEFORE", "BRIEFLY", "NEVER"))
    for variant in (before, briefly, never):
        buy(variant, people[:4], NOW + DAY)
        buy(variant, people[4:6], NOW + 5 * DAY)
    emptied(before, 9, NOW - timedelta(hours=2), again_at=NOW + timedelta(hours=1))
    emptied(briefly, 9, NOW + 2 * DAY, again_at=NOW + 2 * DAY + timedelta(minutes=20))
    moved(never, 100, NOW - DAY)
    found = measure(experiment, END + DAY)
    assert found.stock is None
    assert round(found.arms[0].moments.y * 12) == 18 * PROFIT


def test_only_the_lines_of_that_sku_are_left_out_and_refunds_fall_on_both_parts():
    experiment = running()
    people = crowd(experiment, ["a"] * 12 + ["b"] * 12)
    kettle, pot = make_variant("KETTLE"), make_variant("POT")
    make_order([(kettle, 1), (pot, 3)], customer=people[0], at=NOW + 3 * DAY)
    buy(kettle, people[12:13], NOW + DAY)
    for who in (people[1], people[13]):  # who spends most is held to the next: here to as much
        make_order([(pot, 5)], customer=who, at=NOW + DAY)
    emptied(kettle, 9, NOW + 2 * DAY)
    found = measure(experiment, END + DAY)
    assert [round(arm.moments.y * 12) for arm in found.arms] == [8 * PROFIT, 6 * PROFIT]
    assert [arm.hits for arm in found.arms] == [2, 2]
    assert found.stock.left_out_units == 1


@pytest.mark.parametrize("metric", ["bought", "revenue"])
def test_what_is_due_to_the_placement_is_cut_alike(metric):
    experiment = running(metric=metric)
    people = crowd(experiment, ["a"] * 12 + ["b"] * 12)
    kettle = make_variant("KETTLE")
    for number, day in ((0, 1), (1, 4), (12, 1), (13, 1), (14, 4)):
        at, who = NOW + day * DAY, people[number]
        make_seen("impression", make_answer([kettle], at=at), "KETTLE", at=at, customer=who.code)
        make_order([(kettle, 1)], customer=who, at=at + timedelta(hours=1))
    emptied(kettle, 9, NOW + 2 * DAY)
    found = measure(experiment, END + DAY)
    unit = 1 if metric == "bought" else 1_000
    assert [round(arm.moments.y * 12) for arm in found.arms] == [unit, 2 * unit]
    assert found.stock.left_out_units == 2
    assert found.stock.named[0].units == {"a": 1, "b": 2}
    assert [one.y for one in found.stock.without.arms.values()] == [0, 0]


def test_a_stored_count_keeps_it_and_one_from_before_has_none():
    experiment = back_for_it(stock_runs_out=True)
    found = measure(experiment, END)
    kept = trial_snapshots.encoded(found)
    assert trial_snapshots.decoded(json.loads(json.dumps(kept))) == found
    del kept["stock"]
    assert trial_snapshots.decoded(kept).stock is None


def test_the_page_and_the_api_say_it(client):
    experiment, _alone = market(stock_units=90)
    client.force_login(make_staff("decisions.view_experiment"))
    page = client.get(reverse("admin:decisions_experiment_change", args=[experiment.pk]))
    text = page.content.decode()
    assert "One SKU that its people bought ran out while it ran." in text
    assert "sold more of what ran out" in text
    assert "KETTLE" in text
    stock = client.get(f"/api/merchant/v1/experiments/{experiment.pk}/").json()["stock"]
    assert (stock["skus"], stock["left_out_units"]) == (1, 0)
    assert stock["interference"][0]["is_warning"]
    assert sum(one["units"] for one in stock["named"][0]["sold"]) == 90
    assert Snapshot.objects.count() <= 1


def test_queries_do_not_grow_with_people_or_skus(django_assert_num_queries):
    experiment = running()
    people = crowd(experiment, ["a"] * 20 + ["b"] * 20)
    for number in range(8):
        variant = make_variant(f"V-{number}")
        buy(variant, people[number : number + 3], NOW + DAY)
        emptied(variant, 3, NOW + 2 * DAY)
    with django_assert_num_queries(15):
        found = measure(experiment, END + DAY)
    assert (found.stock.skus, len(found.stock.named)) == (8, 5)
