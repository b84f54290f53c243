"""Which intent model answers now: the live run's, or the one learned from the shipped examples."""

from __future__ import annotations

import logging
from functools import lru_cache

from decisions.models import ModelRun
from decisions.services.artefacts import ArtefactError, artefact_path
from decisions.services.model_runs import live_run
from language.intents import IntentReader, ReaderMismatchError, learn_intents, load_reader
from support.seeds import intent_examples

TASK = "intents"
SHIPPED = "shipped_examples"
SEED = 7
log = logging.getLogger(__name__)


def serving_reader() -> tuple[IntentReader, ModelRun | None]:
    """The reader and the run it comes from; None for the shipped examples."""
    run = live_run(TASK)
    if run is None:
        return shipped_reader(), None
    try:
        return _reader_of(run.pk, run.artefact_sha256), run
    except (ArtefactError, ReaderMismatchError) as error:
        log.error("the live intent model cannot be read, the shipped one serves: %s", error)
        return shipped_reader(), None


@lru_cache(maxsize=1)
def shipped_reader() -> IntentReader:
    examples = intent_examples()
    return learn_intents(
        [text for text, _ in examples], [label for _, label in examples], seed=SEED
    )


@lru_cache(maxsize=2)
def _reader_of(run_id: int, _sha256: str) -> IntentReader:
    """The checksum belongs to the name: a restored database may give a number out again."""
    return load_reader(artefact_path(ModelRun.objects.get(pk=run_id)))
