"""Learn the shop's own intents from tickets that people named; live only if that is better."""

from __future__ import annotations

import time
from collections import Counter
from datetime import datetime

from django.utils.translation import gettext_noop

from decisions.models import ModelRun
from decisions.services.artefacts import write_artefact
from decisions.services.model_runs import Trained, data_hash, existing_run, publish_run
from decisions.text import sentence
from language.intents import Guess, intent_figures, learn_intents
from support.frames import labelled_texts
from support.seeds import intent_examples
from support.services.readers import SEED, SHIPPED, TASK, shipped_reader

MIN_ROWS = 60  # a fifth is held out: with fewer, one ticket moves accuracy by more than 8 points
MIN_LABELS = 2
TEST_SHARE = 0.2
CODE = "intents-1"  # in the data hash: changed code learns again from the same data
TOO_FEW = gettext_noop("%(missing)s more tickets with an intent named by a person are needed.")
ONE_LABEL = gettext_noop("All %(rows)s named tickets have the same intent: nothing to tell apart.")


class TooLittleHistoryError(Exception):
    """Nothing is learned; `reason` (msgid and params) says what is missing."""

    def __init__(self, reason: dict):
        super().__init__(reason["msgid"] % reason["params"])
        self.reason = reason


def train_intents(as_of: datetime, *, job_id: int | None = None) -> ModelRun:
    """Learn from the older four fifths, measure on the newest fifth, publish.

    Raises TooLittleHistoryError. The same tickets give the first run again.
    """
    began = time.monotonic()
    texts, labels, times = labelled_texts(until=as_of)
    _refuse_if_short(labels)
    digest = data_hash(CODE, SEED, texts, labels)
    known = existing_run(TASK, digest)
    if known:
        return known
    metrics, baseline = _backtest(texts, labels)
    examples = intent_examples()
    reader = learn_intents(
        [text for text, _ in examples] + texts, [label for _, label in examples] + labels, seed=SEED
    )
    return publish_run(
        Trained(
            task=TASK,
            model=reader.kind,
            params={"min_rows": MIN_ROWS, "test_share": TEST_SHARE, "examples": len(examples)},
            seed=SEED,
            data_from=times[0],
            data_until=as_of,
            row_count=len(texts),
            data_hash=digest,
            metrics=metrics,
            metric="accuracy",
            higher_is_better=True,
            value=metrics["own"]["accuracy"],
            baseline=baseline,
            baseline_value=metrics[baseline]["accuracy"],
            artefact=write_artefact(TASK, ".npz", reader.save),
            duration_seconds=time.monotonic() - began,
            job_id=job_id,
        )
    )


def _refuse_if_short(labels: list[str]) -> None:
    if len(labels) < MIN_ROWS:
        raise TooLittleHistoryError(sentence(TOO_FEW, missing=MIN_ROWS - len(labels)))
    if len(set(labels)) < MIN_LABELS:
        raise TooLittleHistoryError(sentence(ONE_LABEL, rows=len(labels)))


def _backtest(texts: list[str], labels: list[str]) -> tuple[dict, str]:
    """Figures on the newest fifth, and the name of the stronger baseline.

    The shipped examples serve until something better comes, so they are a baseline too.
    """
    cut = int(len(texts) * (1 - TEST_SHARE))
    examples = intent_examples()
    reader = learn_intents(
        [text for text, _ in examples] + texts[:cut],
        [label for _, label in examples] + labels[:cut],
        seed=SEED,
    )
    [(common, count)] = Counter(labels[:cut]).most_common(1)
    majority = [Guess(common, count / cut)] * (len(texts) - cut)
    metrics = {
        "own": intent_figures(labels[cut:], reader.read(texts[cut:])),
        SHIPPED: intent_figures(labels[cut:], shipped_reader().read(texts[cut:])),
        "majority": intent_figures(labels[cut:], majority),
    }
    baseline = max((SHIPPED, "majority"), key=lambda name: metrics[name]["accuracy"] or 0.0)
    return metrics, baseline
