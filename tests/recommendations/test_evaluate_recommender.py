"""The command: its JSON, its honesty about bad rows, and one clear sentence for a bad file."""

import json

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from recommendations.interaction_files import UnusableFileError, read_interactions


def write(path, text):
    path.write_text(text, encoding="utf-8")
    return str(path)


def interactions_csv(path, seed=0, users=60, items=30):
    rng = np.random.default_rng(seed)
    lines = ["customer_id,product_id,weight,timestamp"]
    for user in range(users):
        for at, item in enumerate(rng.permutation(np.arange(items)[user % 3 :: 3])[:7]):
            lines.append(f"u{user},p{item},1,{1_700_000_000 + user * 50 + at * 86_400}")
    return write(path, "\n".join(lines) + "\n")


def evaluate(capsys, *arguments):
    call_command("evaluate_recommender", *arguments)
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("split", ["random", "temporal", "leave-one-out"])
def test_prints_every_model_on_one_split(tmp_path, capsys, split):
    path = interactions_csv(tmp_path / "a.csv")
    card = evaluate(capsys, "--interactions", path, "--split", split, "--budget", "0")
    sources = {"popularity", "item_knn", "transitions", "ease", "als"}
    assert set(card["models"]) >= {*sources, "blend"}
    assert card["why"]
    assert set(card["against_best_source"]) == set(card["models"]) & {"blend", "ranker"}
    assert set(card["search"]["left_out"]) == {"sasrec"}  # not one epoch in no time
    assert card["chosen"] in card["models"]
    metrics = {"ndcg", "map", "precision", "recall", "hit_rate", "coverage", "novelty"}
    metrics |= {"ndcg_low", "ndcg_high"}
    assert all(set(found) == metrics for found in card["models"].values())
    assert card["data"]["rows"] == 420
    assert card["data"]["split"]["kind"] == split
    assert card["peak_memory_mb"] > 0


def test_popularity_agrees_with_a_count_by_hand(tmp_path, capsys):
    rows = "a,x\nb,x\nc,x\na,y\nb,y\nc,z\nb,z\na,w\nd,v\nc,y\nd,w\nd,z\n"
    train = write(tmp_path / "train.csv", "customer_id,product_id\n" + rows)
    test = write(tmp_path / "test.csv", "customer_id,product_id\na,z\nd,y\ne,v\nd,new\n")
    files = ("--train", train, "--test", test, "--model", "popularity", "--k", "2")
    card = evaluate(capsys, *files, "--budget", "0")
    # x, y, z: 3 customers, w: 2, v: 1. Equal counts go by the order of the ids.
    # Lists: a → z, v · d → x, y · e (no history) → x, y.
    # Held out: a: z · d: y and an item unknown to training · e: v.
    found = card["models"]["popularity"]
    assert found["precision"] == pytest.approx((0.5 + 0.5 + 0) / 3)
    assert found["recall"] == pytest.approx((1 + 0.5 + 0) / 3)
    assert found["map"] == pytest.approx((1 + (1 / 2) / 2 + 0) / 3)
    second = 1 / np.log2(3)
    assert found["ndcg"] == pytest.approx((1 + second / (1 + second) + 0) / 3)
    assert card["data"]["split"]["items_held_out_unknown"] == 1
    assert card["data"]["split"]["customers_without_history"] == 1


def test_the_same_seed_gives_the_same_metrics(tmp_path, capsys):
    path = interactions_csv(tmp_path / "a.csv")
    arguments = ("--interactions", path, "--split", "random", "--seed", "3", "--budget", "1000")
    arguments += ("--model", "popularity", "item_knn", "transitions", "blend")
    first, second = evaluate(capsys, *arguments), evaluate(capsys, *arguments)
    assert first["models"] == second["models"]
    assert first["search"] == second["search"]


def test_bad_rows_are_counted_by_reason(tmp_path):
    path = write(
        tmp_path / "bad.csv",
        "\ufeffCustomer_ID ; product_id;weight;timestamp;note\n"
        "a;x;1;2024-01-02T03:04:05Z;ok\n"
        "a;y;;2024-01-02 03:04;no weight is 1\n"
        ";x;1;2024-01-02;\n"
        "b;;1;2024-01-02;\n"
        "b;x;-2;2024-01-02;\n"
        "b;x;many;2024-01-02;\n"
        "b;x;1;yesterday;\n"
        "b;x;1;2024-01-02T05:04:05+02:00;the moment of the first row\n",
    )
    file = read_interactions(path)
    assert file.rows_read == 8
    assert file.bad_rows == {
        "no customer_id": 1,
        "no product_id": 1,
        "timestamp not understood": 1,
        "weight is not a positive number": 2,
    }
    assert file.frame["at"].to_list() == [1704164645.0, 1704164640.0, 1704164645.0]
    assert file.frame["weight"].to_list() == [1.0, 1.0, 1.0]


@pytest.mark.parametrize("text", ["1704164645", "1704164645000", "1704164645000000"])
def test_epoch_times_in_any_unit(tmp_path, text):
    path = write(tmp_path / "t.csv", f"customer_id,product_id,timestamp\na,x,{text}\n")
    assert read_interactions(path).frame["at"].to_list() == [1704164645]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "cannot be read as CSV"),
        ("user,item\n1,2\n", "column customer_id and product_id is missing"),
        ("customer_id,product_id\n", "none of its 0 rows"),
        ("customer_id,product_id,weight\na,b,0\n", "none of its 1 rows"),
    ],
)
def test_an_unusable_file_is_one_sentence_and_status_2(tmp_path, text, says):
    path = write(tmp_path / "broken.csv", text)
    with pytest.raises(UnusableFileError, match=says):
        read_interactions(path)
    with pytest.raises(CommandError) as caught:
        call_command("evaluate_recommender", "--interactions", path, "--split", "random")
    assert caught.value.returncode == 2
    assert "\n" not in str(caught.value)


def test_a_temporal_split_without_times_is_refused(tmp_path):
    path = write(tmp_path / "a.csv", "customer_id,product_id\na,x\nb,y\na,y\n")
    with pytest.raises(CommandError, match="timestamp") as caught:
        call_command("evaluate_recommender", "--interactions", path, "--split", "temporal")
    assert caught.value.returncode == 2


@pytest.mark.parametrize(
    "arguments", [(), ("--interactions", "a.csv"), ("--train", "a.csv"), ("--model", "blend")]
)
def test_options_that_do_not_go_together(arguments):
    with pytest.raises(CommandError) as caught:
        call_command("evaluate_recommender", *arguments)
    assert caught.value.returncode == 2
