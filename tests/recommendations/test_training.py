"""The life of the model: read, backtest, publish; refuse in words; train once per data."""

import zipfile
from datetime import timedelta

import numpy as np
import pytest
from django.core.cache import cache

from decisions.models import LivePeriod, ModelRun, RunState
from decisions.services.artefacts import artefact_path
from decisions.services.jobs import create_job, run_job
from recommendations.frames import shop_interactions
from recommendations.services.artefacts import read_recommender
from recommendations.services.live_model import shelf_of
from recommendations.services.training import HistoryTooShortError, train_recommender
from shop.models import Consent, Customer, Event, Order, VisitorLink
from tests.factories import make_customer, make_order, make_variant
from tests.factories_recommendations import LATER, START, make_chain_shop, make_taste_shop

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh_files(settings, tmp_path):
    settings.ARTEFACT_DIR = tmp_path / "artefacts"
    cache.clear()


def train(**options):
    return train_recommender(as_of=LATER, seed=1, budget_seconds=0, **options)


def test_a_model_that_beats_its_baseline_goes_live_once():
    make_chain_shop()
    run = train()
    assert run.state == RunState.LIVE
    assert run.metrics.keys() >= {"popularity", "item_knn", "ease", "als", "transitions"}
    assert run.value > run.baseline_value
    assert run.value == run.metrics[run.model]["ndcg"]
    assert run.baseline_value == max(
        run.metrics[name]["ndcg"] for name in ("popularity", "item_knn")
    )
    assert run.row_count == 1200
    assert LivePeriod.objects.get().run == run
    again = train()
    assert again.pk == run.pk
    assert ModelRun.objects.count() == 1


def test_the_artefact_is_mapped_complete_and_holds_no_pickle_and_no_person():
    make_chain_shop()
    run = train()
    path = artefact_path(run)
    recommender = read_recommender(path)
    assert recommender.product_ids.tolist() == sorted(recommender.product_ids)
    assert len(recommender.product_ids) == 30
    assert recommender.sources.keys() >= {"popularity", "item_knn", "transitions"}
    with np.load(path, allow_pickle=False) as plain:  # an ordinary .npz for everybody else
        assert plain["product_ids"].tolist() == recommender.product_ids.tolist()
        for name in plain.files:
            assert plain[name].size != 150
    weights = recommender.sources["item_knn"].weights
    for values in (weights.data, weights.indices, weights.indptr, recommender.product_ids):
        assert not values.flags.owndata
        assert not values.flags.writeable


def test_every_array_begins_on_a_64_byte_boundary():
    make_chain_shop()
    path = artefact_path(train())
    data = path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        for entry in archive.infolist():
            start = data.index(b"\x93NUMPY", entry.header_offset)
            assert start % 64 == 0


def test_too_little_history_is_refused_with_what_is_missing_and_changes_nothing():
    make_taste_shop(customers=20, products=9, bought=3)
    with pytest.raises(HistoryTooShortError) as caught:
        train()
    assert str(caught.value) == (
        "Too little history for recommendations: 60 of 1000 purchases and"
        " 20 of 25 customers with a purchase."
    )
    assert not ModelRun.objects.exists()


def test_the_job_run_twice_equals_once():
    make_chain_shop()
    payload = {"as_of": LATER.isoformat(), "seed": 1, "budget_seconds": 0}
    jobs = [run_job(create_job("train_recommender", payload)[0].pk) for _ in range(2)]
    assert [job.state for job in jobs] == ["succeeded", "succeeded"], jobs[0].error
    assert jobs[0].result == jobs[1].result
    assert jobs[0].result["state"] == "live"
    assert ModelRun.objects.count() == LivePeriod.objects.count() == 1


def test_the_job_answers_a_short_history_in_words():
    job = run_job(create_job("train_recommender", {"as_of": LATER.isoformat()})[0].pk)
    assert job.state == "succeeded", job.error
    assert job.result["refused"]["params"]["purchases"] == 0


def test_a_lost_lease_publishes_nothing():
    make_chain_shop()

    class LostError(Exception):
        pass

    def lost():
        raise LostError

    with pytest.raises(LostError):
        train(before_publishing=lost)
    assert not ModelRun.objects.exists()


