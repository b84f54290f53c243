"""The command: one JSON object, a sentence and status 2 for what it cannot use."""

import json
from datetime import date
from io import StringIO

import numpy as np
import pytest
from django.core.management import CommandError, call_command

END = date(2025, 9, 30)


def write_orders(path, customers=300, seed=5):
    random, first = np.random.default_rng(seed), np.datetime64("2025-01-01")
    lines = ["customer_id,date,amount"]
    for number in range(customers):
        day, gap = random.integers(0, 80), random.gamma(2, 25)
        while day < 540:
            lines.append(f"c{number},{first + int(day)},{random.gamma(4, 10):.2f}")
            if random.random() < 0.25:
                break
            day += 1 + random.exponential(gap)
    path.write_text("\n".join(lines))
    return path


def run(file, end=END, days=180):
    out = StringIO()
    call_command(
        "evaluate_customer_value", transactions=file, calibration_end=end, holdout_days=days,
        stdout=out,
    )  # fmt: skip
    return json.loads(out.getvalue())


def test_every_model_is_judged_on_the_same_customers(tmp_path):
    found = run(write_orders(tmp_path / "orders.csv", customers=150))
    assert found["task"] == "customer_value"
    assert found["data"]["unit"] == "week"
    assert found["data"]["customers_judged"] == 150
    wanted = {"naive_zero", "mean_rate", "bg_nbd", "mbg_nbd", "mbg_cnbd_k", "pareto_nbd", "blend"}
    assert wanted <= set(found["models"])
    assert found["chosen"] in found["models"]
    assert len({model["actual_orders"] for model in found["models"].values()}) == 1
    assert found["models"]["bg_nbd"]["parameters"].keys() == {"r", "alpha", "a", "b"}
    chosen = found["models"][found["chosen"]]
    assert chosen["rmse"] < found["models"]["naive_zero"]["rmse"]
    assert chosen["correlation"] > 0.3


def test_what_comes_after_the_calibration_changes_no_prediction(tmp_path):
    file = write_orders(tmp_path / "orders.csv", customers=40)
    with_future = run(file)
    rows = file.read_text().splitlines()
    kept = [row for row in rows[1:] if row.split(",")[1] <= str(END)]
    cut = tmp_path / "cut.csv"
    cut.write_text("\n".join([rows[0], *kept, f"new,{date(2025, 10, 5)},1.00"]))
    without = run(cut)
    assert without["chosen"] == with_future["chosen"]
    for name, model in with_future["models"].items():
        assert without["models"][name]["predicted_orders"] == model["predicted_orders"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "There is no file"),
        ("", "cannot be read as CSV"),
        ("a,b\n1,2\n", "no column customer_id, date"),
        ("customer_id,date\n", "no rows"),
        ("customer_id,date\nA,yesterday\n", "Line 2: date is no date"),
        ("customer_id,date,amount\nA,2026-01-01,x\n", "Line 2: amount is no number"),
        ("customer_id,date\n,2026-01-01\n", "Line 2: customer_id is empty"),
        ("customer_id,date\nA,2025-01-01\n", "nothing to judge"),
        ("customer_id,date\nA,2025-01-01\nA,2025-10-09\n", "24 more customers"),
    ],
)
def test_an_unusable_file_gets_one_sentence_and_status_2(tmp_path, content, message):
    file = tmp_path / "orders.csv"
    if content is not None:
        file.write_text(content)
    with pytest.raises(CommandError, match=message) as caught:
        call_command(
            "evaluate_customer_value", transactions=file, calibration_end=END, holdout_days=90
        )
    assert caught.value.returncode == 2
    assert "\n" not in str(caught.value)
