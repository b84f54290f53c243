"""Every environment variable that the settings read is listed and explained, and no other."""

import re
from pathlib import Path

import pytest

from config.checks import message_settings, offer_settings

ROOT = Path(__file__).resolve().parent.parent.parent
READ = re.compile(r"\benv\.\w+\(\s*\"([A-Z_]+)\"")


def read_by_settings() -> set[str]:
    return set(READ.findall((ROOT / "config/settings.py").read_text()))


def test_env_example_lists_every_variable():
    listed = re.findall(r"^#?([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.M)
    assert sorted(listed) == sorted(read_by_settings())


def test_operations_explains_every_variable():
    explained = re.findall(r"^\| `([A-Z_]+)` \|", (ROOT / "docs/operations.md").read_text(), re.M)
    assert sorted(explained) == sorted(read_by_settings())


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ({}, []),
        ({"SMS_URL": "https://adapter.example/sms"}, ["config.E004"]),
        ({"SMS_URL": "https://adapter.example/sms", "MESSAGE_SECRET": "s"}, []),
        ({"MARKETING_QUIET_HOURS": "late"}, ["config.E005"]),
        ({"MARKETING_QUIET_HOURS": "21:30-8"}, []),
        ({"MESSAGE_CONNECTIONS": 0}, ["config.E006"]),
        ({"WAITLIST_OFFER_FACTOR": 0.0}, ["config.E007"]),
        ({"WAITLIST_OFFER_FACTOR": 2.5}, []),
        ({"RATING_MIN_REVIEWS": 0}, ["config.E018"]),
        ({"MARKETING_MARGIN_FLOOR_RATE": 1.2}, ["config.E008"]),
    ],
)
def test_wrong_message_settings_are_said_at_start_up(settings, changed, found):
    for name, value in changed.items():
        setattr(settings, name, value)
    said = [*message_settings(None), *offer_settings(None)]
    assert [one.id for one in said] == found
