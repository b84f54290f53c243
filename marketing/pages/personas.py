"""What the pages of personas show: cards, one persona with its evidence, and how it was judged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from access.figures import figure, percent
from decisions.models import ModelRun
from decisions.services.model_runs import live_run
from decisions.text import render
from marketing.models import Persona, PersonaMember, PersonaSnapshot, Segment
from marketing.pages.segments import sample_row
from marketing.services.customers.personas import TASK
from marketing.texts.persona_names import MEANS, labels
from shop.money import format_money

TOP, SAMPLE, RUNS, REFUSED = 4, 10, 12, 3
MOVED_MUCH, KEPT_LITTLE, SHIFTED_FAR = 0.25, 0.5, 0.5
METHODS = {
    "kmeans": gettext_lazy("k-means"),
    "mixture": gettext_lazy("Gaussian mixture"),
    "hdbscan": gettext_lazy("HDBSCAN"),
}


@dataclass(frozen=True)
class Line:
    """One trait: `width` is the inside's bar, 0 to 100, `mark` where the others stand on it."""

    label: str
    inside: str
    outside: str
    lift: str
    interval: str
    is_more: bool
    width: int
    mark: int


@dataclass(frozen=True)
class Card:
    persona: Persona
    snapshot: PersonaSnapshot
    share: str
    spent: str
    spent_interval: str
    lines: list[Line]
    trend: list[float]
    warnings: list[str]
    new_name: str


def cards_page() -> dict[str, Any]:
    """All personas of the live run, largest first; six queries however many there are."""
    run = live_run(TASK)
    found = (
        list(
            PersonaSnapshot.objects.filter(run=run)
            .select_related("persona")
            .order_by("-customers", "group")
        )
        if run
        else []
    )
    trends = _trends(found)
    words = labels({one["trait"] for snapshot in found for one in snapshot.evidence})
    last = ModelRun.objects.filter(task=TASK).order_by("-data_until", "-pk").first()
    refused = last if last is not None and not last.beats_baseline else None
    return {
        "run": run,
        "cards": [_card(one, words, trends.get(one.persona_id, []), TOP) for one in found],
        "customers": figure(sum(one.customers for one in found), 0),
        "counted_at": found[0].counted_at if found else None,
        "retired": Persona.objects.filter(retired_at__isnull=False).order_by("-retired_at")[:20],
        "judged": _judged(run) if run else None,
        "refused": refused,
        "verdict": render(refused.verdict) if refused else "",
    }


def persona_page(persona: Persona, *, may_see: bool) -> dict[str, Any]:
    """may_see: whether customers are shown by name."""
    history = list(
        PersonaSnapshot.objects.filter(persona=persona)
        .select_related("run")
        .order_by("-as_of")[:RUNS]
    )
    latest = history[0] if history else None
    words = labels({one["trait"] for one in latest.evidence}) if latest else {}
    trend = [one.share for one in reversed(history)]
    members = PersonaMember.objects.filter(persona=persona).select_related("customer__profile")
    return {
        "persona": persona,
        "card": _card(latest, words, trend, 40) if latest else None,
        "history": history,
        "sample": [sample_row(row.customer) for row in members.order_by("-customer_id")[:SAMPLE]]
        if may_see
        else [],
        "may_see": may_see,
        "judged": _judged(latest.run) if latest else None,
        "run": latest.run if latest else None,
        "segment": Segment.objects.filter(code=f"persona-{persona.code}").first(),
        "rule": f"persona is {persona.code}",
    }


def _trends(found: Sequence[PersonaSnapshot]) -> dict[int, list[float]]:
    rows = PersonaSnapshot.objects.filter(persona__in=[one.persona_id for one in found])
    shares: dict[int, list[float]] = {}
    for persona, share in rows.order_by("as_of").values_list("persona_id", "share"):
        shares.setdefault(persona, []).append(share)
    return {persona: values[-RUNS:] for persona, values in shares.items()}


