"""Kinds that were planted are found; where there are none, that is said."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import norm
from sklearn.metrics import adjusted_rand_score

from marketing.ml import persona_evidence as ev
from marketing.ml.persona_clusters import Cut, best_jaccard, nearest
from marketing.ml.persona_habits import halves, order_numbers, repeats, swapped
from marketing.ml.persona_words import Words
from marketing.ml.personas import (
    NoPersonasError,
    PersonaParams,
    agreement,
    chosen,
    learn,
    model_from,
    with_orders,
)
from tests.factories_personas import CATEGORIES, TASTE, made_baskets

WORDS = Words(CATEGORIES, (), np.zeros(len(CATEGORIES) + 1))
QUICK = PersonaParams(seed=1, most=4, samples=6, nulls=9)
ALIKE = np.tile(TASTE.mean(axis=0), (1, 1))


def planted(seed: int, customers: int = 420) -> tuple:
    kinds = np.arange(customers) % 3
    return made_baskets(customers, seed=seed, taste=TASTE[kinds]), kinds


def no_habits(seed: int, customers: int = 320, **options) -> object:
    return made_baskets(customers, seed=seed, taste=np.repeat(ALIKE, customers, axis=0), **options)


@pytest.mark.parametrize("method", ["kmeans", "mixture", "hdbscan"])
def test_planted_kinds_are_found(method):
    baskets, kinds = planted(3)
    model, judged = learn(baskets, WORDS, replace(QUICK, method=method))
    found = model.group_of(baskets)
    assert judged.groups == 3
    assert adjusted_rand_score(kinds[found >= 0], found[found >= 0]) > 0.85
    assert (found >= 0).mean() > 0.95
    assert judged.agreement > 0.5 > 0.2 > judged.null_agreement
    assert judged.stability > 0.9
    assert judged.is_natural
    assert judged.valley < 0.5
    assert judged.repeats["category:tea"]["is_kept"]
    assert not judged.repeats["discount"]["is_kept"]


def test_the_same_seed_gives_the_same_model():
    baskets, _kinds = planted(3)
    first, second = (learn(baskets, WORDS, QUICK) for _time in range(2))
    assert first[0].to_json() == second[0].to_json()
    assert first[1] == second[1]
    again = model_from(first[0].to_json())
    assert (again.group_of(baskets) == first[0].group_of(baskets)).all()


def test_a_shop_without_habits_is_refused_whatever_the_seed():
    for seed in range(40):  # 4 standard errors: one of 15,000 habits by luck, 12 habits a shop
        with pytest.raises(NoPersonasError, match="no_habit"):
            learn(no_habits(seed), WORDS, QUICK)


def test_the_comparison_with_dealt_out_orders_alone_holds_its_level():
    """The second line: centres of a shop of chance agree as well as those of its own shuffles."""
    from marketing.ml.persona_clusters import fit_centres
    from marketing.ml.persona_habits import habits, space_of

    kept = {f"category:{code}": 0.3 for code in CATEGORIES}

    def reached(shop) -> float:
        space = space_of(habits(shop), kept)
        return agreement(space, fit_centres(space.place(habits(shop)), 3, "kmeans", seed=1), shop)

    passed = 0
    for seed in range(12):
        shop, random = no_habits(seed, 150), np.random.default_rng(seed)
        passed += reached(shop) > max(reached(swapped(shop, random)) for _null in range(9))
    assert passed <= 4  # of 12, 1.2 are expected; 5 or more have a chance of 0.4 %


def test_the_calendar_is_no_habit():
    """Everybody buys picnic goods in summer, but not everybody buys in summer."""
    random = np.random.default_rng(5)
    baskets = no_habits(1, 400)
    start = random.integers(0, 8, 400)
    month = start[baskets.customer] + order_numbers(baskets) // 2
    summer = np.isin(month[baskets.order], (5, 6, 7))
    category = np.where(summer & (random.random(summer.size) < 0.7), 3, baskets.category)
    seasonal = replace(baskets, month=month, category=category)
    with pytest.raises(NoPersonasError, match="no_habit"):
        learn(seasonal, WORDS, QUICK)
    blind = replace(seasonal, month=np.zeros_like(month))  # as if nobody had looked at the calendar
    assert repeats(blind, seed=1)["category:picnic"].is_kept


def test_customers_that_differ_by_degree_are_not_called_natural_kinds():
    random = np.random.default_rng(2)
    lean = random.beta(2, 2, 500)[:, None]
    baskets = made_baskets(500, seed=2, taste=lean * TASTE[0] + (1 - lean) * TASTE[2])
    _model, judged = learn(baskets, WORDS, QUICK)
    assert not judged.is_natural
    assert judged.valley > 0.6  # two halves of one heap come again, but with nothing in between


def test_the_number_of_groups_stays_where_it_is_as_good_as_another():
    def cut(groups: int, silhouette: float, recovery: float = 0.9) -> Cut:
        recovered = np.full(groups, recovery)
        return Cut(np.zeros((groups, 2)), 0.9, recovered, silhouette, 0.01, smallest=50)

    cuts = [cut(3, 0.20), cut(4, 0.21), cut(5, 0.19), cut(6, 0.15), cut(7, 0.30, recovery=0.5)]
    assert len(chosen(cuts, 400, QUICK).centres) == 5  # the finest of those as good as 0.21
    assert len(chosen(cuts, 400, QUICK, before=3).centres) == 3
    assert len(chosen(cuts, 400, QUICK, before=6).centres) == 5
    assert chosen(cuts[-1:], 400, QUICK) is None


def test_too_few_customers_are_counted():
    baskets, _kinds = planted(1, 120)
    with pytest.raises(NoPersonasError) as caught:
        learn(baskets, WORDS, QUICK)
    assert caught.value.reason == "few"
    assert caught.value.figures == {"customers": 120, "least": 300, "orders": 3}


def test_dealing_out_keeps_orders_per_customer_and_month():
    baskets, _kinds = planted(1, 60)
    dealt = swapped(baskets, np.random.default_rng(1))
    assert (np.bincount(dealt.customer) == np.bincount(baskets.customer)).all()
    assert sorted(dealt.month) == sorted(baskets.month)
    assert sorted(dealt.category) == sorted(baskets.category)
    pairs = {
        (int(who), int(month)) for who, month in zip(baskets.customer, baskets.month, strict=True)
    }
    assert {(int(a), int(b)) for a, b in zip(dealt.customer, dealt.month, strict=True)} == pairs
    assert (dealt.hour != baskets.hour).any()


def test_halves_are_whole_and_apart():
    baskets, _kinds = planted(1, 30)
    odd, even = halves(baskets)
    assert odd.hour.size + even.hour.size == baskets.hour.size
    assert odd.category.size + even.category.size == baskets.category.size
    assert (np.bincount(odd.customer) == 3).all()


def test_evidence_names_what_was_planted_and_holds_its_level_without_habits():
    baskets, kinds = planted(3)
    model, _judged = learn(baskets, WORDS, QUICK)
    found, groups = ev.evidence(model, baskets), model.group_of(baskets)
    for group, said in enumerate(found):
        kind = int(np.bincount(kinds[groups == group]).argmax())
        wanted = f"category:{CATEGORIES[int(TASTE[kind].argmax())]}"
        best = said[0]
        assert best.trait in (wanted, "category:candles", "category:boards")
        assert best.low < best.lift < best.high
        assert best.inside / best.outside == pytest.approx(best.lift, rel=1e-6)
        assert not {"discount", "price", "weekend"} & {one.trait for one in said}
    said = 0
    for seed in range(20):  # the same centres laid over shops without habits
        said += sum(len(one) for one in ev.evidence(model, no_habits(seed)))
    assert said <= 2  # 20 shops, each with 1 in 20 false claims at most


def test_an_index_by_hand():
    """4 of 10 lines against 2 of 10: ×2; the interval by the delta method over customers."""
    inside = (np.array([[3.0], [3.0], [0.0]]), np.array([[5.0], [10.0], [0.0]]))
    outside = (np.array([[0.0], [0.0], [6.0]]), np.array([[0.0], [0.0], [30.0]]))
    found = ev._index("evening", 0, [inside, outside], 1.96)
    assert (found.inside, found.outside) == (0.4, 0.2)
    error = np.sqrt((((3 - 2) / 15 / 0.4) ** 2) + (((3 - 4) / 15 / 0.4) ** 2))
    assert found.low == pytest.approx(2 * np.exp(-1.96 * error))
    assert found.weight == pytest.approx(0.4 * np.log(found.low))
    assert norm.cdf(1.96) == pytest.approx(0.975, abs=1e-4)


def test_personas_are_matched_by_whom_they_share():
    old = np.array([0] * 50 + [1] * 50 + [2] * 50 + [-1] * 5)
    new = np.array([2] * 45 + [0] * 55 + [1] * 25 + [3] * 25 + [0] * 5)
    pairs = {one.new: one for one in ev.match(old, new, 3, 4)}
    assert pairs[2].old == 0
    assert pairs[0].old == 1
    assert {pairs[1].old, pairs[3].old} == {2, -1}
    assert pairs[2].jaccard == pytest.approx(45 / 50)
    assert ev.moved(old, new, list(pairs.values())) == pytest.approx(30 / 150)
    points = np.array([[0.0], [2.0], [4.0], [6.0]])
    labels = np.array([0, 0, -1, -1]), np.array([-1, -1, 0, 0])
    assert ev.shift(points, *labels, (0, 0)) == pytest.approx(4.0)  # middles 1 and 5, spread 1


def test_jaccard_and_nearest_by_hand():
    first, second = np.array([0, 0, 1, 1, -1]), np.array([0, 0, 0, 1, 1])
    assert best_jaccard(first, second, 2, 2) == pytest.approx([2 / 3, 1 / 3])
    found, distance = nearest(
        np.array([[0.0, 1.0], [np.nan, 0.0]]), np.array([[0.0, 0.0], [9.0, 9.0]])
    )
    assert found.tolist() == [0, -1]
    assert distance[0] == 1.0


def test_only_who_has_so_many_orders_teaches():
    baskets, _kinds = planted(1, 12)
    some = with_orders(replace(baskets, customers=14), 1)
    assert some.customers == 12
    assert with_orders(baskets, 7).customers == 0
