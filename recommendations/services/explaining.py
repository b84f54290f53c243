"""Why is this here? The same computation as a request, with everything it weighed, and no receipt."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
from django.utils import timezone

from recommendations.services import ranking
from recommendations.services.asking import Ask, person_of, request_inputs
from recommendations.services.gates import names_of, offers, why_not
from recommendations.services.live_model import Serving, serving_model
from recommendations.services.serving import reason_of, reason_text
from shop.models.catalogue import in_reader_language


@dataclass(frozen=True)
class Line:
    """One candidate. place: its position in the answer, None when a gate stopped it or the list
    was full. parts: what each source of the blend adds to a personal score. gate: a message id.
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


@dataclass(frozen=True)
class Explanation:
    """The candidates in order and what is known of the person."""

    lines: list[Line]
    run_id: int | None
    baseline: str
    history_size: int
    refused: bool


def explain(ask: Ask, *, show: int = 30, at: datetime | None = None) -> Explanation:
    """The first `show` candidates for this request, each with source, score, reason and gate."""
    at = at or timezone.now()
    model = serving_model()
    inputs = request_inputs(ask, person_of(ask, at), model, at)
    rows = ranking.with_reasons(ranking.pool(inputs, model, show), inputs, model)
    ids = [row["product_id"] for row in rows]
    found = offers(ids, at)
    stopped = why_not([pk for pk in ids if pk not in found], at)
    named = names_of([*ids, *(row["because"] for row in rows if row["because"])])
    parts = _parts(rows, inputs, model)
    lines: list[Line] = []
    for row, row_parts in zip(rows, parts, strict=True):
        offer = found.get(row["product_id"])
        taken = sum(line.place is not None for line in lines)
        shown = offer is not None and taken < inputs["limit"]
        lines.append(
            Line(
                place=taken + 1 if shown else None,
                product_id=row["product_id"],
                sku=offer.sku if offer else "",
                name=in_reader_language(*named[row["product_id"]]),
                source=row["source"],
                score=row["score"],
                parts=row_parts,
                reason=reason_text(reason_of(row, named)),
                gate=stopped.get(row["product_id"], ""),
            )
        )
    return Explanation(
        lines,
        inputs["run"],
        inputs["baseline"],
        len(inputs["history"]),
        inputs["personalisation_refused"],
    )


def _parts(
    rows: list[dict], inputs: dict, model: Serving | None
) -> list[tuple[tuple[str, float], ...]]:
    """(source of the blend, what it adds) for each personal row; nothing for the others."""
    personal = [row["item_idx"] for row in rows if row["source"] == "personal"]
    if model is None or not personal:
        return [()] * len(rows)
    history = ranking.history_of(inputs, model)
    every = [
        (name, scores[0][np.array(personal)]) for name, scores in model.shelf.blend.parts(history)
    ]
    found = iter(range(len(personal)))
    return [_of_row(every, next(found)) if row["source"] == "personal" else () for row in rows]


def _of_row(every: list[tuple[str, np.ndarray]], place: int) -> tuple[tuple[str, float], ...]:
    return tuple((name, round(float(values[place]), 3)) for name, values in every)
