"""What becomes of candidates: rules, money, diversity, exploration. No database."""

from collections import Counter

import pytest

from recommendations.ml.policy import Placed, Settings, arrange, diverse, explored
from recommendations.ml.rules import Facts, Rule

PLAIN = Facts()


def settings(**fields):
    return Settings("home", ("popular",), **fields)


def listed(ids, facts=None, *, limit=5, seed="receipt", **fields):
    facts = facts or dict.fromkeys(ids, PLAIN)
    return [
        ids[row.index] for row in arrange(ids, facts, settings(**fields), limit=limit, seed=seed)
    ]


def test_without_settings_the_first_that_can_be_sold_are_shown():
    facts = {1: PLAIN, 3: PLAIN, 4: PLAIN}
    assert arrange([1, 2, 3, 4], facts, settings(), limit=2, seed="") == [Placed(0), Placed(2)]


def test_never_beats_a_pin_and_only_leaves_what_fits():
    never = Rule(1, "n", "never", product_ids=(2,))
    pin = Rule(2, "p", "pin", product_ids=(2,), position=1)
    assert listed([1, 2, 3], rules=(never, pin)) == [1, 3]
    facts = {1: Facts(brand_id=7), 2: PLAIN, 3: Facts(brand_id=7), 4: Facts(category_id=9)}
    brand = Rule(1, "o", "only", brand_id=7)
    assert listed([1, 2, 3, 4], facts, rules=(brand,)) == [1, 3]
    category = Rule(2, "o", "only", category_ids=(8, 9))
    assert listed([1, 2, 3, 4], facts, rules=(brand, category)) == [1, 3, 4]


def test_a_pin_has_its_place_and_the_first_rule_of_two_has_it():
    first = Rule(5, "a", "pin", product_ids=(9, 4), position=2)
    second = Rule(6, "b", "pin", product_ids=(3,), position=2)
    rows = arrange(
        [1, 2, 3, 4],
        dict.fromkeys([1, 2, 3, 4], PLAIN),
        settings(rules=(first, second)),
        limit=3,
        seed="",
    )
    assert rows == [Placed(0), Placed(3, 1.0, (5,)), Placed(1)]


def test_a_pin_beyond_the_end_comes_last_and_one_beyond_the_limit_not_at_all():
    late = Rule(1, "p", "pin", product_ids=(1,), position=5)
    assert listed([1, 2, 3], rules=(late,), limit=5) == [2, 3, 1]
    assert listed([1, 2, 3], rules=(late,), limit=2) == [1, 2]


def test_a_boost_lifts_and_a_bury_sinks_by_the_stated_value_of_places():
    ids = list(range(1, 13))
    lifted = Rule(1, "b", "boost", product_ids=(11,), factor=2.0)
    # 2 / log2(12) = 0.558 lies between the second place (0.631) and the third (0.5).
    assert listed(ids, rules=(lifted,), limit=4) == [1, 2, 11, 3]
    sunk = Rule(1, "b", "bury", product_ids=(1,))  # a quarter: 0.25 < 1 / log2(13)
    assert listed(ids, rules=(sunk,), limit=12)[-1] == 1


@pytest.mark.parametrize(
    ("rule", "fits"),
    [
        (Rule(1, "r", "never", attribute=("colour", "Red")), True),
        (Rule(1, "r", "never", attribute=("colour", "blue")), False),
        (Rule(1, "r", "never", attribute=("organic", "yes")), True),
        (Rule(1, "r", "never", attribute=("size", "x")), False),
        (Rule(1, "r", "never", price_from_minor=1000, price_to_minor=1000), True),
        (Rule(1, "r", "never", price_from_minor=1001), False),
        (Rule(1, "r", "never", price_to_minor=999), False),
        (Rule(1, "r", "never", brand_id=1, category_ids=(2, 3)), True),
        (Rule(1, "r", "never", brand_id=1, category_ids=(4,)), False),
        (Rule(1, "r", "never"), True),
    ],
)
def test_every_condition_must_fit(rule, fits):
    facts = Facts(3, 1, 1000, None, {"colour": " red", "organic": True})
    assert rule.fits(7, facts) is fits
    assert Rule.of_json(rule.as_json()) == rule


def test_the_margin_knob_moves_money_up_and_an_unknown_cost_counts_as_usual():
    facts = {1: Facts(margin_minor=0), 2: Facts(margin_minor=100), 3: Facts(margin_minor=None)}
    assert listed([1, 2, 3], facts, margin_rate=0.0) == [1, 2, 3]
    assert listed([1, 2, 3], facts, margin_rate=1.0) == [2, 3, 1]


def test_diversity_takes_another_category_before_a_second_of_the_same():
    facts = {1: Facts(5), 2: Facts(5), 3: Facts(6), 4: Facts(5, 1), 5: Facts(5)}
    assert listed([1, 2, 3, 4, 5], facts, limit=3, diversity_rate=0.9) == [1, 3, 2]
    assert listed([1, 2, 3, 4, 5], facts, limit=3, diversity_rate=0.0) == [1, 2, 3]


def test_diversity_is_the_marginal_relevance_of_its_definition():
    """Against the formula written out, with likeness from the model too."""
    pool = [1, 2, 3, 4, 5, 6]
    values = {pk: 1 / pk for pk in pool}
    facts = {pk: Facts(pk % 2 + 1, pk % 3 + 1) for pk in pool}
    near = [[1 / (1 + abs(a - b)) for b in pool] for a in pool]

    def worth(pk, chosen):
        alike = max(
            (
                0.5 * (facts[pk].category_id == facts[o].category_id)
                + 0.2 * (facts[pk].brand_id == facts[o].brand_id)
                + 0.3 * near[pk - 1][o - 1]
                for o in chosen
            ),
            default=0.0,
        )
        return 0.4 * values[pk] - 0.6 * alike

    expected = []
    while len(expected) < 4:
        left = [pk for pk in pool if pk not in expected]
        expected.append(max(left, key=lambda pk: worth(pk, expected)))
    assert diverse(pool, values, facts, 0.6, 4, lambda _pool: near) == expected


def test_the_share_of_exploring_answers_and_each_propensity_are_what_is_logged():
    """Counted over 20,000 receipts: each product in each place as often as its propensity says."""
    pool, chosen, rate, times = list(range(6)), [0, 1], 0.3, 20_000
    seen, said = Counter(), {}
    for number in range(times):
        for place, (pk, share) in enumerate(explored(pool, chosen, rate, f"receipt-{number}")):
            seen[pk, place] += 1
            said[pk, place] = share
    for place in range(2):
        assert sum(said[pk, place] for pk in pool) == pytest.approx(1)
    for cell, share in said.items():
        spread = (share * (1 - share) / times) ** 0.5
        assert seen[cell] / times == pytest.approx(share, abs=5 * spread)


def test_the_same_receipt_draws_the_same_list_and_pins_stay():
    ids = list(range(40))
    pin = Rule(1, "p", "pin", product_ids=(30,), position=1)
    first = listed(ids, rules=(pin,), exploration_rate=1.0, seed="a")
    assert first == listed(ids, rules=(pin,), exploration_rate=1.0, seed="a")
    assert first != listed(ids, rules=(pin,), exploration_rate=1.0, seed="b")
    assert first[0] == 30
    assert len(set(first)) == 5


def test_settings_survive_a_receipt():
    rule = Rule(1, "b", "boost", product_ids=(11,), factor=2.0, brings=(1, 2))
    one = settings(rules=(rule,), diversity_rate=0.5, hide_bought_days=3)
    assert Settings.of_json(one.as_json) == one
