"""The command: JSON on standard output, one sentence and status 2 for what it cannot use."""

import json
from io import StringIO

import numpy as np
import pytest
from django.core.management import CommandError, call_command


def write_sales(path, skus=6, days=150):
    random = np.random.default_rng(5)
    first = np.datetime64("2025-01-06")
    lines = ["sku,date,units"]
    for number in range(skus):
        for day, units in enumerate(random.poisson(3 + number, days)):
            lines.append(f"S{number},{first + day},{units}")
    path.write_text("\n".join(lines))
    return path


def test_it_prints_one_json_object_with_every_model(tmp_path, capsys):
    file, out = write_sales(tmp_path / "sales.csv"), StringIO()
    call_command("evaluate_forecast", sales=file, horizon=14, frequency="D", stdout=out)
    found = json.loads(out.getvalue())
    assert found["task"] == "forecast"
    assert found["data"]["rows"] == 900
    assert {"seasonal_naive", "ses", "croston", "tsb", "lightgbm"} <= set(found["models"])
    assert found["chosen"] in found["models"]
    wanted = {"rmsse", "mase", "wape", "bias", "pinball", "coverage80"}
    assert all(wanted <= set(metrics) for metrics in found["models"].values())
    assert found["seconds"]
    assert found["peak_memory_mb"] > 0


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "There is no file"),
        ("", "cannot be read as CSV"),
        ("a,b\n1,2\n", "no column sku, date, units"),
        ("sku,date,units\nA,2026-01-01,3\n", "covers 1 days"),
    ],
)
def test_an_unusable_file_gets_one_sentence_and_status_2(tmp_path, content, message):
    file = tmp_path / "sales.csv"
    if content is not None:
        file.write_text(content)
    with pytest.raises(CommandError, match=message) as caught:
        call_command("evaluate_forecast", sales=file, horizon=28, frequency="D")
    assert caught.value.returncode == 2
    assert "\n" not in str(caught.value)
