"""Effects as pages and programs read them: counted now where that is quick, else by a job, with age."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from decisions.services import snapshots
from marketing.models import Campaign, Journey, JourneyState
from marketing.services.effects.effect_building import Against, Effects, Part
from marketing.services.effects.effects import (
    attribution,
    campaign_effects,
    journey_effects,
)
from marketing.services.effects.metrics import Metric
from marketing.services.effects.results import refresh_results

KIND = "count_effects"
# What models of attribution look back on.
ATTRIBUTION = timedelta(days=90)
# A campaign's window and as long again, at most: after that its figures stand still.
MOST_DAYS = 180
MOST_SUBJECTS = 50  # campaigns, and as many journeys, of one night


@dataclass(frozen=True)
class Report:
    """effects: None before it began. attribution: model → touch → minor units."""

    effects: Effects | None
    attribution: dict[str, dict[str, float]]
    attribution_is_cut: bool
    as_of: datetime
    is_stored: bool = False
    is_refreshing: bool = False


def subject_of(of: Campaign | Journey, step: str = "") -> str:
    kind = "campaign" if isinstance(of, Campaign) else "journey"
    return f"effects:{kind}:{of.pk}{f':{step}' if step else ''}"


def effect_report(of: Campaign | Journey, *, step: str = "", at: datetime | None = None) -> Report:
    """What a page shows; what is slow to count as it stood when it was counted last."""
    at = at or timezone.now()
    return _decoded(snapshots.shown(subject_of(of, step), _count(of, step), at))


def final_report(campaign: Campaign, *, at: datetime) -> Report:
    """Of a campaign whose window has closed: what was counted since is what stays. Who asks first leaves
    it for the next, so that many campaigns can be asked."""
    until = campaign.window_until
    kept = snapshots.kept(subject_of(campaign))
    if until is None or at < until:
        return effect_report(campaign, at=at)
    if kept is None or kept.as_of < until:
        row = snapshots.take(subject_of(campaign), _count(campaign, ""), at)
        kept = snapshots.Shown(row.payload, row.as_of, True)
    return _decoded(kept)


def refresh(subject: str, at: datetime | None = None) -> dict[str, Any]:
    """Count one subject anew; the handler of its job. A subject that is gone is nothing to count."""
    _kind, kind, key, *rest = subject.split(":")
    model: type[Campaign | Journey] = Campaign if kind == "campaign" else Journey
    of = model.objects.filter(pk=key).first()
    if of is None:
        return {"counted": False}
    step = rest[0] if rest else ""
    if isinstance(of, Campaign):
        refresh_results(of, at or timezone.now())
    row = snapshots.take(subject, _count(of, step), at or timezone.now())
    return {"counted": True, "seconds": round(row.seconds, 1)}


def ask_refresh(of: Campaign | Journey, step: str = "", by: Any = None) -> bool:
    return snapshots.ask_refresh(KIND, subject_of(of, step), {}, by)


def refresh_effects(progress: Callable[..., None], as_of: datetime) -> dict[str, int]:
    """The night: campaigns whose figures still move, and live journeys; the newest of each."""
    since = as_of - timedelta(days=MOST_DAYS)
    begun = Campaign.objects.filter(started_at__gte=since, started_at__lt=as_of).order_by("-pk")
    live = Journey.objects.filter(state=JourneyState.LIVE).order_by("-pk")
    found: list[Campaign | Journey] = [*begun[:MOST_SUBJECTS], *live[:MOST_SUBJECTS]]
    for number, one in enumerate(found):
        progress(number, len(found), str(one))
        snapshots.take(subject_of(one), _count(one, ""), as_of)
        if isinstance(one, Campaign):
            refresh_results(one, as_of)
    return {"counted": len(found)}


def _count(of: Campaign | Journey, step: str) -> snapshots.Count:
    def count(at: datetime) -> dict[str, Any]:
        if isinstance(of, Campaign):
            effects = campaign_effects(of, at)
        else:
            effects = journey_effects(of, at, step=step)
        shared, is_cut = attribution(at - ATTRIBUTION, at) if effects else ({}, False)
        return {
            "effects": _encoded(effects) if effects else None,
            "attribution": shared,
            "attribution_is_cut": is_cut,
        }

    return count


def _encoded(effects: Effects) -> dict[str, Any]:
    until = effects.window_until
    return {
        "metrics": [asdict(one) for one in effects.metrics.values()],
        "sentences": effects.sentences,
        "verdict": effects.verdict,
        "guardrail": effects.guardrail,
        "is_over": effects.is_over,
        "window_until": until.isoformat() if until else None,
        "parts": [_encoded_part(part) for part in effects.parts],
        "arms": [_encoded_part(part) for part in effects.arms],
        "against": [asdict(one) for one in effects.against],
        "discounts": [_encoded_part(part) for part in effects.discounts],
    }


def _encoded_part(part: Part) -> dict[str, Any]:
    metrics = [asdict(one) for one in part.metrics.values()]
    return {"key": part.key, "label": part.label, "metrics": metrics}


def _parts(rows: list[dict[str, Any]]) -> list[Part]:
    return [Part(one["key"], one["label"], _metrics(one["metrics"])) for one in rows]


def _decoded(found: snapshots.Shown) -> Report:
    kept = found.payload["effects"]
    effects = None
    if kept:
        until = kept["window_until"]
        effects = Effects(
            _metrics(kept["metrics"]),
            kept["sentences"],
            kept["verdict"],
            kept["guardrail"],
            kept["is_over"],
            datetime.fromisoformat(until) if until else None,
            _parts(kept["parts"]),
            # Counted before campaigns had variants: there were none.
            _parts(kept.get("arms", [])),
            [Against(**one) for one in kept.get("against", [])],
            _parts(kept.get("discounts", [])),
        )
    return Report(
        effects,
        found.payload["attribution"],
        found.payload["attribution_is_cut"],
        found.as_of,
        found.is_stored,
        found.is_refreshing,
    )


def _metrics(rows: list[dict[str, Any]]) -> dict[str, Metric]:
    return {row["id"]: Metric(**row) for row in rows}
