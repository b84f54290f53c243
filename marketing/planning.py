"""What approving a campaign means, from what its receipt holds. A replay computes the same."""

from __future__ import annotations

import math
from typing import Any

from language.claims import Fact, fill

# Effects of earlier campaigns are added up like measurements: the surer counts more.
LEVEL_Z = 1.2816  # 80 per cent between low and high: the normal distribution's 90th percentile


def plan_campaign(inputs: dict) -> dict:
    """Receipt inputs in, output out: who gets what, how many, what it costs and may bring.

    inputs: audience {customers, holdout}, send_cost_minor, copies [{language, subject, body}],
    facts {language: {slot: text}}, history [{difference_minor, error_minor}] per recipient.
    """
    recipients = inputs["audience"]["customers"] - inputs["audience"]["holdout"]
    cost_minor = recipients * inputs["send_cost_minor"]
    return {
        "recipients": recipients,
        "holdout": inputs["audience"]["holdout"],
        **_left_out(inputs["audience"]),
        # Only where there are any, for the same reason.
        **{key: inputs[key] for key in ("skus_without_cost",) if key in inputs},
        "cost_minor": cost_minor,
        "texts": [_text(copy, inputs["facts"][copy["language"]]) for copy in inputs["copies"]],
        "expected": expected_money(inputs["history"], recipients, cost_minor),
    }


def plan_audience(inputs: dict) -> dict:
    """A list that is frozen for itself: of all who were found, who is on it and who may be written to.

    inputs: found (customers who met the rule), kept_out (of those, held out from everything),
    held_out (of the rest, drawn to get nothing).
    """
    customers = inputs["found"] - inputs["kept_out"]
    return {
        "customers": customers,
        "holdout": inputs["held_out"],
        "recipients": customers - inputs["held_out"],
    }


def _left_out(audience: dict) -> dict[str, int]:
    """Only where the campaign asked whom it pays with: older receipts replay as they were."""
    if not audience.get("targeting"):
        return {}
    return {"left_out": audience["left_out"], "explored": audience["targeting"]["explored"]}


def expected_money(
    history: list[dict[str, float]], recipients: int, cost_minor: int
) -> dict[str, int] | None:
    """Revenue that recipients bring over a holdout, less cost; None without a measured campaign.

    Inverse-variance mean of the differences per recipient that earlier campaigns of the same goal
    measured. Source: Hedges & Olkin, Statistical Methods for Meta-Analysis (1985), section 6.
    """
    usable = [row for row in history if row["error_minor"] > 0]
    if not usable:
        return None
    weights = [1 / row["error_minor"] ** 2 for row in usable]
    mean = sum(w * row["difference_minor"] for w, row in zip(weights, usable, strict=True))
    mean /= sum(weights)
    half = LEVEL_Z * math.sqrt(1 / sum(weights))
    return {
        "minor": round(mean * recipients) - cost_minor,
        "low_minor": round((mean - half) * recipients) - cost_minor,
        "high_minor": round((mean + half) * recipients) - cost_minor,
        "campaigns": len(usable),
    }


def _text(copy: dict[str, str], facts: dict[str, str]) -> dict[str, Any]:
    known = [Fact(slot, "text", text) for slot, text in facts.items()]
    return {
        # Only where a campaign has several variants.
        **({"arm": copy["arm"]} if copy.get("arm") else {}),
        "language": copy["language"],
        "subject": fill(copy["subject"], known),
        # Receipts from before there were preheaders are computed again as they were.
        **({"preheader": fill(copy["preheader"], known)} if copy.get("preheader") else {}),
        "body": fill(copy["body"], known),
    }
