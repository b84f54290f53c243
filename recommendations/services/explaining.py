"""Why is this here? The same computation as a request, with everything it weighed, and no receipt."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
from django.utils import timezone

from recommendations.ml.interactions import Histories
from recommendations.ml.policy import Placed, Settings
from recommendations.ml.ranker import Ranker, explain_groups
from recommendations.ml.rules import BURY, NEVER, ONLY, Rule
from recommendations.services import ranking
from recommendations.services.asking import Ask
from recommendations.services.gates import Offer, names_of, offers, price_kind_of, why_not
from recommendations.services.live_model import Serving
from recommendations.services.placements import settings_at
from recommendations.services.serving import decide, reason_of, reason_text
from shop.models.catalogue import in_reader_language

MOST_PARTS = 6


@dataclass(frozen=True)
class Line:
    """One candidate. place: its position in the answer, None when a gate or a rule stopped it or the
    list was full. parts: what each source of the blend adds to a personal score, or what moves a
    ranked one most. gate: a message id. rules: those that moved it, or that keep it away.
    """

    place: int | None
    product_id: int
    sku: str
    name: str
    source: str
    score: float
    parts: tuple[tuple[str, float], ...]
    reason: str
    gate: str
    rules: tuple[Rule, ...] = ()


@dataclass(frozen=True)
class Explanation:
    """The candidates in order and what is known of the person."""

    lines: list[Line]
    run_id: int | None
    baseline: str
    history_size: int
    refused: bool
    settings: Settings


def explain(
    ask: Ask, *, show: int = 30, at: datetime | None = None, settings: Settings | None = None
) -> Explanation:
    """What is shown and the first `show` candidates, each with source, score, reason and gate.

    settings: in the place of the placement's own, for a preview (services/placements.py). With
    exploration it shows the list that is shown when nothing is tried out.
    """
    at = at or timezone.now()
    settings = settings or settings_at(ask.placement, at)
    decided = decide(ask, at, replace(settings, exploration_rate=0.0), seed="", in_full=True)
    inputs, found, model = decided.inputs, decided.found, decided.model
    placed = {row.index: (place, row) for place, row in enumerate(decided.chosen, start=1)}
    indices = sorted({*placed, *range(min(show, len(found.product_ids)))})
    reasons = ranking.reasons_of(found, indices, inputs, model)
    ids = [found.product_ids[index] for index in indices]
    channel_id = ask.channel.pk if ask.channel else None
    kind = price_kind_of(ask.placement)
    sellable = offers(ids, at, channel_id=channel_id, price_kind=kind, with_attributes=True)
    stopped = why_not([pk for pk in ids if pk not in sellable], at, channel_id=channel_id)
    named = names_of([*ids, *(pk for _reason, pk in reasons if pk)])
    parts = _parts(found, indices, inputs, model)
    lines = []
    for index, (reason, product_id), row_parts in zip(indices, reasons, parts, strict=True):
        pk = found.product_ids[index]
        place, row = placed.get(index, (None, None))
        lines.append(
            Line(
                place=place,
                product_id=pk,
                sku=sellable[pk].sku if pk in sellable else "",
                name=in_reader_language(*named[pk]),
                source=found.sources[index],
                score=ranking.as_shown(found.scores[index]),
                parts=row_parts,
                reason=reason_text(reason_of({"reason": reason, "because": product_id}, named)),
                gate=stopped.get(pk, ""),
                rules=_rules_of(pk, row, sellable.get(pk), settings),
            )
        )
    return Explanation(
        lines,
        inputs["run"],
        inputs["baseline"],
        len(inputs["history"]),
        inputs["personalisation_refused"],
        settings,
    )


def _rules_of(
    product_id: int, row: Placed | None, offer: Offer | None, settings: Settings
) -> tuple[Rule, ...]:
    """Those that moved it, and of what is not shown those that keep it away."""
    if row is not None:
        return tuple(rule for rule in settings.rules if rule.pk in row.rules)
    if offer is None:
        return ()
    facts = offer.facts
    return tuple(
        rule
        for rule in settings.rules
        if (rule.action == NEVER and rule.fits(product_id, facts))
        or (rule.action == ONLY and not rule.fits(product_id, facts))
        or (rule.action == BURY and rule.fits(product_id, facts))
    )


def _parts(
    found: ranking.Pool, indices: list[int], inputs: dict, model: Serving | None
) -> list[tuple[tuple[str, float], ...]]:
    """What adds to each row's score: of a ranked pool the strongest groups of features; else the
    sources of the blend for a personal row, and nothing for the others."""
    if model and model.shelf.ranker and inputs["placement"] in ranking.RANKED:
        history = ranking.history_of(inputs, model)
        if len(history.item_idx):
            return _ranked_parts(found, indices, model.shelf.ranker, history)
    personal = [found.items[i] for i in indices if found.sources[i] == "personal"]
    if model is None or not personal:
        return [()] * len(indices)
    history = ranking.history_of(inputs, model)
    every = [
        (name, scores[0][np.array(personal)]) for name, scores in model.shelf.blend.parts(history)
    ]
    place = iter(range(len(personal)))
    return [_of_row(every, next(place)) if found.sources[i] == "personal" else () for i in indices]


def _ranked_parts(
    found: ranking.Pool, indices: list[int], ranker: Ranker, history: Histories
) -> list[tuple[tuple[str, float], ...]]:
    """The MOST_PARTS groups that move each row most, up or down; nothing for what is newer."""
    known = [item for item in found.items if item >= 0]
    if not known:
        return [()] * len(indices)
    groups = explain_groups(ranker, history, np.array(known, dtype=np.int64))
    place = {item: number for number, item in enumerate(known)}
    every = list(groups.items())
    rows = [_of_row(every, place[found.items[i]]) if found.items[i] >= 0 else () for i in indices]
    return [tuple(sorted(row, key=lambda part: -abs(part[1]))[:MOST_PARTS]) for row in rows]


def _of_row(every: list[tuple[str, np.ndarray]], place: int) -> tuple[tuple[str, float], ...]:
    return tuple((name, round(float(values[place]), 3)) for name, values in every)
