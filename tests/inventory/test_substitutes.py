"""What is taken instead of what is out: small worlds whose answer is known."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from inventory.ml.substitutes import Shelf, Visits, learn_substitutes, likenesses
from inventory.services.substitutes import products_instead, refresh_substitutes, substitutes_of
from tests.factories import make_variant
from tests.inventory.test_lost_demand import NOON, happen, move

AS_OF = datetime(2026, 3, 2, tzinfo=UTC)


def visits_of(*rows):
    """rows: (visit, SKU, at, 'out' | 'there' | 'taken')."""
    visit, row, at, what = zip(*rows, strict=True)
    kind = np.array(what)
    return Visits(
        np.array(visit), np.array(row), np.array(at, float), kind == "out", kind == "taken"
    )


def flat_shelf(skus):
    return Shelf(np.arange(skus), np.zeros(skus, dtype=np.int64))


def drawn_world(*, visits=4000, moved=0.4, seed=5):
    """Six alike SKUs. SKU 0 is out in half of the visits that look at it: then `moved` of them take
    SKU 3, which otherwise one in twenty takes, as of SKU 4."""
    random = np.random.default_rng(seed)
    rows = []
    for number in range(visits):
        out = number % 2 == 0
        rows.append((number, 0, 1.0, "out" if out else "there"))
        rows += [(number, sku, 2.0, "there") for sku in random.permutation(np.arange(1, 6))[:2]]
        if random.random() < 0.05 + moved * out:
            rows.append((number, 3, 3.0, "taken"))
        if random.random() < 0.05:
            rows.append((number, 4, 3.0, "taken"))
    return visits_of(*rows)


def rates(found, item=0):
    pairs = found.pairs
    return {
        int(other): (rate, low, high)
        for one, other, rate, low, high in zip(
            pairs.item, pairs.other, pairs.taken_rate, pairs.low, pairs.high, strict=True
        )
        if one == item
    }


def test_the_excess_over_the_base_rate_is_found_with_its_interval():
    found = rates(learn_substitutes(drawn_world(), flat_shelf(6)))
    rate, low, high = found[3]
    assert rate == pytest.approx(0.4, abs=0.03)
    assert low < rate < high
    assert max(found, key=lambda other: found[other][0]) == 3
    assert found.get(4, (0, 0, 0))[0] < 0.03, "taken as often when it was there: no substitute"


def test_most_intervals_hold_the_truth():
    """80 % intervals of twenty worlds: sixteen are expected, fewer than twelve is one in a hundred."""
    held = 0
    for seed in range(20):
        _rate, low, high = rates(
            learn_substitutes(drawn_world(visits=600, seed=seed), flat_shelf(6))
        )[3]
        held += low < 0.4 < high
    assert held >= 12


def test_few_visits_are_drawn_to_likeness_and_many_are_believed():
    few = rates(learn_substitutes(drawn_world(visits=12), flat_shelf(6)))
    many = rates(learn_substitutes(drawn_world(visits=4000), flat_shelf(6)))
    assert few.get(3, (0, 0, 0))[0] < many[3][0]
    assert few[3][2] - few[3][1] > many[3][2] - many[3][1]


def test_what_was_taken_before_the_look_is_no_substitute():
    rows = [(n, 0, 2.0, "out") for n in range(200)] + [(n, 1, 1.0, "taken") for n in range(200)]
    found = learn_substitutes(visits_of(*rows), flat_shelf(3))
    assert found.pairs.taken_visits.sum() == 0


def test_without_any_visit_in_vain_likeness_alone_orders():
    """0 and 1 are looked at together, 0 and 2 hardly; 3 lies in another category."""
    rows = [(n, sku, 1.0, "there") for n in range(50) for sku in (0, 1, 3)]
    rows += [(n, sku, 1.0, "there") for n in range(50, 54) for sku in (0, 2)]
    shelf = Shelf(np.arange(4), np.array([0, 0, 0, 1]))
    found = rates(learn_substitutes(visits_of(*rows), shelf))
    assert list(found) == [1, 2]
    assert found[1][0] > found[2][0] > 0


def test_other_sizes_stand_by_what_the_shop_shows_of_them():
    """SKUs 0 and 1 are one product: half of those who miss 0 take 1."""
    rows = [(n, 0, 1.0, "out") for n in range(400)]
    rows += [(n, 1, 2.0, "taken") for n in range(0, 400, 2)]
    shelf = Shelf(np.array([0, 0, 1, 2]), np.zeros(4, dtype=np.int64))
    found = learn_substitutes(visits_of(*rows), shelf)
    assert rates(found)[1][0] == pytest.approx(0.5, abs=0.08)
    assert found.to_sibling_rate > 10 * found.to_similar_rate


def test_likeness_is_symmetric_and_of_one_category():
    found = likenesses(drawn_world(), Shelf(np.arange(6), np.array([0, 0, 0, 1, 1, 1]))).toarray()
    assert np.allclose(found, found.T)
    assert (np.diag(found) == 0).all()
    assert found[0, 3] == 0


def test_empty_data_is_no_error():
    none = np.zeros(0, dtype=np.int64)
    empty = Visits(none, none, none.astype(float), none.astype(bool), none.astype(bool))
    assert len(learn_substitutes(empty, flat_shelf(2)).pairs.item) == 0


def test_the_same_visits_in_another_order_give_the_same_lists():
    found = drawn_world(visits=500)
    shuffled = np.random.default_rng(0).permutation(len(found.visit))
    other = Visits(*(getattr(found, name)[shuffled] for name in found.__dataclass_fields__))
    one, two = (learn_substitutes(data, flat_shelf(6)).pairs for data in (found, other))
    assert (one.other == two.other).all()
    assert np.allclose(one.taken_rate, two.taken_rate)


@pytest.mark.django_db
def test_from_the_log_to_the_list_and_back():
    tea, cup, pot = (make_variant(sku, category="Tea") for sku in ("TEA-1", "CUP-1", "POT-1"))
    for variant in (cup, pot):
        move(variant, 50, AS_OF - timedelta(days=30))
    move(tea, 5, AS_OF - timedelta(days=30))
    move(tea, -5, NOON - timedelta(hours=2))
    for number in range(40):
        visit = {"session": f"s-{number}", "visitor": f"v-{number}"}
        happen("view", NOON, variant=tea, **visit)
        happen("view", NOON + timedelta(minutes=1), variant=cup, **visit)
        if number % 2:
            happen("cart_add", NOON + timedelta(minutes=2), variant=cup, **visit)
        refused = {"session": f"r-{number}", "visitor": f"r-{number}", "consent": False}
        happen("view", NOON, variant=tea, **refused)
        happen("cart_add", NOON + timedelta(minutes=2), variant=pot, **refused)
    told = refresh_substitutes(AS_OF)
    assert told["lost_visits"] == 40
    assert refresh_substitutes(AS_OF) == told
    found = substitutes_of([tea.pk, pot.pk])
    best = found[tea.pk][0]
    assert (best.variant_id, best.product_id, best.source) == (cup.pk, cup.product_id, "seen")
    assert (best.lost_sessions, best.taken_sessions) == (40, 20)
    assert 0.2 < best.low_rate < best.taken_rate < best.high_rate < 0.65
    assert found[pot.pk] == []
    assert products_instead(["TEA-1", "POT-1", "NONE"]) == [cup.product_id]
    assert pot.pk not in {one.variant_id for one in found[tea.pk]}


@pytest.mark.django_db
def test_reading_costs_one_query(django_assert_num_queries):
    with django_assert_num_queries(1):
        assert substitutes_of(range(1, 50)) == {number: [] for number in range(1, 50)}
