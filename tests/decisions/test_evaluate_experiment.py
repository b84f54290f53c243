"""`evaluate_experiment`: files as they come, one row per customer, a verdict in words."""

import json
from io import StringIO

import numpy as np
import pytest
from django.core.management import CommandError, call_command

HEAD = "customer_id,variant,converted,revenue"


def run(path, *options):
    out = StringIO()
    call_command("evaluate_experiment", "--assignments", str(path), *options, stdout=out)
    return json.loads(out.getvalue())


def write(tmp_path, lines, head=HEAD):
    path = tmp_path / "assignments.csv"
    path.write_text("\n".join([head, *lines]) + "\n", encoding="utf-8")
    return path


def customers(variant, count, hits, amount=20, start=0):
    return [
        f"{variant}-{n},{variant},{int(n < hits)},{amount if n < hits else 0}"
        for n in range(start, start + count)
    ]


def test_a_clear_uplift_with_both_intervals(tmp_path):
    path = write(tmp_path, customers("mail", 3000, 450) + customers("No E-Mail", 3000, 300))
    card = run(path)
    assert card["data"]["control"] == "No E-Mail"
    found = card["models"]["mail"]["conversion"]
    assert found["lift"] == pytest.approx(0.05)
    assert found["lift_points"] == pytest.approx(5.0)
    # Textbook: 0.05 ± 1.96 √(0.15·0.85/3000 + 0.1·0.9/3000)
    assert (found["low"], found["high"]) == pytest.approx((0.0333, 0.0667), abs=1e-4)
    assert found["low_always_valid"] < found["low"] < found["high"] < found["high_always_valid"]
    assert card["verdict"] == "win"
    assert card["chosen"] == "mail"
    assert "mail: better than No E-Mail by +5.00 points" in card["verdict_text"]
    assert card["sample_ratio_p"] == 1.0
    assert card["models"]["No E-Mail"]["conversion"]["lift"] is None
    assert card["models"]["mail"]["n"] == 3000
    assert card["models"]["mail"]["revenue"]["lift"] == pytest.approx(1.0)


def test_too_little_is_cannot_tell_with_what_would_show(tmp_path):
    path = write(tmp_path, customers("a", 200, 20) + customers("b", 200, 23))
    card = run(path)
    assert (card["data"]["control"], card["verdict"], card["chosen"]) == ("a", "cannot tell", "a")
    assert 0.05 < card["smallest_detectable_effect"] < 0.12
    assert card["smallest_detectable_effect_always_valid"] > card["smallest_detectable_effect"]
    assert "so many customers would show ±" in card["verdict_text"]


def test_what_a_customer_did_is_added_up_and_who_saw_both_is_left_out(tmp_path):
    lines = customers("control", 50, 5) + customers("x", 50, 5)
    lines += [lines[0]]  # the same line twice
    lines += ["control-1,control,1,30", "x-49,x,1,7"]  # further orders
    lines += ["control-9,x,1,500"]  # in two variants
    lines += [",x,1,5", "x-3,,1,5"]  # nobody, nowhere
    card = run(write(tmp_path, lines))
    facts = card["data"]
    assert facts["rows"] == 106
    assert facts["repeated_rows"] == 1
    assert facts["merged_rows"] == 2
    assert facts["customers_in_two_variants"] == 1
    assert facts["rows_without_customer_or_variant"] == 2
    assert facts["customers"] == 99
    assert card["models"]["control"]["n"] == 49
    assert card["models"]["x"]["conversion"]["mean"] == pytest.approx(6 / 50)
    assert card["models"]["x"]["revenue"]["mean"] == pytest.approx((5 * 20 + 7) / 50)


