"""Learn personas, keep who they are over the learnings, and name them from what sets them apart."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from decisions.models import ModelRun, RunState
from decisions.services.artefacts import ArtefactError, artefact_path, write_artefact
from decisions.services.model_runs import Trained, data_hash, existing_run, live_run, publish_run
from decisions.text import SentenceError, sentence
from marketing.frames.behaviour import buyers
from marketing.frames.personas import bought, is_sensitive, meanings, unread
from marketing.models import Persona, PersonaSnapshot, Segment
from marketing.texts.persona_names import as_rows, names

if TYPE_CHECKING:
    import numpy as np

    from marketing.ml.persona_evidence import Match
    from marketing.ml.persona_habits import Baskets
    from marketing.ml.persona_words import Bought
    from marketing.ml.personas import Judged, PersonaModel, PersonaParams

TASK = "personas"
MOST_CUSTOMERS = 15_000
AGAIN_AFTER_REFUSAL = timedelta(days=7)
BASELINE = "orders dealt out among customers"
REASONS = {
    "few": gettext_noop(
        "%(customers)s customers have %(orders)s orders or more; %(least)s are needed to tell kinds of "
        "customers apart."
    ),
    "no_habit": gettext_noop(
        "No habit repeats itself: what a customer bought or when says nothing of her other orders (the "
        "best correlation is %(best)s, and %(by_chance)s come by chance)."
    ),
    "unstable": gettext_noop(
        "Every way to part the customers comes out differently in another sample (agreement "
        "%(stability)s at best, %(least)s is needed): there are no personas to rely on."
    ),
}


class PersonasRefusedError(SentenceError):
    """`sentence` tells the merchant why there are none."""


class PersonaError(Exception):
    """A change that may not be made; meant for the marketer."""


@dataclass(frozen=True)
class Before:
    """The live model, and which persona each of its groups is."""

    run: ModelRun
    model: PersonaModel
    personas: dict[int, int]


def is_due(as_of: datetime) -> bool:
    """Whether it is time to learn again; between learnings new customers are only told where they
    belong, so that nobody's persona changes every night."""
    last = ModelRun.objects.filter(task=TASK, data_until__lte=as_of).order_by("-data_until").first()
    if last is None or last.learn_anew_since:
        return True
    days = timedelta(days=settings.MARKETING_PERSONA_REFIT_DAYS)
    wait = days if last.state != RunState.REFUSED else min(AGAIN_AFTER_REFUSAL, days)
    return as_of - last.data_until >= wait


def learn_personas(as_of: datetime, *, seed: int) -> ModelRun:
    """One learning. Live only when a customer's odd orders tell the persona of her even ones more
    often than in any of 19 shops with the same orders dealt out among customers.

    Raises PersonasRefusedError where there are no personas to find; those that live go on.
    """
    from marketing.ml.persona_words import words_of
    from marketing.ml.personas import NoPersonasError, PersonaParams, learn, with_orders

    started = time.perf_counter()
    params = PersonaParams(seed=seed, method=settings.MARKETING_PERSONA_METHOD)
    read, meant = read_sample(as_of)
    digest = data_hash(*vars(read).values(), asdict(params))
    if known := existing_run(TASK, digest):
        return known
    words = words_of(read, meant)
    baskets = words.read(read, meant)
    before = live_personas()
    try:
        model, judged = learn(
            baskets, words, params, before=len(before.model.centres) if before else 0
        )
    except NoPersonasError as error:
        figures = {k: round(v, 2) if isinstance(v, float) else v for k, v in error.figures.items()}
        raise PersonasRefusedError(sentence(REASONS[error.reason], **figures)) from error
    matches, drift = _matched(before, model, (read, meant, baskets))
    said = _evidence(model, with_orders(baskets, 2))
    trained = Trained(
        **_judged_as(params, judged, drift),
        data_until=as_of,
        row_count=int(read.order.size),
        data_hash=digest,
        artefact=write_artefact(
            TASK, ".json", lambda path: path.write_text(model.to_json(), encoding="utf-8")
        ),
        duration_seconds=time.perf_counter() - started,
    )
    with transaction.atomic():
        run = publish_run(trained)
        if run.state == RunState.LIVE:
            _adopt(run, judged, matches, said)
    return run


def _judged_as(params: PersonaParams, judged: Judged, drift: dict) -> dict[str, Any]:
    """What a run says of itself."""
    return {
        "task": TASK,
        "model": f"{params.method}_{judged.groups}",
        "params": asdict(params),
        "seed": params.seed,
        "metrics": asdict(judged) | {"drift": drift},
        "metric": "agreement",
        "higher_is_better": True,
        "value": judged.agreement,
        "baseline": BASELINE,
        "baseline_value": judged.null_agreement,
    }


def read_sample(as_of: datetime) -> tuple[Bought, dict[int, np.ndarray]]:
    """What at most MOST_CUSTOMERS customers bought, and what those products' names mean."""
    read = bought(buyers(as_of, most=MOST_CUSTOMERS), as_of, unread(as_of))
    return read, meanings(read.product.tolist())


