"""The sequence model learns order, trains the same in one go or two, and serves without torch."""

import numpy as np
import pytest

from recommendations.ml.attention import SelfAttention
from recommendations.ml.attention_training import AttentionTrainer, cut_into_steps, windows
from recommendations.ml.interactions import Histories, Rows, interactions
from recommendations.ml.lists import lists_for
from recommendations.ml.search import SPACES

START = {key: values[0] for key, values in SPACES["sasrec"].items()}


def make_ring(n_users=200, n_items=30, rows=6, n_unsold=0):
    """Everybody buys six neighbours on a ring, in its order, from a place of her own."""
    user = np.repeat(np.arange(n_users), rows)
    start = np.random.default_rng(1).integers(0, n_items, n_users)
    item = (np.repeat(start, rows) + np.tile(np.arange(rows), n_users)) % n_items
    at = np.tile(np.arange(rows, dtype=np.float64), n_users)
    ones = np.ones(len(user), np.float32)
    return interactions(Rows(user, item, ones, at, n_users, n_items + n_unsold))


def trained(part, epochs=5, seed=3, **params):
    trainer = AttentionTrainer(part, START | params, seed)
    trainer.run(epochs)
    return trainer


def test_it_learns_what_comes_next():
    part = make_ring()
    source = trained(part, epochs=15).source()
    newest = part.histories.item_idx[part.histories.indptr[1:] - 1]
    lists = lists_for(source, part.histories, part.item_users(), 1)
    assert (lists[:, 0] == (newest + 1) % 30).mean() > 0.95


def test_numpy_serves_what_torch_trained():
    import torch

    part = make_ring(n_users=20)
    trainer = trained(part)
    batch = next(iter(trainer._batches()))
    trainer.weights = trainer.averaged
    with torch.no_grad():
        expected = trainer.forward(batch)[:, -1].cpu().numpy()
    lengths = batch.real.sum(axis=1)
    histories = Histories(
        np.concatenate([[0], np.cumsum(lengths)]),
        batch.items[batch.real].astype(np.int32),
        np.ones(lengths.sum(), np.float32),
        batch.ago[batch.real].astype(np.int32),
        np.ones(lengths.sum(), dtype=bool),
    )
    assert trainer.source().states(histories) == pytest.approx(expected, abs=1e-4)


def test_two_trainings_of_one_and_two_epochs_are_one_of_three():
    part = make_ring()
    once, twice = trained(part, epochs=3), trained(part, epochs=1)
    twice.run(2)
    for name, values in once.source().arrays().items():
        assert (values == twice.source().arrays()[name]).all()


def test_training_ends_within_a_step_of_its_budget():
    trainer = AttentionTrainer(make_ring(), START, 3)
    answers = iter([True, True, False])
    assert not trainer.run(5, lambda: next(answers))
    assert trainer.steps == 2


def test_the_arrays_are_the_whole_model():
    part = make_ring(n_users=20)
    source = trained(part, epochs=1).source()
    again = SelfAttention.of(source.arrays())
    assert (again.scores(part.histories) == source.scores(part.histories)).all()


def test_what_nobody_bought_ranks_last_and_nobody_s_history_scores_nothing():
    part = make_ring(n_users=20, n_unsold=2)
    histories = part.histories.take(np.array([0, -1]))
    scores = trained(part, epochs=1).source().scores(histories)
    assert (scores[0, 30:] == scores[0].min()).all()
    assert not scores[1].any()


def test_only_the_newest_rows_are_read():
    part = make_ring(n_users=3, n_items=400, rows=70)
    source = trained(part, epochs=1).source()
    whole = part.histories.take(np.array([0]))
    newest = part.histories.item_idx[:70][-50:]
    ones = np.ones(50, np.float32)
    short = Histories(np.array([0, 50]), newest, ones, np.arange(50)[::-1], ones > 0)
    assert source.scores(short) == pytest.approx(source.scores(whole), abs=1e-5)


def test_windows_hold_every_row_but_the_last_once():
    found = windows(np.array([0, 1, 3, 123, 123]))
    rows = np.concatenate([np.arange(begin, end) for begin, end, _last in found])
    assert sorted(rows.tolist()) == [1, *range(3, 122)]
    assert (found[:, 1] - found[:, 0]).max() <= 50


def test_steps_cover_all_windows_and_stay_small():
    lengths = np.sort(np.random.default_rng(0).integers(1, 51, 300))
    cuts = cut_into_steps(lengths, 200)
    assert np.concatenate([np.arange(300)[cut] for cut in cuts]).tolist() == list(range(300))
    assert max(len(lengths[cut]) * lengths[cut].max() for cut in cuts) <= 200


def test_a_history_of_one_row_explains_everything_by_it():
    part = make_ring(n_users=20, rows=2)
    history = part.histories.take(np.array([0]))
    one = Histories(
        np.array([0, 1]),
        history.item_idx[:1],
        history.weight[:1],
        np.zeros(1, int),
        np.ones(1, bool),
    )
    source, items = trained(part, epochs=1).source(), np.array([3, 4])
    added = source.contributions(one, items)
    assert added == pytest.approx(source.scores(one)[:, items], abs=1e-5)


def test_what_is_left_out_is_what_the_score_would_be_without_it():
    part = make_ring()
    source, items = trained(part, epochs=2).source(), np.array([0, 7, 12])
    history = part.histories.take(np.array([5]))
    added = source.contributions(history, items)
    without_newest = Histories(
        np.array([0, 5]),
        history.item_idx[:5],
        history.weight[:5],
        history.baskets_ago[:5],
        history.bought[:5],
    )
    full, less = source.scores(history)[0, items], source.scores(without_newest)[0, items]
    rest = added[5] - (full - less)
    others = added[4] - (full - source.scores(_without(history, 4))[0, items])
    assert rest == pytest.approx(others, abs=1e-4)  # the equal share of what no row explains
    assert added.sum(axis=0) == pytest.approx(full, abs=1e-4)


def _without(history, row):
    kept = np.delete(np.arange(len(history.item_idx)), row)
    columns = (history.item_idx, history.weight, history.baskets_ago, history.bought)
    return Histories(np.array([0, len(kept)]), *(column[kept] for column in columns))
