"""Models that learned from her days: what names her stops at once, the rest is due; the next training does
not read her."""

import json
from datetime import timedelta

import numpy as np
import pytest
from django.conf import settings
from django.utils import timezone

from decisions.models import ModelRun
from decisions.services.artefacts import write_artefact
from decisions.services.model_runs import live_run, publish_run
from marketing.frames.behaviour import buyers
from marketing.frames.orders import order_history
from marketing.services.customers.personas import is_due
from privacy.services.trained import next_training
from recommendations.frames import shop_interactions
from shop.services.customers import record_consent
from tests.factories import make_customer, make_order, make_variant
from tests.factories_decisions import make_trained
from tests.factories_privacy import EMAIL, erase, make_known_person

pytestmark = pytest.mark.django_db


def make_live(task: str, write, suffix: str, **fields) -> ModelRun:
    digest = f"{task:0<64}"
    return publish_run(
        make_trained(
            digest, task=task, artefact=write_artefact(task, suffix, write),
            data_until=timezone.now() + timedelta(days=1), **fields,
        )
    )  # fmt: skip


def file_of(run: ModelRun):
    return settings.ARTEFACT_DIR / run.artefact


def test_what_names_her_stops_at_once_and_all_are_due():
    her = make_known_person()
    text = make_live("texts", lambda path: path.write_text(json.dumps({"for": EMAIL})), ".json")
    rows = np.array([her.pk, 900_001])
    keys = make_live("factors", lambda path: np.savez(path, customer_ids=rows), ".npz")
    words = make_live("words", lambda path: np.savez(path, words=np.array(["tea", EMAIL])), ".npz")
    clean = make_live("clean", lambda path: np.savez(path, product_ids=rows), ".npz")
    old = make_trained("0" * 64, task="old", data_until=her.created_at - timedelta(days=900))
    old = publish_run(old)
    erasure = erase(her)
    assert [live_run(task) for task in ("texts", "factors", "words")] == [None, None, None]
    assert not any(file_of(run).exists() for run in (text, keys, words))
    assert live_run("clean") == clean  # a product may have the same number
    assert file_of(clean).exists()
    found = {one.run.task: (one.was_live, one.held_her) for one in erasure.models.all()}
    assert found == {
        "texts": (True, True), "factors": (True, True), "words": (True, True), "clean": (True, False),
    }  # fmt: skip
    due = ModelRun.objects.exclude(learn_anew_since=None).values_list("task", flat=True)
    assert set(due) == {"texts", "factors", "words", "clean"}
    assert erasure.models.first().due_at == next_training(
        erasure.models.first().due_at - timedelta(hours=1)
    )
    old.refresh_from_db()
    assert old.learn_anew_since is None


def test_personas_are_due_before_their_time():
    now = timezone.now()
    run = publish_run(make_trained("1" * 64, task="personas", data_until=now))
    assert not is_due(now + timedelta(days=1))
    ModelRun.objects.filter(pk=run.pk).update(learn_anew_since=now)
    assert is_due(now + timedelta(days=1))


def test_the_next_training_reads_neither_her_nor_the_pseudonym():
    her = make_known_person()
    now = timezone.now()
    assert her.pk in buyers(now, most=100)
    erasure = erase(her)
    gone = {her.pk, erasure.pseudonym_id}
    assert not gone & set(buyers(now, most=100))
    assert not gone & set(order_history(now).customer_ids.tolist())
    assert not gone & set(shop_interactions(now).customer_ids.tolist())


def test_a_consent_taken_back_takes_the_feature_out_of_the_next_matrix():
    ann, ben = make_customer("ANN"), make_customer("BEN")
    tea = make_variant("TEA-1")
    for one in (ann, ben):
        make_order([(tea, 1)], customer=one)
    now = timezone.now()
    assert {ann.pk, ben.pk} <= set(shop_interactions(now).customer_ids.tolist())
    record_consent(ann, "personalisation", granted=False, source="test", at=now)
    later = set(shop_interactions(now + timedelta(seconds=1)).customer_ids.tolist())
    assert ann.pk not in later
    assert ben.pk in later
