from datetime import timedelta

import pytest

from decisions.models import ModelRun
from decisions.services.model_runs import live_run
from support.services import readers
from support.services.training import MIN_ROWS, TooLittleHistoryError, train_intents
from tests.factories import NOW
from tests.factories_support import make_ticket

pytestmark = pytest.mark.django_db

# The shop's own jargon: what the shipped examples cannot know.
OWN = {"restock": "zorp gadget flumble {}", "invoice": "quibble the wexel number {}"}


def name_tickets(rows):
    for n in range(rows):
        intent = list(OWN)[n % 2]
        make_ticket(
            OWN[intent].format(n),
            at=NOW + timedelta(minutes=n),
            intent=intent,
            intent_source="agent",
        )


def test_too_few_named_tickets_are_refused_with_what_is_missing():
    name_tickets(3)
    make_ticket(intent="praise", intent_source="model")  # a model's guess teaches nothing
    with pytest.raises(TooLittleHistoryError) as refused:
        train_intents(NOW + timedelta(days=1))
    assert refused.value.reason["params"] == {"missing": MIN_ROWS - 3}
    assert not ModelRun.objects.exists()


def test_a_model_that_learned_the_shops_words_goes_live_once():
    name_tickets(MIN_ROWS)
    run = train_intents(NOW + timedelta(days=1))
    assert run.state == "live"
    assert run.value == 1.0
    assert {"majority", readers.SHIPPED, "own"} == set(run.metrics)
    assert train_intents(NOW + timedelta(days=1)) == run
    assert ModelRun.objects.count() == 1
    reader, serving = readers.serving_reader()
    assert serving == run == live_run("intents")
    assert reader.read(["zorp gadget flumble 99"])[0].label == "restock"


def test_a_broken_artefact_is_not_served(settings):
    name_tickets(MIN_ROWS)
    run = train_intents(NOW + timedelta(days=1))
    ModelRun.objects.filter(pk=run.pk).update(artefact_sha256="0" * 64)
    _reader, serving = readers.serving_reader()
    assert serving is None
