"""Learn from what customers answered; live only if it orders newer answers better than baselines."""

from __future__ import annotations

import time
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_noop

from decisions.models import ModelRun
from decisions.services.artefacts import ArtefactError, artefact_path, write_artefact
from decisions.services.model_runs import Trained, data_hash, existing_run, live_run, publish_run
from decisions.text import sentence
from support.experience_frames import (
    ASPECTS,
    INTENTS,
    Facts,
    bought_again,
    facts_of,
    scorable,
)
from support.models import Ticket

if TYPE_CHECKING:
    from support.ml.experience import ExperienceModel

TASK = "experience"
CODE = "experience-1"  # in the data hash: changed code learns again from the same data
SEED = 11
CONTENT = 4  # of 5: an answer from here on counts as content
TEST_SHARE = 0.25
LEAST_ANSWERS = 100  # a quarter is held out
LEAST_OF_A_KIND = 8  # content and not, in the held-out part: else an AUC says nothing
MOST_ANSWERS = 50_000
REPURCHASE_DAYS = 60
LEAST_REPURCHASE = 50
MOOD, WAIT, INTENT = "mood_alone", "wait_alone", "intent_alone"
TOO_FEW = gettext_noop(
    "%(missing)s more conversations with an answer of 1 to 5 and a known wait are needed."
)
ONE_KIND = gettext_noop(
    "Of the newest %(rows)s answers %(content)s are 4 or 5: at least %(least)s of both kinds are needed."
)


class TooFewAnswersError(Exception):
    """Nothing is learned; `reason` (msgid and params) says what is missing."""

    def __init__(self, reason: dict):
        super().__init__(reason["msgid"] % reason["params"])
        self.reason = reason


def train_experience(as_of: datetime, *, job_id: int | None = None) -> ModelRun:
    """Learn from the older three quarters, measure on the newest quarter, publish what learned all.

    Raises TooFewAnswersError. The same answers give the first run again.
    """
    from support.ml import experience as ml

    began = time.monotonic()
    facts = _answered(as_of)
    content = _content(facts)
    cut = _checked_cut(content)
    digest = _digest(facts, content)
    known = existing_run(TASK, digest)
    if known:
        return known
    metrics = _backtest(facts, content, cut, as_of)
    baseline = max((MOOD, WAIT, INTENT), key=lambda name: metrics[name]["value"] or 0.0)
    own = metrics["own"]
    model = ml.fit_experience(facts.told, content, ASPECTS, INTENTS)
    trained = Trained(
        task=TASK,
        model="monotone_logistic",
        params={"penalty": ml.PENALTY, "test_share": TEST_SHARE, "content_from": CONTENT},
        seed=SEED,
        data_from=facts.opened[0],
        data_until=as_of,
        row_count=len(content),
        data_hash=digest,
        metrics=metrics,
        metric="auc",
        higher_is_better=True,
        # An order that chance could have made is none, whatever the baselines do.
        value=own["value"] if (own["low"] or 0.0) > 0.5 else None,
        baseline=baseline,
        baseline_value=metrics[baseline]["value"],
        artefact=write_artefact(TASK, ".json", lambda path: ml.save_experience(model, path)),
        duration_seconds=time.monotonic() - began,
        job_id=job_id,
    )
    return publish_run(trained)


def serving_model() -> tuple[ExperienceModel, ModelRun] | None:
    """None where nothing is live, or its file is gone: no score is a guess."""
    from support.ml.experience import load_experience

    run = live_run(TASK)
    if run is None:
        return None
    try:
        return load_experience(artefact_path(run)), run
    except ArtefactError:
        return None


def _answered(as_of: datetime) -> Facts:
    rows = scorable(as_of).filter(csat__isnull=False, csat_at__lt=as_of)
    tickets = list(rows.order_by("-opened_at", "-pk")[:MOST_ANSWERS])[::-1]
    if len(tickets) < LEAST_ANSWERS:
        raise TooFewAnswersError(sentence(TOO_FEW, missing=LEAST_ANSWERS - len(tickets)))
    return facts_of(tickets, as_of)


