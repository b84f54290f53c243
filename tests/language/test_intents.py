import numpy as np
import pytest

from language.embeddings import HashedNgrams
from language.ml.intents import fit_intents, reject_threshold
from language.ml.metrics import OUT_OF_SCOPE
from language.ml.text_models import folds_of

WORLD = {
    "tea": ["green tea {}", "a cup of tea {}", "{} leaves of tea", "oolong tea {} please"],
    "coffee": ["black coffee {}", "coffee beans {}", "{} espresso coffee", "coffee {} roast"],
    "oos": ["the weather {}", "football {} tonight", "{} politics", "a poem {}"],
}


def world(labels, copies=6):
    rows = [(p.format(n), label) for label in labels for p in WORLD[label] for n in range(copies)]
    texts = [text for text, _label in rows]
    return texts, np.array([label for _text, label in rows]), HashedNgrams(128).encode(texts)


def test_a_world_with_a_known_answer_is_learned():
    texts, labels, vectors = world(["tea", "coffee", "oos"])
    model = fit_intents(texts, labels, vectors, seed=1)
    questions = ["a green tea", "coffee beans please", "the weather tonight"]
    answer = model.answer(
        model.chosen, questions, HashedNgrams(128).encode(questions), may_reject=True
    )
    assert answer.labels.tolist() == ["tea", "coffee", "oos"]
    assert ((answer.confidence >= 0) & (answer.confidence <= 1)).all()


def test_same_data_and_seed_give_the_same_model():
    texts, labels, vectors = world(["tea", "coffee"])
    first, second = (fit_intents(texts, labels, vectors, seed=3) for _ in range(2))
    assert first.validation == second.validation
    assert np.array_equal(
        first.probabilities(first.chosen, texts, vectors),
        second.probabilities(second.chosen, texts, vectors),
    )


def test_one_class_is_refused():
    texts, labels, vectors = world(["tea"])
    with pytest.raises(ValueError, match="two different labels"):
        fit_intents(texts, labels, vectors, seed=1)


def test_a_class_with_one_row_stays_in_every_training_part():
    place = folds_of(np.array(["a", "a", "a", "b"]), 2, seed=0)
    assert place[3] == -1
    assert sorted(place[:3]) == [0, 0, 1]


def test_threshold_separates_what_it_was_shown():
    classes = np.array(["coffee", OUT_OF_SCOPE, "tea"])
    chances = np.array([[0.9, 0.0, 0.1], [0.1, 0.0, 0.9], [0.5, 0.1, 0.4], [0.4, 0.1, 0.5]])
    cut = reject_threshold(chances, np.array([0, 2, 1, 1]), classes)
    assert 0.5 < cut <= 0.9