def live_personas() -> Before | None:
    """What serves now; None without one, or without its file."""
    from marketing.ml.personas import model_from

    run = live_run(TASK)
    if run is None:
        return None
    try:
        text = Path(artefact_path(run)).read_text(encoding="utf-8")
    except ArtefactError:
        return None
    found = PersonaSnapshot.objects.filter(run=run).order_by("group")
    return Before(run, model_from(text), dict(found.values_list("group", "persona_id")))


def _evidence(model: PersonaModel, baskets: Baskets) -> list[list[dict]]:
    from marketing.ml.persona_evidence import evidence

    return [as_rows(found) for found in evidence(model, baskets)]


def _matched(
    before: Before | None, model: PersonaModel, data: tuple[Bought, Any, Baskets]
) -> tuple[list[dict], dict]:
    """Per new group the persona it goes on as, and how much has moved.

    Both models read the same customers of today, so that what moved is the model and not them.
    """
    from marketing.ml import persona_evidence as ml
    from marketing.ml.persona_habits import habits

    if before is None:
        return [{"group": group, "persona": None} for group in range(len(model.centres))], {}
    read, meant, baskets = data
    as_before = before.model.words.read(read, meant)
    old, new = before.model.group_of(as_before), model.group_of(baskets)
    pairs = ml.match(old, new, len(before.model.centres), len(model.centres))
    points = before.model.space.place(habits(as_before))
    found = [
        {
            "group": pair.new,
            "persona": before.personas.get(pair.old),
            "kept_share": round(pair.jaccard, 4) if pair.old >= 0 else None,
            "shift": _known(ml.shift(points, old, new, (pair.old, pair.new))),
        }
        for pair in pairs
    ]
    return found, {
        "moved_share": _known(ml.moved(old, new, pairs)),
        "since": before.run.pk,
        "gone": _gone(before, pairs),
    }


def _gone(before: Before, pairs: list[Match]) -> list[int]:
    kept = {pair.old for pair in pairs}
    return [persona for group, persona in before.personas.items() if group not in kept]


def _known(value: float) -> float | None:
    return None if value != value else round(value, 4)  # NaN is no JSON


def _adopt(run: ModelRun, judged: Judged, matches: list[dict], said: list[list[dict]]) -> None:
    """Write the personas of a live run, once; runs within its transaction."""
    if PersonaSnapshot.objects.filter(run=run).exists():
        return
    recovery = next(cut for cut in judged.cuts if cut["groups"] == judged.groups)["recovery"]
    goes_on = {one["persona"] for one in matches if one["persona"]}
    taken = [
        {"en": en, "zh": zh}
        for en, zh in Persona.objects.filter(pk__in=goes_on).values_list(
            "evident_name", "evident_name_zh"
        )
    ]
    for one in matches:
        evidence = said[one["group"]]
        others = taken if one["persona"] is None else ()
        found = names(evidence, others)
        persona = _persona(one["persona"], found)
        if one["persona"] is None:
            taken.append(found)
        PersonaSnapshot.objects.create(
            persona=persona,
            run=run,
            group=one["group"],
            as_of=run.data_until,
            evidence=evidence,
            evident_name=found["en"],
            evident_name_zh=found["zh"],
            recovery=recovery[one["group"]],
            kept_share=one.get("kept_share"),
            shift=one.get("shift"),
        )
    gone = Persona.objects.filter(retired_at__isnull=True).exclude(snapshots__run=run)
    gone.update(retired_at=timezone.now())


def _persona(known: int | None, found: dict[str, str]) -> Persona:
    """The row that goes on, or a new one with the next code."""
    if known:
        persona = Persona.objects.select_for_update().get(pk=known)
        Persona.objects.filter(pk=known).update(retired_at=None)
        return persona
    last = Persona.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    return Persona.objects.create(
        code=f"p{last + 1}", evident_name=found["en"], evident_name_zh=found["zh"]
    )


def rename(persona: Persona, name: str, name_zh: str) -> Persona:
    """The shop's own name, kept over every learning; empty: the evidence's again.

    Raises PersonaError for a name with a sensitive word.
    """
    name, name_zh = " ".join(name.split()), " ".join(name_zh.split())
    if is_sensitive(name, name_zh):
        raise PersonaError(
            _(
                "A persona is not named after health, family, religion, sexuality, origin or politics."
            )
        )
    Persona.objects.filter(pk=persona.pk).update(name=name[:100], name_zh=name_zh[:100])
    persona.refresh_from_db()
    return persona


def segment_of(persona: Persona) -> Segment:
    """The segment of its members; made on first use."""
    return Segment.objects.get_or_create(
        code=f"persona-{persona.code}",
        defaults={
            "name": (persona.name or persona.evident_name)[:100],
            "name_zh": (persona.name_zh or persona.evident_name_zh)[:100],
            "rule": {"all": [{"field": "persona", "op": "is", "value": persona.code}]},
        },
    )[0]
