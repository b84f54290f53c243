"""The documentation names every field, stage and setting of marketing."""

from pathlib import Path

from marketing.definitions.rule_check import GROUPS
from marketing.definitions.rules import FIELDS
from marketing.models import Stage

DOC = (Path(__file__).resolve().parents[2] / "docs" / "marketing.md").read_text()
SETTINGS = ["MARKETING_CAP_MESSAGES", "MARKETING_CAP_DAYS", "MARKETING_SEND_COST_MINOR"]
SETTINGS += ["MARKETING_TRACK_OPENS", "STOREFRONT_URL", "TEXT_PROVIDER_URL"]


def test_every_word_of_the_rule_language_is_documented():
    missing = [word for word in [*FIELDS, *GROUPS] if f"`{word}`" not in DOC]
    assert not missing


def test_every_stage_and_setting_is_documented():
    assert [stage for stage in Stage.values if stage not in DOC] == []
    assert [name for name in SETTINGS if name not in DOC] == []
