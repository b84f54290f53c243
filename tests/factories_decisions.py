"""Jobs, model runs and decisions for tests."""

from __future__ import annotations

from datetime import UTC, datetime

from decisions.models import Decision
from decisions.services.model_runs import Trained
from decisions.services.receipts import Proposal, record_decision


def make_trained(digest: str = "a" * 64, **changes) -> Trained:
    fields = {
        "task": "recommender",
        "model": "als",
        "params": {"factors": 8},
        "seed": 0,
        "data_until": datetime(2026, 1, 1, tzinfo=UTC),
        "row_count": 100,
        "data_hash": digest,
        "metrics": {"als": {"ndcg": 0.3}, "popularity": {"ndcg": 0.2}},
        "metric": "ndcg",
        "higher_is_better": True,
        "value": 0.3,
        "baseline": "popularity",
        "baseline_value": 0.2,
    }
    return Trained(**fields | changes)


def make_decision(key: str = "test:1", **changes) -> Decision:
    fields = {
        "kind": "test",
        "key": key,
        "subject": "sku:TEA-1",
        "headline": {"msgid": "Order %(units)s × %(sku)s", "params": {"units": 24, "sku": "TEA-1"}},
        "why": {"msgid": "It runs out.", "params": {}},
        "inputs": {"units": 24},
        "output": {"units": 24},
        "expected_minor": 92_000,
        "currency": "GBP",
    }
    return record_decision(Proposal(**fields | changes))
