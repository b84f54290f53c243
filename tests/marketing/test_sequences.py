"""Behaviour in its order: used where the order says something, left out where it does not."""

from datetime import timedelta
from itertools import count

import numpy as np
import pytest

from marketing.frames.sequences import sequences_of
from marketing.ml import sequence_gain
from marketing.ml.behaviour_sequences import KINDS, LENGTH, SequenceModel, sequences
from marketing.ml.propensity import INPUTS, PropensityParams, Snapshot, model_from
from marketing.ml.sequence_gain import train_with_sequences
from marketing.ml.sequence_training import SequenceParams, SequenceTrainer, scores_over_time
from shop.models import Event
from tests.factories import make_customer, make_order, make_variant
from tests.factories_marketing import AS_OF

DAY = 86_400.0
PARAMS = PropensityParams(most_rounds=60, seed=3)
STEPS = np.array([KINDS.index(kind) for kind in ("view", "view", "search", "cart_add")])


def month(number, order_matters, customers=900):
    """Everybody does the same four things within a fortnight, in an order of her own. Where it
    matters, who put into the cart last orders; else who has been silent for the shorter time."""
    random = np.random.default_rng([number, order_matters])
    as_of = (100 + 30 * number) * DAY
    kinds = np.array([random.permutation(STEPS) for _ in range(customers)])
    at = as_of - np.sort(random.uniform(0.1, 14, (customers, 4)))[:, ::-1] * DAY
    rows = np.column_stack([
        np.repeat(np.arange(customers), 4), at.ravel(), kinds.ravel(), np.full(4 * customers, -1)
    ])  # fmt: skip
    inputs = random.normal(size=(customers, len(INPUTS)))
    inputs[:, 0] = recency = random.uniform(0, 60, customers)
    is_likely = kinds[:, -1] == KINDS.index("cart_add") if order_matters else recency < 15
    ordered = random.random(customers) < np.where(is_likely, 0.6, 0.1)
    return Snapshot(inputs, ordered, sequences(rows, customers, as_of))


def world(order_matters, months=5):
    return [month(number, order_matters) for number in range(months)]


def test_where_the_order_matters_it_wins():
    snapshots = world(True)
    model, judged, verdict = train_with_sequences(snapshots, PARAMS)
    assert (verdict.is_used, verdict.reason) == (True, "better")
    assert verdict.gain[1] > 0.03
    assert verdict.auc_gain[1] > 0.1
    assert judged.log_loss["propensity"] == pytest.approx(verdict.log_loss_with)
    opened = model_from(model.to_json()).opened()
    inputs = opened.inputs(snapshots[-1].inputs, snapshots[-1].sequences)
    assert opened.probability(inputs).shape == (900,)
    assert opened.reasons(inputs)[0][0]["input"] == "sequence_score"
    with pytest.raises(ValueError, match="reads sequences"):
        opened.inputs(snapshots[-1].inputs, None)


def test_where_it_does_not_matter_it_is_left_out():
    model, judged, verdict = train_with_sequences(world(False), PARAMS)
    assert (verdict.is_used, verdict.reason) == (False, "no_better")
    assert verdict.gain[1] <= 0 < verdict.gain[2] + 0.02
    assert model.inputs == INPUTS
    assert judged.log_loss["propensity"] == pytest.approx(verdict.log_loss_without)


def test_without_torch_or_rows_it_is_absent_and_says_so(monkeypatch):
    snapshots = world(True, months=4)
    few = [Snapshot(one.inputs, one.ordered) for one in snapshots]
    assert train_with_sequences(few, PARAMS)[2].reason == "few_rows"
    assert train_with_sequences(snapshots[:3], PARAMS)[2].reason == "few_snapshots"
    monkeypatch.setattr(sequence_gain, "torch_here", lambda: False)
    model, _judged, verdict = train_with_sequences(snapshots, PARAMS)
    assert (verdict.is_used, verdict.reason, model.sequence) == (False, "no_torch", None)


