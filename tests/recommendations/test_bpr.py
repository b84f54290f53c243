"""BPR trains the same in one go or two, draws only what is unknown, and folds in well."""

import numpy as np

from recommendations.ml.bpr import BprTrainer
from recommendations.ml.interactions import Rows, interactions
from recommendations.ml.search import SPACES
from recommendations.ml.sources import Factors

START = {key: values[0] for key, values in SPACES["bpr"].items()} | {"factors": 8}


def make_groups(n_users=120, n_items=40, seed=1):
    """Two groups of items; everybody has 12 of one group's 20."""
    rng = np.random.default_rng(seed)
    chosen = [rng.choice(np.arange(user % 2, n_items, 2), 12, False) for user in range(n_users)]
    user, item = np.repeat(np.arange(n_users), 12), np.concatenate(chosen)
    ones = np.ones(len(user), np.float32)
    return interactions(Rows(user, item, ones, None, n_users, n_items))


def trained(part, epochs, **params):
    trainer = BprTrainer(part, START | params, 3)
    trainer.run(epochs)
    return trainer


def share_of_own(scores):
    """How often an item of the own group stands above one of the other."""
    user = np.arange(len(scores))
    groups = scores.reshape(len(scores), -1, 2)
    own, other = groups[user, :, user % 2], groups[user, :, 1 - user % 2]
    return (own[:, :, None] > other[:, None, :]).mean()


def test_one_and_two_epochs_are_three():
    part = make_groups()
    once, twice = trained(part, 3), trained(part, 1)
    twice.run(2)
    assert (once.source().item_factors == twice.source().item_factors).all()


def test_the_fold_in_knows_the_groups_as_the_users_factors_do():
    part = make_groups()
    trainer = trained(part, 8)
    own = trainer.users @ trainer.items.T + trainer.bias
    folded = trainer.source()
    assert isinstance(folded, Factors)
    assert share_of_own(own) > 0.95
    assert share_of_own(folded.scores(part.histories)) > 0.99


def test_who_has_everything_teaches_nothing():
    user, item = np.zeros(40, dtype=np.int64), np.arange(40)
    part = interactions(Rows(user, item, np.ones(40, np.float32), None, 1, 40))
    trainer = BprTrainer(part, START, 3)
    before = trainer.items.copy()
    assert trainer.run(2)
    assert (trainer.items == before).all()


def test_training_ends_between_two_passes():
    trainer = BprTrainer(make_groups(), START, 3)
    assert not trainer.run(1, lambda: False)
    assert not trainer.bias.any()
