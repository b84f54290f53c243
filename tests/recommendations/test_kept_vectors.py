"""Vectors of descriptions are encoded once, and again only where the text changed."""

import numpy as np
import pytest

from recommendations.services.kept_vectors import encoded


class Counting:
    name, is_semantic = "counting", True

    def __init__(self):
        self.asked = []

    def encode(self, texts):
        self.asked += texts
        return np.array([[len(text), text.count("a")] for text in texts], np.float32).reshape(-1, 2)


@pytest.fixture(autouse=True)
def _folder(settings, tmp_path):
    settings.ARTEFACT_DIR = tmp_path / "artefacts"


def test_only_new_and_changed_texts_are_encoded():
    encoder, texts = Counting(), ["tea", "a pan", "tea"]
    first = encoded(encoder, texts)
    assert first.tolist() == [[3, 1], [5, 2], [3, 1]]
    encoder.asked.clear()
    assert encoded(encoder, ["a pan", "salt!", "tea"]).tolist() == [[5, 2], [5, 1], [3, 1]]
    assert encoder.asked == ["salt!"]
    encoder.asked.clear()
    assert (encoded(encoder, ["a pan"]) == [[5, 2]]).all()
    assert encoder.asked == []


def test_another_encoder_knows_nothing_of_them():
    encoded(Counting(), ["tea"])
    other = Counting()
    other.name = "other"
    encoded(other, ["tea"])
    assert other.asked == ["tea"]


def test_a_broken_file_is_made_anew(settings):
    encoded(Counting(), ["tea"])
    (settings.ARTEFACT_DIR / "descriptions.npz").write_bytes(b"PK broken")
    again = Counting()
    assert encoded(again, ["tea"]).tolist() == [[3, 1]]
    assert again.asked == ["tea"]