def rows_of(as_of=LATER):
    """(number of the person, product, weight, bought), in order."""
    history = shop_interactions(as_of)
    rows = history.rows
    columns = rows.user, history.product_ids[rows.item], rows.weight, rows.bought
    return [
        (int(user), int(product), round(float(weight), 3), bool(bought))
        for user, product, weight, bought in zip(*columns, strict=True)
    ]


def see(variant, number, **fields):
    at = fields.pop("at", START)
    defaults = {"kind": "view", "consent": True, "received_at": at, "occurred_at": at}
    return Event.objects.create(event_id=f"e{number}", variant=variant, **defaults | fields)


def say(customer, granted, at=START):
    Consent.objects.create(
        customer=customer, purpose="personalisation", granted=granted, source="t", recorded_at=at
    )


def test_cancelled_orders_and_the_future_are_not_read():
    variant, customer = make_variant(), make_customer()
    make_order([(variant, 1)], customer=customer, at=START)
    make_order([(variant, 1)], customer=customer, at=START, state="cancelled")
    make_order([(variant, 1)], customer=customer, at=LATER)
    make_order([(variant, 1)], customer=None, at=START)
    assert rows_of() == [(0, variant.product_id, 1.0, True)]
    assert Order.objects.count() == 4


def test_behaviour_needs_consent_then_and_the_customer_s_word_now():
    tea, cup = make_variant("TEA-1"), make_variant("CUP-1")
    yes, no, silent = (make_customer(code) for code in ("YES", "NO", "SILENT"))
    for customer in (yes, no, silent):
        make_order([(tea, 1)], customer=customer, at=START)
    say(yes, False, START - timedelta(days=1))
    say(yes, True)
    say(no, False)
    see(cup, 1, customer=yes)
    see(cup, 2, customer=yes, consent=False)
    see(cup, 3, customer=no)
    see(cup, 4, customer=silent)
    see(cup, 5, visitor="somebody", kind="cart_add")
    see(cup, 6, visitor="somebody", consent=False)
    bought = (tea.product_id, 1.0, True)
    assert rows_of() == [
        (0, *bought),
        (1, *bought),
        (0, cup.product_id, 0.1, False),
        (2, cup.product_id, 0.4, False),
    ]


def test_a_linked_visitor_counts_as_the_customer_also_for_what_came_before():
    tea, cup = make_variant("TEA-1"), make_variant("CUP-1")
    customer = make_customer()
    say(customer, True)
    make_order([(tea, 1)], customer=customer, at=START)
    see(cup, 1, visitor="browser", at=START - timedelta(days=2))
    VisitorLink.objects.create(visitor="browser", customer=customer, linked_at=START)
    assert [row[0] for row in rows_of()] == [0, 0]
    # Before the link nobody could know.
    assert len(rows_of(START)) == 1
    assert Customer.objects.count() == 1


def test_a_product_that_nobody_bought_is_found_by_its_description():
    variants = make_chain_shop()
    for number, variant in enumerate(variants):
        variant.product.name = "brass lantern" if number % 2 else "woollen scarf"
        variant.product.save()
    new = make_variant("NEW-1", name="lantern of brass")
    recommender = read_recommender(artefact_path(train()))
    product_ids = [new.product_id, variants[1].product_id, variants[2].product_id]
    place, lantern, scarf = recommender.item_idx(np.array(product_ids)).tolist()
    similar = shelf_of(recommender, {"popularity": 1.0}).similar.weights
    assert similar[place, lantern] > similar[place, scarf]
    assert similar[lantern, place] > 0
    assert recommender.sources["popularity"].popularity[place] == 0


def test_a_catalogue_too_large_to_describe_is_left_as_it_is(monkeypatch):
    make_chain_shop()
    make_variant("NEW-1")
    monkeypatch.setattr("recommendations.services.descriptions.MOST_DESCRIBED", 5)
    run = train()
    assert len(read_recommender(artefact_path(run)).product_ids) == 30
    assert "content" not in run.metrics


def test_pages_offer_what_follows_where_nothing_is_bought_together():
    make_chain_shop()  # one thing an order
    recommender = read_recommender(artefact_path(train()))
    shelf = shelf_of(recommender, {"popularity": 1.0})
    assert not recommender.sources["complements"].weights.nnz
    assert shelf.together is recommender.sources["transitions"]
