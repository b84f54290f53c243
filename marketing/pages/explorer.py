"""The audience explorer as values for programs: what pages/audiences.py writes as text, each figure
with its interval, and where one is not known the reason instead."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _

from decisions.models import Snapshot
from decisions.text import render
from marketing.definitions.rules import RuleError
from marketing.models import Segment
from marketing.services.audiences import segment_comparisons as comparisons
from marketing.services.audiences.audience_figures import refreshing, stored

COUNTED, FORESEEN = 0.95, 0.80  # levels of intervals of what was counted, and of what is foreseen


def figures_of(segments: Sequence[Segment]) -> list[dict[str, Any]]:
    """Per segment what was counted last. Two queries."""
    kept, busy = stored(segments), refreshing(segments)
    return [_figures(one, kept.get(one.pk), one.pk in busy) for one in segments]


def _figures(segment: Segment, row: Snapshot | None, is_refreshing: bool) -> dict[str, Any]:
    found = row.payload if row else None
    why = "" if found else _("Nothing was counted yet; the night does it, or a POST here.")
    return {
        "segment": segment.code,
        "name": segment.name,
        "name_zh": segment.name_zh,
        "is_counted": found is not None,
        "reason": why,
        "is_being_counted": is_refreshing,
        "is_of_this_rule": found is not None and found["rule"] == segment.rule,
        "as_of": row.as_of if row else None,
        "customers": found["size"] if found else None,
        "reachable_by_email": found["reachable"] if found else None,
        "reachable": [
            {"channel": name, "customers": n}
            for name, n in (found or {}).get("reachable_by", {}).items()
        ],
        "sample": found["sample"] if found else None,
        **_money(found, why),
        "changes": _changes(segment, found, why),
    }


def _money(found: dict | None, why: str) -> dict[str, dict[str, Any]]:
    names = ("revenue_365", "margin_365", "spend_90", "margin_90", "no_order_90")
    if found is None:
        return {
            name: _figure(None, why, COUNTED if name.endswith("365") else FORESEEN)
            for name in names
        }
    ahead = found["forecast"]
    refusal = render(ahead["refusal"]) if "refusal" in ahead else ""
    silent = render(ahead["silent_refusal"]) if "silent_refusal" in ahead else refusal
    no_cost = _("More than a twentieth of the revenue has no known cost.")
    few = _few()
    return {
        "revenue_365": _figure(found["revenue"], few, COUNTED),
        "margin_365": _figure(found["margin"], few if found["margin"] else no_cost, COUNTED),
        "spend_90": _figure(ahead.get("spend"), refusal, FORESEEN),
        "margin_90": _figure(ahead.get("margin"), refusal or no_cost, FORESEEN),
        "no_order_90": _figure(ahead.get("silent"), silent, FORESEEN),
    }


def _few() -> str:
    from marketing.ml.cohorts import LEAST_CUSTOMERS

    text = _("Too few customers for a mean: under %(least)s.")
    return text % {"least": LEAST_CUSTOMERS}


def _figure(found: dict | None, why: str, level: float) -> dict[str, Any]:
    """Known, with its interval; or not, with the reason. Never both, never neither."""
    is_known = found is not None and found["value"] is not None
    ends = {name: found[name] if found and is_known else None for name in ("value", "low", "high")}
    return {"is_known": is_known, **ends, "level": level, "reason": "" if is_known else why}


def _changes(segment: Segment, found: dict | None, why: str) -> dict[str, Any]:
    names = ("entered_7", "left_7", "entered_28", "left_28")
    if found is None or found["changes"] is None:
        reason = why or _not_tracked()
        return {"is_known": False, "reason": reason, **dict.fromkeys(names)}
    days = found["changes"]["days"]
    sums = (sum(one[place] for one in part) for part in (days[-7:], days) for place in (1, 2))
    return {"is_known": True, "reason": "", **dict(zip(names, sums, strict=True))}


def _not_tracked() -> str:
    return _("This segment is not tracked, so nobody notes who enters and leaves.")


def comparison_of(segments: Sequence[Segment], weeks: int, by: str) -> dict[str, Any]:
    """One to six segments beside each other: overlap, retention, who entered and left."""
    kept = stored(segments)
    return {
        "segments": [one.code for one in segments],
        "overlap": _overlap(segments),
        "retention": [_retention(one, weeks) for one in segments],
        "changes": [_growth(one, kept.get(one.pk), by) for one in segments],
    }


def _overlap(segments: Sequence[Segment]) -> dict[str, Any]:
    empty: dict[str, Any] = {"as_of": None, "combinations": [], "pairs": []}
    if len(segments) < 2:
        return {"is_counted": False, "reason": _("It takes two segments to overlap."), **empty}
    report = comparisons.overlap_report(segments)
    if report is None:
        return {"is_counted": False, "reason": _not_asked(), **empty}
    cells, codes = report.payload["cells"], [one.code for one in segments]
    return {
        "is_counted": True,
        "reason": "",
        "as_of": report.as_of,
        "combinations": [
            {"segments": [codes[k] for k in range(len(codes)) if bits >> k & 1], "customers": n}
            for bits, n in sorted(cells, key=lambda one: -one[1])
        ],
        "pairs": [_pair(one, codes) for one in comparisons.pairs(cells, len(codes))],
    }


def _pair(pair: dict[str, Any], codes: Sequence[str]) -> dict[str, Any]:
    return {
        "first": codes[pair["first"]],
        "second": codes[pair["second"]],
        "both": pair["both"],
        "either": pair["either"],
        "jaccard": pair["jaccard"],
        "reason": "" if pair["jaccard"] is not None else _("Nobody is in either of them."),
    }


def _not_asked() -> str:
    return _("This takes too long to count while you wait, and nobody has asked for it yet.")


def _retention(segment: Segment, weeks: int) -> dict[str, Any]:
    """Who of the members of then ordered in each 28 days since, with Wilson's interval."""
    found: dict[str, Any] = {
        "segment": segment.code, "is_known": False, "is_counted": False, "reason": "",
        "as_of": None, "since": None, "members": None, "sample": None, "periods": [],
    }  # fmt: skip
    try:
        report = comparisons.curve_report(segment, weeks)
    except RuleError as error:
        return found | {"reason": str(error)}
    if report is None:
        return found | {"is_known": True, "reason": _not_asked()}
    kept = report.payload
    found |= {
        "is_counted": True, "as_of": report.as_of, "since": kept["since"],
        "members": kept["size"], "sample": kept["sample"],
    }  # fmt: skip
    if not kept["sample"]:
        return found | {"reason": _("Nobody was in it then.")}
    return found | {"is_known": True, "periods": _periods(kept["active"], kept["sample"])}


def _periods(active: Sequence[int], customers: int) -> list[dict[str, Any]]:
    from marketing.ml.cohorts import wilson

    return [
        {
            "period": k,
            "customers": n,
            "share": n / customers,
            "low": float(low),
            "high": float(high),
        }
        for k, n in enumerate(active, start=1)
        for low, high in [wilson(n, customers)]
    ]


def _growth(segment: Segment, row: Snapshot | None, by: str) -> dict[str, Any]:
    changes = row.payload["changes"] if row else None
    if row is None:
        why = _("Nothing was counted yet; the night does it, or a POST here.")
    else:
        why = "" if changes else _not_tracked()
    bars = changes["days" if by == "day" else "weeks"] if changes else []
    return {
        "segment": segment.code,
        "is_known": changes is not None,
        "reason": why,
        "as_of": row.as_of if row else None,
        "periods": [
            {"begins_on": begin, "entered": entered, "left": left} for begin, entered, left in bars
        ],
    }
