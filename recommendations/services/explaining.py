"""Why is this here, or why not? The same computation as a request, with everything it weighed, and no
receipt."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from recommendations.ml.policy import Placed, Settings
from recommendations.ml.rules import Rule
from recommendations.services import ranking
from recommendations.services.asking import Ask
from recommendations.services.gates import Offer, names_of, offers, price_kind_of, why_not
from recommendations.services.placements import experiment_at, settings_at, with_arm
from recommendations.services.serving import Decided, decide, reason_of, reason_text
from recommendations.services.trials import Trial
from recommendations.services.why.absence import Absence, rules_against, why_absent
from recommendations.services.why.score_parts import scores_of
from shop.models.catalogue import in_reader_language


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
    """The candidates in order and what is known of the person. settings: those of her arm, where an
    experiment runs. absence: of the SKU that was asked about."""

    lines: list[Line]
    run_id: int | None
    baseline: str
    history_size: int
    refused: bool
    settings: Settings
    trial: Trial | None = None
    absence: Absence | None = None


def explain(
    ask: Ask,
    *,
    show: int = 30,
    at: datetime | None = None,
    settings: Settings | None = None,
    about: str = "",
) -> Explanation:
    """What is shown and the first `show` candidates, each with source, score, reason and gate.

    settings: in the place of the placement's own, for a preview (services/placements.py); then no
    experiment counts. about: a SKU of which to say why it is not there. With exploration it shows the
    list that is shown when nothing is tried out.
    """
    at = at or timezone.now()
    running = None if settings else experiment_at(ask.placement, at)
    settings = settings or settings_at(ask.placement, at)
    decided = decide(ask, at, settings, "", running, in_full=True)
    if decided.trial:
        settings = with_arm(settings, decided.trial.settings)
    inputs = decided.inputs
    # As they were applied: what refers to the page's product has its values there.
    applied = Settings.of_json(inputs["settings"])
    return Explanation(
        _lines(ask, at, decided, applied, show),
        inputs["run"],
        inputs["baseline"],
        len(inputs["history"]),
        inputs["personalisation_refused"],
        settings,
        decided.trial,
        why_absent(about, ask, at, decided, applied) if about else None,
    )


def _lines(ask: Ask, at: datetime, decided: Decided, settings: Settings, show: int) -> list[Line]:
    inputs, found, model = decided.inputs, decided.found, decided.model
    placed = {row.index: (place, row) for place, row in enumerate(decided.chosen, start=1)}
    indices = sorted({*placed, *range(min(show, len(found.product_ids)))})
    reasons = ranking.reasons_of(found, indices, inputs, model)
    ids = [found.product_ids[index] for index in indices]
    channel_id, kind = ask.channel.pk if ask.channel else None, price_kind_of(ask.placement)
    sellable = offers(ids, at, channel_id=channel_id, price_kind=kind, with_attributes=True)
    missing = [pk for pk in ids if pk not in sellable]
    stopped = why_not(missing, at, channel_id=channel_id, price_kind=kind)
    named = names_of([*ids, *(pk for _reason, pk in reasons if pk)])
    scores = scores_of(found, indices, inputs, model)
    lines = []
    for index, (reason, product_id), score in zip(indices, reasons, scores, strict=True):
        pk = found.product_ids[index]
        place, row = placed.get(index, (None, None))
        lines.append(
            Line(
                place=place,
                product_id=pk,
                sku=sellable[pk].sku if pk in sellable else "",
                name=in_reader_language(*named[pk]),
                source=found.sources[index],
                score=ranking.as_shown(score.value),
                parts=score.parts,
                reason=reason_text(reason_of({"reason": reason, "because": product_id}, named)),
                gate=stopped.get(pk, ""),
                rules=_rules_of(pk, row, sellable.get(pk), settings),
            )
        )
    return lines


def _rules_of(
    product_id: int, row: Placed | None, offer: Offer | None, settings: Settings
) -> tuple[Rule, ...]:
    """Those that moved it, and of what is not shown those that keep it away."""
    if row is not None:
        moved = {rule.pk: rule for rule in settings.rules if rule.pk in row.rules}
        return tuple(moved.values())  # once, also where it stands for several products of a cart
    return rules_against(product_id, offer, settings)
