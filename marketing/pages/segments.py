"""A segment before it is saved: how many, how many reachable, its words, ten customers."""

from __future__ import annotations

from typing import Any

from marketing.definitions.rules import sentences
from marketing.models import Channel, Stage
from marketing.services.audiences.counting import TookTooLongError, live_count
from shop.money import format_money


def segment_preview(rule: Any) -> dict:
    """Count, reachable per channel, the rule in words, ten customers; or why it was not counted.
    Raises RuleError."""
    try:
        found = live_count(rule, tuple(Channel.values))
    except TookTooLongError as error:
        return {"problem": str(error), "sentences": sentences(rule)}
    return {
        "count": found.customers,
        "reachable": [(label, found.reachable[key]) for key, label in Channel.choices],
        "sentences": sentences(rule),
        "sample": [sample_row(customer) for customer in found.sample],
    }


def sample_row(customer: Any) -> dict:
    profile = getattr(customer, "profile", None)
    if profile is None:
        return {
            "name": str(customer),
            "stage": "",
            "orders": "–",
            "spent": "–",
            "recency_days": None,
        }
    return {
        "name": str(customer),
        "stage": Stage(profile.stage).label if profile.stage else "",
        "orders": profile.frequency,
        "spent": format_money(profile.monetary_minor),
        "recency_days": profile.recency_days,
    }