def test_before_and_after_hang_together(tmp_path):
    generator = np.random.default_rng(1)
    lines = []
    for n in range(2000):
        before = float(generator.gamma(2, 20))
        spent = before + float(generator.normal(30, 5)) + (n % 2)
        text = "" if n == 7 else f"{before:.2f}"
        lines.append(f"{n},{'on' if n % 2 else 'off'},1,{spent:.2f},{text},spare")
    head = f"{HEAD},pre_period_revenue,colour"
    card = run(write(tmp_path, lines, head), "--metric", "revenue")
    found = card["models"]["on"]["revenue"]
    assert found["adjusted"]["variance_saved"] > 0.9
    assert found["adjusted"]["low"] < 1 < found["adjusted"]["high"]
    assert found["adjusted"]["high"] - found["adjusted"]["low"] < (found["high"] - found["low"]) / 3
    assert card["data"]["ignored_columns"] == ["colour"]
    assert card["data"]["pre_period_missing"] == 1
    assert card["data"]["control"] == "off"


def test_sizes_that_do_not_fit_are_said_before_anything_else(tmp_path):
    path = write(tmp_path, customers("control", 400, 40) + customers("b", 3600, 720))
    card = run(path)
    assert card["verdict"] == "do not trust"
    assert card["sample_ratio_p"] < 1e-6
    assert "--shares" in card["verdict_text"]
    assert run(path, "--shares", "control=1,b=9")["verdict"] == "win"


def test_another_files_columns_and_control(tmp_path):
    lines = [f"{'Mens' if n % 2 else 'Womens'},{n % 3 % 2},0" for n in range(600)]
    path = write(tmp_path, lines, "segment,visit,spend")
    mapped = "customer_id=#,variant=segment,converted=visit,revenue=spend"
    card = run(path, "--columns", mapped, "--control", "Womens")
    assert card["data"]["control_chosen_because"] == "named with --control"
    assert card["models"]["Mens"]["n"] == 300
    with pytest.raises(CommandError, match="There is no column 'nix'"):
        run(path, "--columns", mapped.replace("=visit", "=nix"))


@pytest.mark.parametrize(
    ("lines", "head", "says"),
    [
        ([], HEAD, "names no customer"),
        (["1,a,1,2"], HEAD, "at least two variants"),
        (["1,a,1,2", "2,b,maybe,3"], HEAD, "Line 3: converted is 'maybe'"),
        (["1,a,1,2", "2,b,1,"], HEAD, "Line 3: revenue is empty"),
        (["1,a,1,2", "2,b,1,inf"], HEAD, "Line 3: revenue is 'inf'"),
        (["1,a,1", "2,b,1"], "customer_id,variant,converted", "column revenue is missing"),
        (["1,a,1,2,x", "2,b,1,2,3"], f"{HEAD},pre_period_revenue", "Line 2: pre_period_revenue"),
        (["1,a,1,2", "2,b,1,2"], HEAD, "at least 10 are needed"),
        ([f"{n},v{n},1,2" for n in range(30)], HEAD, "is it really the variant"),
        (["1,a,1,2"], f"{HEAD},revenue", "a column twice"),
    ],
)
def test_an_unusable_file_says_why_and_ends_with_2(tmp_path, lines, head, says):
    with pytest.raises(CommandError, match=says) as caught:
        run(write(tmp_path, lines, head))
    assert caught.value.returncode == 2


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--control", "zzz"], "There is no variant 'zzz'"),
        (["--shares", "a=1"], "each of a, b"),
        (["--shares", "a=x,b=1"], "reads like"),
        (["--level", "2"], "--level"),
        (["--columns", "variant"], "--columns reads like"),
    ],
)
def test_an_unusable_option_says_why(tmp_path, options, says):
    path = write(tmp_path, customers("a", 20, 2) + customers("b", 20, 2))
    with pytest.raises(CommandError, match=says) as caught:
        run(path, *options)
    assert caught.value.returncode == 2


def test_no_file_is_said(tmp_path):
    with pytest.raises(CommandError, match="There is no file"):
        run(tmp_path / "none.csv")
    (tmp_path / "b.csv").write_bytes(b"\xff\xfe\x00\x01binary\x00")
    with pytest.raises(CommandError) as caught:
        run(tmp_path / "b.csv")
    assert caught.value.returncode == 2