def _digest(facts: Facts, content: Any) -> str:
    told = facts.told
    arrays = (getattr(told, name) for name in told.__dataclass_fields__)
    return data_hash(CODE, SEED, facts.ids, content, *arrays)


def _content(facts: Facts) -> Any:
    import numpy as np

    return np.array([(answer or 0) >= CONTENT for answer in facts.csat])


def _checked_cut(content: Any) -> int:
    """Where the newest quarter begins."""
    cut = int(len(content) * (1 - TEST_SHARE))
    good, rows = int(content[cut:].sum()), len(content) - cut
    if min(good, rows - good) < LEAST_OF_A_KIND or len(set(content[:cut].tolist())) < 2:
        told = {"rows": rows, "content": good, "least": LEAST_OF_A_KIND}
        raise TooFewAnswersError(sentence(ONE_KIND, **told))
    return cut


def _backtest(facts: Facts, content: Any, cut: int, as_of: datetime) -> dict[str, Any]:
    """AUC of the newest answers, own and baselines, with intervals; rank correlation; repurchase."""
    import numpy as np

    from support.ml.experience import fit_experience
    from support.ml.experience_check import auc, rank_correlation, with_interval

    places = np.arange(len(content))
    old, new = facts.told.rows(places < cut), facts.told.rows(places >= cut)
    model = fit_experience(old, content[:cut], ASPECTS, INTENTS)
    shares = _intent_shares(old.intent_idx, content[:cut])
    own = model.scores(new)
    scores = {"own": own, MOOD: new.mood, WAIT: -new.wait_hours, INTENT: shares[new.intent_idx]}
    truth, who = content[cut:], np.array(facts.who[cut:])
    found: dict[str, Any] = {
        name: asdict(with_interval(auc, truth, score, who, seed=SEED))
        for name, score in scores.items()
    }
    answers = np.array(facts.csat[cut:], dtype=float)
    found["rank_correlation"] = asdict(
        with_interval(rank_correlation, answers, own, who, seed=SEED)
    )
    since = facts.opened[cut]
    found["repurchase"] = _repurchase(model, since, as_of)
    return found


def _intent_shares(intent_idx: Any, content: Any) -> Any:
    """Share of content answers per intent, drawn to the mean by two rows; the last is of none."""
    import numpy as np

    mean = content.mean()
    kinds = [intent_idx == place for place in [*range(len(INTENTS)), -1]]
    return np.array([(content[kind].sum() + 2 * mean) / (kind.sum() + 2) for kind in kinds])


def _repurchase(model: ExperienceModel, since: datetime, as_of: datetime) -> dict[str, Any]:
    """Whether customers with better scores order again within 60 days; conversations that the model
    did not learn from and whose 60 days are over."""
    import numpy as np

    from support.ml.experience_check import auc, with_interval

    over = as_of - timedelta(days=REPURCHASE_DAYS)
    rows = scorable(as_of).filter(opened_at__gte=since, opened_at__lt=over)
    again = bought_again(rows, REPURCHASE_DAYS)
    tickets = list(Ticket.objects.filter(pk__in=again).order_by("opened_at", "pk")[:MOST_ANSWERS])
    if len(tickets) < LEAST_REPURCHASE:
        return {"refused": "too_few", "n": len(tickets), "least": LEAST_REPURCHASE}
    facts = facts_of(tickets, as_of)
    truth = np.array([again[ticket.pk] for ticket in tickets])
    who = np.array(facts.who)
    return asdict(with_interval(auc, truth, model.scores(facts.told), who, seed=SEED)) | {
        MOOD: asdict(with_interval(auc, truth, facts.told.mood, who, seed=SEED)),
        WAIT: asdict(with_interval(auc, truth, -facts.told.wait_hours, who, seed=SEED)),
    }
