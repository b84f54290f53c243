"""Aspects: where clauses are cut, what is read in them, how the scorecard counts."""

import csv
import json
from io import StringIO
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from hypothesis import given
from hypothesis import strategies as st

from language.aspects import mentions_of, reader_version, shipped_aspects
from language.ml.aspect_metrics import aspect_metrics
from language.ml.aspect_words import aspects_by_words
from language.ml.aspects import ASPECTS, TARGET_PRECISION, fit_aspects
from language.ml.clauses import clauses_of
from language.seeds import aspect_examples, aspect_label

HELD_OUT = Path(__file__).resolve().parents[2] / "language" / "seeds" / "aspects_held_out.csv"


def clauses(text):
    return [text[start:end].strip() for start, end in clauses_of(text)]


def read(text):
    return {(m.aspect, m.polarity) for m in mentions_of([text])[0]}


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Arrived late but lovely", ["Arrived late", "but lovely"]),
        ("It cost 12.50, and it broke!", ["It cost 12.50,", "and it broke!"]),
        ("到得晚，但是东西很漂亮", ["到得晚，", "但是东西很漂亮"]),
        ("不但快而且好", ["不但快而且好"]),
        ("... !!", []),
        ("", []),
    ],
)
def test_a_message_is_cut_where_a_thought_ends(text, parts):
    assert clauses(text) == parts


@given(st.text(max_size=300))
def test_clauses_lie_in_order_inside_the_text_and_lose_no_letter(text):
    spans = clauses_of(text)
    assert all(start < end <= len(text) for start, end in spans)
    assert all(a[1] <= b[0] for a, b in pairwise(spans))
    kept = "".join(text[start:end] for start, end in spans)
    assert sum(c.isalpha() for c in kept) == sum(c.isalpha() for c in text)


def test_contrast_gives_each_aspect_its_own_polarity():
    assert read("Arrived late but lovely") == {("delivery", -1), ("quality", 1)}
    assert ("quality", 1) in read("到得晚，但是东西很漂亮")
    assert read("Hello, my name is Linda") == set()
    assert mentions_of([]) == []


def test_a_mention_says_where_it_stands():
    text = "Thank you. The box was crushed."
    [mention] = [m for m in mentions_of([text])[0] if m.aspect == "packaging"]
    assert text[mention.start : mention.end].strip() == "The box was crushed."
    assert mention.confidence >= shipped_aspects().threshold


def test_a_higher_threshold_never_says_more():
    texts = [text for text, _label in aspect_examples()[:120]]
    said = [sum(map(len, mentions_of(texts, threshold=t))) for t in (0.2, 0.5, 0.8, 1.01)]
    assert said == sorted(said, reverse=True)
    assert said[0] > said[2] > said[3] == 0


def test_the_examples_are_enough_and_none_of_them_is_measured_on():
    examples = aspect_examples()
    assert len(examples) >= 1200
    assert all(set(label) <= set(ASPECTS) for _text, label in examples)
    with HELD_OUT.open(encoding="utf-8", newline="") as file:
        held = [row["text"].casefold() for row in csv.DictReader(file)]
    assert len(held) == len(set(held)) == 306
    assert not {text.casefold() for text, _label in examples} & set(held)


def test_the_version_is_stable_within_a_process():
    assert reader_version() == reader_version()
    assert len(reader_version()) == 16


def test_too_few_examples_are_refused():
    with pytest.raises(ValueError, match="ten texts"):
        fit_aspects(["late"], [{"delivery": -1}], np.zeros((1, 4)), np.zeros(1))


def test_labels_are_read_and_nonsense_refused():
    assert aspect_label("delivery:-1;quality:1") == {"delivery": -1, "quality": 1}
    assert aspect_label("none") == {}
    for wrong in ("delivery", "delivery:2", ""):
        with pytest.raises(ValueError, match="is no aspect"):
            aspect_label(wrong)


def test_f1_by_hand():
    truth = [{("fit", -1)}, {("fit", 1)}, {("fit", -1)}, set()]
    found = [{("fit", -1)}, {("fit", -1)}, set(), set()]
    fit = aspect_metrics(truth, found, seed=1)["aspects"]["fit"]
    assert fit["f1_negative"] == 0.5  # one hit, two true, two found
    assert fit["f1_positive"] == 0.0
    assert fit["macro_f1"] == 0.25
    assert aspect_metrics(truth, found, seed=1)["aspects"]["price"]["macro_f1"] is None
    perfect = aspect_metrics(truth, truth, seed=1)
    assert perfect["macro_f1"] == perfect["precision"] == perfect["recall"] == 1.0


def test_words_are_the_baseline():
    assert aspects_by_words("The parcel arrived late") == ["delivery"]
    assert aspects_by_words("快递太慢") == ["delivery"]
    assert aspects_by_words("Hello") == []


def scorecard(path):
    out = StringIO()
    call_command("evaluate_aspects", reviews=str(path), stdout=out, stderr=StringIO())
    return json.loads(out.getvalue())


def test_it_beats_the_words_on_what_it_never_saw():
    card = scorecard(HELD_OUT)
    own, words = card["models"]["backroom"], card["models"]["keywords"]
    assert own["macro_f1_low"] > words["macro_f1"]
    assert own["precision"] > 0.75 > words["precision"]
    assert own["expected_calibration_error"] < 0.1
    assert card["data"]["threshold"] > 0.5
    assert TARGET_PRECISION == 0.85


def test_one_polarity_a_message_is_measured_too(tmp_path):
    file = tmp_path / "r.csv"
    file.write_text(
        "text,label\nPoor quality and cheap plastic,0\nA beautiful and sturdy mug,1\nHello,1\n",
        encoding="utf-8",
    )
    card = scorecard(file)
    assert card["models"]["backroom"]["answered"] == pytest.approx(2 / 3)
    assert card["models"]["backroom"]["accuracy"] == 1.0


def test_an_unusable_file_gets_one_sentence(tmp_path):
    file = tmp_path / "r.csv"
    file.write_text("text,label\nIt broke,colour:-1\n", encoding="utf-8")
    with pytest.raises(CommandError, match="'colour' in data row 1") as refused:
        scorecard(file)
    assert refused.value.returncode == 2
