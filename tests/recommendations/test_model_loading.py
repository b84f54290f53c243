"""Models are mapped once, by nobody who can wait, and one that cannot be read stops no request."""

import contextlib
import threading

import pytest
from django.core.cache import cache

from decisions.models import Decision
from decisions.services.experiments import save_experiment, start_experiment
from decisions.services.model_runs import make_live
from decisions.services.receipts import replay
from recommendations import kept
from recommendations.services import live_model, mapped_models, placements
from recommendations.services.asking import Ask
from recommendations.services.serving import recommend
from recommendations.services.trials import trial_of
from shop.models import Customer, Event
from tests.decisions.test_experiments import make_experiment
from tests.factories import NOW
from tests.factories_crowd import LONG, until
from tests.factories_recommendations import LATER, make_taste_shop, publish_model

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh(settings, tmp_path, monkeypatch):
    settings.ARTEFACT_DIR = tmp_path / "artefacts"
    cache.clear()
    mapped_models.forget_all()
    mapped_models.keep([])
    monkeypatch.setattr(live_model, "_current", {})
    monkeypatch.setattr(placements, "_kept", None)


def make_trial(run):
    arms = [
        {"name": "as it is", "share": 0.5, "settings": {}},
        {"name": "other model", "share": 0.5, "settings": {"run": run.pk}},
    ]
    return start_experiment(save_experiment(make_experiment("models", arms=arms)), at=NOW)


def someone_in(experiment, arm):
    people = Customer.objects.order_by("pk")
    return next(one for one in people if trial_of(experiment, one.pk, "").arm == arm)


def test_an_arm_whose_model_is_broken_gets_the_live_list_and_says_so(settings, caplog):
    make_taste_shop()
    live = publish_model(salt="live")
    other = publish_model(salt="other", weights={"popularity": 1.0})
    make_live(live, reason="for this test")
    (settings.ARTEFACT_DIR / other.artefact).write_bytes(b"not a model")
    customer = someone_in(make_trial(other), "other model")
    answer = recommend(Ask(customer=customer, limit=3), at=LATER)
    assert answer.run_id == live.pk
    assert len(answer.items) == 3
    assert f"run {other.pk} cannot be read" in caplog.text
    receipt = Decision.objects.get(pk=answer.receipt_id)
    assert receipt.inputs["trial"]["not_served"] == other.pk
    assert replay(receipt)[1]
    seen = Event.objects.get(kind="exposure")
    assert (seen.properties["arm"], seen.properties["not_served"]) == ("other model", other.pk)


def test_an_arm_whose_run_is_gone_gets_the_live_list():
    make_taste_shop()
    live = publish_model(salt="live")
    experiment = make_trial(live)
    experiment.arms[1]["settings"]["run"] = 10**9
    experiment.save()
    kept.forget_settings()
    customer = someone_in(experiment, "other model")
    assert recommend(Ask(customer=customer, limit=3), at=LATER).run_id == live.pk


def test_a_model_that_serves_again_leaves_an_exposure_of_its_own(settings):
    make_taste_shop()
    live = publish_model(salt="live")
    other = publish_model(salt="other", weights={"popularity": 1.0})
    make_live(live, reason="for this test")
    file = settings.ARTEFACT_DIR / other.artefact
    whole = file.read_bytes()
    file.write_bytes(b"not a model")
    customer = someone_in(make_trial(other), "other model")
    recommend(Ask(customer=customer), at=LATER)
    file.write_bytes(whole)
    mapped_models.forget_all()
    assert recommend(Ask(customer=customer), at=LATER).run_id == other.pk
    seen = Event.objects.filter(kind="exposure").order_by("pk")
    assert ["not_served" in event.properties for event in seen] == [True, False]


def test_there_is_room_for_every_model_in_use(monkeypatch):
    """Five arms at once: none is read a second time."""
    make_taste_shop(customers=12)
    runs = [publish_model(salt=str(number)) for number in range(mapped_models.SPARE + 3)]
    reads = []
    read = mapped_models._read
    monkeypatch.setattr(mapped_models, "_read", lambda named: reads.append(named) or read(named))
    names = list(live_model.named_runs({run.pk for run in runs}).values())
    mapped_models.keep(names)
    for named in [*names, *names]:
        assert live_model.serving_of_arm(named).run.pk == named[0]
    assert len(reads) == len(names)
    mapped_models.keep([])  # negative control: without being kept they push each other out
    for run in runs:
        live_model.serving_of(run.pk, "popularity")
    assert len(mapped_models._models) == mapped_models.SPARE


def in_threads(count, call):
    threads = [threading.Thread(target=call) for _number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@pytest.mark.parametrize(
    ("lock", "times"), [(threading.Lock, 1), (contextlib.nullcontext, 8)], ids=["lock", "control"]
)
def test_of_several_who_ask_at_once_one_reads(monkeypatch, lock, times):
    """And the control: where nobody waits for who reads, each reads."""
    asked, reads = [], []

    class Flights(dict):
        def setdefault(self, named, new):
            """Whoever comes here has looked and found nothing."""
            asked.append(named)
            return super().setdefault(named, lock())

    def read(named):
        reads.append(named)
        until(lambda: len(asked) == 8 and len(reads) >= times)
        return object()

    monkeypatch.setattr(mapped_models, "_read", read)
    monkeypatch.setattr(mapped_models, "_flights", Flights())
    in_threads(8, lambda: mapped_models.mapped((1, "a", "")))
    assert len(reads) == times


def test_a_web_process_answers_while_a_thread_reads(monkeypatch):
    """And an experiment begins here when its models are there."""
    make_taste_shop(customers=12)
    live = publish_model(salt="live")
    other = publish_model(salt="other", weights={"popularity": 1.0})
    make_live(live, reason="for this test")
    assert recommend(Ask(limit=3), at=LATER).run_id == live.pk
    may_go_on, began = threading.Event(), []
    whole = mapped_models._load

    def load(named):  # the thread has a connection of its own, which sees nothing of this test
        began.append(named)
        may_go_on.wait(LONG)
        mapped_models._coming.discard(named)

    monkeypatch.setattr(mapped_models, "_load", load)
    monkeypatch.setattr(kept, "_is_serving", True)
    experiment = make_trial(other)
    kept.forget_settings()
    customer = someone_in(experiment, "other model")
    answer = recommend(Ask(customer=customer, limit=3), at=LATER)
    assert answer.run_id == live.pk
    assert not Event.objects.filter(kind="exposure").exists()
    may_go_on.set()
    until(lambda: not mapped_models._coming)
    assert [named[0] for named in began] == [other.pk]
    monkeypatch.setattr(kept, "_is_serving", False)
    monkeypatch.setattr(mapped_models, "_load", whole)
    assert recommend(Ask(customer=customer, limit=3), at=LATER).run_id == other.pk
    assert Event.objects.filter(kind="exposure").count() == 1
