import csv
import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

INTENTS = {"tea": "a cup of tea number {}", "coffee": "roast coffee bean {}", "oos": "weather {}"}


def write(path, rows, header=("text", "label"), encoding="utf-8"):
    with path.open("w", newline="", encoding=encoding) as file:
        csv.writer(file).writerows([header, *rows])
    return str(path)


def run(command, **options):
    out, err = StringIO(), StringIO()
    call_command(command, stdout=out, stderr=err, **options)
    return json.loads(out.getvalue()), err.getvalue()


def intents(start, stop):
    return [(text.format(n), label) for label, text in INTENTS.items() for n in range(start, stop)]


def test_intents_scorecard_has_the_shape_of_the_contract(tmp_path):
    card, progress = run(
        "evaluate_intents",
        train=write(tmp_path / "train.csv", intents(0, 12)),
        test=write(tmp_path / "test.csv", intents(12, 16)),
    )
    assert set(card) == {"task", "data", "chosen", "models", "seconds", "peak_memory_mb"}
    assert set(card["models"]) == {"majority", "tfidf_svc", "embeddings_logistic", "fused"}
    best = card["models"][card["chosen"]]
    assert set(best) == {
        "accuracy",
        "macro_f1",
        "expected_calibration_error",
        "coverage_at_95_precision",
        "in_scope_accuracy",
        "oos_recall",
    }
    assert best["accuracy"] == 1.0
    assert card["models"]["majority"]["accuracy"] == pytest.approx(1 / 3)
    assert card["data"]["train_rows"] == 36
    assert "fit" in progress


REVIEWS = [
    ("I love this wonderful bag", 1),
    ("terrible and broken", 0),
    ("很好用，喜欢", 1),
    ("太差了", 0),
]


def test_shipped_sentiment_needs_no_training(tmp_path):
    card, _ = run("evaluate_sentiment", reviews=write(tmp_path / "r.csv", REVIEWS))
    assert card["chosen"] == "backroom"
    assert card["models"]["backroom"] == {"accuracy": 1.0, "f1": 1.0, "auc": 1.0}
    assert {"majority", "textblob", "vader"} < set(card["models"])


def test_ratings_are_measured_by_correlation(tmp_path):
    rows = [("wonderful", 0.9), ("good", 0.4), ("bad", -0.4), ("horrible, the worst", -0.9)]
    card, _ = run("evaluate_sentiment", reviews=write(tmp_path / "r.csv", rows))
    assert card["models"]["backroom"]["pearson_r"] > 0.8
    assert card["models"]["majority"]["pearson_r"] is None


def test_training_adds_models_on_the_same_split(tmp_path):
    rows = [(f"{text} {n}", label) for text, label in REVIEWS for n in range(12)]
    card, _ = run(
        "evaluate_sentiment",
        reviews=write(tmp_path / "test.csv", REVIEWS),
        train=write(tmp_path / "train.csv", rows),
    )
    assert {"tfidf_linear", "embeddings_linear", "stacked", "backroom"} < set(card["models"])
    assert card["models"][card["chosen"]]["accuracy"] == 1.0


@pytest.mark.parametrize(
    ("header", "rows", "said"),
    [
        (("a", "b"), [("x", "y")], "no column 'text'"),
        (("text", "label"), [], "no row"),
        (("text", "label"), [("", "1"), ("x", "")], "no row"),
        (("text", "label"), [("good", "5")], "outside -1 to 1"),
        (("text", "label"), [("good", "great")], "is no number"),
    ],
)
def test_a_broken_review_file_gets_one_sentence_and_status_two(tmp_path, header, rows, said):
    with pytest.raises(CommandError, match=said) as refused:
        run("evaluate_sentiment", reviews=write(tmp_path / "r.csv", rows, header))
    assert refused.value.returncode == 2
    assert "\n" not in str(refused.value)


def test_missing_and_binary_files_are_refused(tmp_path):
    binary = tmp_path / "b.csv"
    binary.write_bytes(b"\x00\x01\xff\xfe" * 10)
    for path in (str(binary), str(tmp_path / "absent.csv"), str(tmp_path)):
        with pytest.raises(CommandError) as refused:
            run("evaluate_intents", train=path, test=path)
        assert refused.value.returncode == 2


def test_one_label_is_no_training_file(tmp_path):
    path = write(tmp_path / "t.csv", [("a", "x"), ("b", "x")])
    with pytest.raises(CommandError, match="two different labels"):
        run("evaluate_intents", train=path, test=path)


def test_columns_may_be_named_and_encoded_as_exports_do(tmp_path):
    rows = [(label, text, "") for text, label in REVIEWS]
    path = write(tmp_path / "r.csv", rows, ("Label", "Review", "extra"), "gb18030")
    card, _ = run("evaluate_sentiment", reviews=path, language="auto")
    assert card["data"]["rows"] == 4