def pairs(months=3):
    return [(one.sequences, one.ordered) for one in world(True, months)]


def test_what_comes_of_the_last_month_changes_no_score():
    known = pairs()
    before, _model = scores_over_time(known, SequenceParams(epochs=1))
    turned = [*known[:-1], (known[-1][0], ~known[-1][1])]
    after, _model = scores_over_time(turned, SequenceParams(epochs=1))
    for one, other in zip(before, after, strict=True):
        np.testing.assert_array_equal(one, other)
    assert np.isnan(before[0]).all()


def test_numpy_serves_what_torch_trained_and_json_keeps_it():
    import torch

    known = pairs(2)
    trainer = SequenceTrainer((), SequenceParams(epochs=1))
    trainer.run(known[:1])
    found, everybody = known[1][0], np.arange(known[1][0].size)
    with torch.no_grad():
        expected = trainer.forward(found, everybody).cpu().numpy()
    model = trainer.model()
    assert model.scores(found) == pytest.approx(expected, abs=1e-4)
    again = SequenceModel.of(model.to_json())
    assert again.scores(found) == pytest.approx(expected, abs=1e-3)


def test_the_newest_rows_are_kept_and_later_ones_refused():
    rows = np.array([[1, float(at), at % 3, 7] for at in range(LENGTH + 5)])
    found = sequences(rows, 3, 100.0)
    assert found.indptr.tolist() == [0, 0, LENGTH, LENGTH]
    assert found.at.tolist() == list(range(5, LENGTH + 5))
    with pytest.raises(ValueError, match="as_of"):
        sequences(rows, 3, LENGTH + 4.0)
    model = SequenceTrainer((7,), SequenceParams()).model()
    assert np.isnan(model.scores(found)).tolist() == [True, False, True]


NUMBERS = count(1)


def event(customer, kind, at, variant=None, consent=True):
    Event.objects.create(
        event_id=f"s{next(NUMBERS)}", kind=kind, occurred_at=at, received_at=at,
        customer=customer, variant=variant, consent=consent,
    )  # fmt: skip


@pytest.mark.django_db
def test_orders_and_events_are_read_in_their_order_as_of_a_moment(django_assert_num_queries):
    ann, ben = make_customer("A"), make_customer("B")
    tea = make_variant("TEA", category="tea")
    pot = make_variant("POT", category="pots")
    day = timedelta(days=1)
    make_order([(tea, 1), (pot, 3)], customer=ann, at=AS_OF - 9 * day)
    event(ann, "view", AS_OF - 8 * day, tea)
    event(ann, "search", AS_OF - 7 * day)
    event(ann, "impression", AS_OF - 6 * day)  # shown to her, not done by her
    event(ann, "view", AS_OF - 5 * day, tea, consent=False)  # she had not allowed it
    event(ann, "view", AS_OF - 200 * day)
    event(ann, "view", AS_OF)
    make_order([(tea, 1)], customer=ben, at=AS_OF)
    with django_assert_num_queries(3):
        found = sequences_of([ann.pk, ben.pk], AS_OF)
    assert found.indptr.tolist() == [0, 3, 3]
    assert [KINDS[kind] for kind in found.kind] == ["order", "view", "search"]
    assert found.category.tolist() == [pot.product.category_id, tea.product.category_id, -1]
    assert sequences_of([ben.pk], AS_OF + day).kind.tolist() == [KINDS.index("order")]


@pytest.mark.django_db
def test_only_the_newest_events_leave_the_database():
    ann = make_customer("A")
    for number in range(LENGTH + 4):
        event(ann, "view", AS_OF - timedelta(hours=number + 1))
    found = sequences_of([ann.pk], AS_OF)
    assert found.kind.size == LENGTH
    assert found.at.max() == (AS_OF - timedelta(hours=1)).timestamp()