def _card(snapshot: PersonaSnapshot, words: dict[str, str], trend: list[float], most: int) -> Card:
    name, persona = snapshot.evident, snapshot.persona
    # What there is more of says more to who writes; within that, what tells most comes first.
    evidence = sorted(snapshot.evidence, key=lambda one: one["lift"] < 1)
    known = {persona.evident_name, persona.evident_name_zh, persona.name, persona.name_zh}
    spent = snapshot.spent_365_minor
    return Card(
        persona,
        snapshot,
        percent(snapshot.share),
        format_money(spent) if spent is not None else "–",
        _between(
            format_money(snapshot.spent_365_low_minor), format_money(snapshot.spent_365_high_minor)
        )
        if spent is not None
        else "",
        [_line(one, words) for one in evidence[:most]],
        trend,
        _warnings(snapshot),
        "" if name in known else name,
    )


def _line(one: dict[str, Any], words: dict[str, str]) -> Line:
    is_mean = one["trait"] in MEANS
    most = max(one["inside"], one["outside"], 1e-9) if is_mean else 1.0
    if not is_mean:
        most = min(max(one["inside"], one["outside"]) * 1.25, 1.0)
    return Line(
        words[one["trait"]],
        _value(one["trait"], one["inside"]),
        _value(one["trait"], one["outside"]),
        f"×{figure(one['lift'], 2 if one['lift'] < 10 else 0)}",
        _between(figure(one["low"], 2), figure(one["high"], 2)),
        one["lift"] > 1,
        round(100 * one["inside"] / most),
        round(100 * one["outside"] / most),
    )


def _value(trait: str, value: float) -> str:
    if trait == "price":
        return percent(value - 1, signed=True)
    return figure(value, 1) if trait in MEANS else percent(value, 1)


def _between(low: str, high: str) -> str:
    return _("%(low)s to %(high)s") % {"low": low, "high": high}


def _warnings(snapshot: PersonaSnapshot) -> list[str]:
    """What has moved so far since the learning before that a marketer should look again."""
    found = []
    if snapshot.kept_share is not None and snapshot.kept_share < KEPT_LITTLE:
        found.append(
            _("It shares only %(share)s with what it was before.")
            % {"share": percent(snapshot.kept_share)}
        )
    if snapshot.shift is not None and snapshot.shift > SHIFTED_FAR:
        found.append(_("How its members buy has changed: look at the evidence again."))
    if not snapshot.evidence:
        found.append(_("Nothing sets its members apart clearly from other customers."))
    return found


def _judged(run: ModelRun) -> dict[str, Any]:
    """How far this learning can be trusted, in sentences and one table."""
    metrics = run.metrics
    kept = [name for name, one in metrics["repeats"].items() if one["is_kept"]]
    dropped = [name for name in metrics["repeats"] if name not in kept]
    drift = metrics.get("drift") or {}
    moved = drift.get("moved_share")
    return {
        "method": METHODS.get(run.params.get("method", ""), ""),
        "is_natural": metrics["is_natural"],
        "agreement": figure(metrics["agreement"], 2),
        "null": figure(metrics["null_agreement"], 2),
        "stability": figure(metrics["stability"], 2),
        "silhouette": figure(metrics["silhouette"], 2),
        "strength": figure(metrics["prediction_strength"], 2),
        "customers": figure(metrics["customers"], 0),
        "cuts": [
            one
            | {
                "stability": figure(one["stability"], 2),
                "least": figure(min(one["recovery"]), 2),
                "silhouette": figure(one["silhouette"], 3),
                "is_chosen": one["groups"] == metrics["groups"],
            }
            for one in metrics["cuts"]
        ],
        "kept": ngettext(
            "%(count)s habit repeats itself and is used",
            "%(count)s habits repeat themselves and are used",
            len(kept),
        )
        % {"count": len(kept)},
        "dropped": _habit_words(dropped),
        "moved": percent(moved) if moved is not None else "",
        "moved_much": moved is not None and moved > MOVED_MUCH,
        "verdict": render(run.verdict),
    }


def _habit_words(names: list[str]) -> list[str]:
    """Habits that do not repeat; what names mean has no word of its own."""
    return sorted(labels([name for name in names if not name.startswith("text:")]).values())
