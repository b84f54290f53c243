"""docs/journeys.md names every word of a definition."""

import json
import re
from pathlib import Path

import pytest
from django.conf import settings

from marketing.definitions.journey_plan import CONDITIONS, EXITS, TRIGGERS, read_plan

DOCS = Path(settings.BASE_DIR / "docs" / "journeys.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("trigger", TRIGGERS)
def test_every_trigger_is_documented_with_its_defaults(trigger):
    [row] = re.findall(rf"^\| `{trigger}` \|.*$", DOCS, re.M)
    for name, (_least, _most, default) in TRIGGERS[trigger].items():
        assert f"`{name}` ({default})" in row


@pytest.mark.parametrize("word", [*EXITS, *CONDITIONS])
def test_every_exit_and_condition_is_documented(word):
    assert f"`{word}`" in DOCS or f'"{word}"' in DOCS


def test_the_example_is_a_journey():
    [example] = [text for text in re.findall(r"```json\n(.*?)```", DOCS, re.S) if "trigger" in text]
    assert read_plan(json.loads(example)).trigger == "cart_left"
