"""A segment before it is saved: how many, how many reachable, its words, ten customers."""

from __future__ import annotations

from typing import Any

from marketing.definitions.rules import customers_of, reachable, sentences
from marketing.models import Stage
from shop.money import format_money

SAMPLE = 10


def segment_preview(rule: Any) -> dict:
    """Count, reachable, the rule in words, ten customers. Raises RuleError."""
    found = customers_of(rule)
    sample = found.select_related("profile").order_by("-pk")[:SAMPLE]
    return {
        "count": found.count(),
        "reachable": reachable(found, "email").count(),
        "sentences": sentences(rule),
        "sample": [sample_row(customer) for customer in sample],
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
