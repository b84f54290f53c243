"""What a request shows is what the night measured: the ranker's pool, all purchases, the walked list."""

from datetime import timedelta

import numpy as np
import pytest
from django.core.cache import cache

from decisions.models import Decision
from decisions.services.receipts import replay
from recommendations.frames import shop_interactions
from recommendations.ml import harness, ranker_features
from recommendations.ml.interactions import interactions
from recommendations.ml.lists import lists_for
from recommendations.ml.selection import Verdict
from recommendations.models import ListPublication, PublishedList
from recommendations.services import reading
from recommendations.services.asking import Ask
from recommendations.services.live_model import serving_model
from recommendations.services.serving import recommend
from recommendations.services.training import train_recommender
from shop.models import Consent, Customer, Event, Variant, VisitorLink
from tests.factories import make_customer, make_order, make_stock
from tests.factories_recommendations import (
    LATER,
    START,
    make_chain_shop,
    make_taste_shop,
    publish_model,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh_files(settings, tmp_path):
    settings.ARTEFACT_DIR = tmp_path / "artefacts"
    cache.clear()


def skus(answer):
    return [item.offer.sku for item in answer.items]


def test_the_ranker_orders_the_pool_that_it_was_measured_on(monkeypatch):
    """Also what one source alone brings, for somebody with news, as the night's list has it."""
    make_chain_shop()
    monkeypatch.setattr(harness, "decide", lambda *_arguments: Verdict("ranker", ["for this test"]))
    run = train_recommender(as_of=LATER, seed=1, budget_seconds=0)
    assert (run.model, run.state) == ("ranker", "live")
    for variant in Variant.objects.all():
        make_stock(variant, 10)
    monkeypatch.setattr(ranker_features, "BLEND_POOL", 3)
    monkeypatch.setattr(ranker_features, "SOURCE_POOL", 2)
    customer = make_customer("NEW")
    make_order([(Variant.objects.get(sku="S-04"), 1)], customer=customer, at=LATER)
    at = LATER + timedelta(seconds=1)
    answer = recommend(Ask(customer=customer, limit=10), at=at)

    model = serving_model()
    history = shop_interactions(at, {customer.pk})
    own = interactions(history.rows).histories
    items = model.recommender.item_idx(history.product_ids)[own.item_idx]
    own.item_idx[:] = items
    ranker = model.recommender.ranker
    popularity = model.recommender.sources["popularity"].popularity
    night = lists_for(ranker, own, popularity, 10)[0]
    found = [item.offer.product_id for item in answer.items]
    assert found == model.recommender.product_ids[night].tolist()
    pool = ranker.reader.pool(ranker.reader.scores(own), own)[0]
    blend = lists_for(ranker.blend, own, popularity, 3)[0]
    assert set(pool[pool >= 0].tolist()) - set(blend.tolist())
    receipt = Decision.objects.get(pk=answer.receipt_id)
    assert replay(receipt) == (receipt.output, True)


def publish_list(customer, run, variants):
    ListPublication.objects.create(run=run, data_until=LATER, read_at=LATER)
    PublishedList.objects.create(
        customer=customer, run=run, published_at=LATER,
        products=[variant.product_id for variant in variants],
        because=[0] * len(variants),
    )  # fmt: skip


@pytest.mark.parametrize("excluded", [(), ("S-05",)])
def test_a_receipt_of_a_list_that_holds_the_page_s_product_replays(excluded):
    variants = make_taste_shop()
    customer = Customer.objects.get(code="C-4")
    publish_list(customer, publish_model(), [variants[n] for n in (2, 5, 8, 11, 14, 0, 3, 6)])
    asked = Ask(code="C-4", skus=("S-08", "S-02"), exclude=excluded, limit=3)
    answer = recommend(asked, at=LATER + timedelta(hours=1))
    expected = [f"S-{n:02}" for n in (5, 11, 14, 0) if f"S-{n:02}" not in excluded][:3]
    assert skus(answer) == expected
    receipt = Decision.objects.get(pk=answer.receipt_id)
    assert replay(receipt) == (receipt.output, True)


def test_what_was_bought_further_back_than_the_history_reaches_is_not_offered(monkeypatch):
    monkeypatch.setattr(reading, "MOST_ROWS", 2)
    variants = make_taste_shop()
    publish_model()
    customer = make_customer("NEW")
    for day, number in enumerate((1, 4, 7, 10)):
        make_order(
            [(variants[number], 1)], number=f"N-{day}", customer=customer,
            at=START + timedelta(days=day),
        )  # fmt: skip
    answer = recommend(Ask(customer=customer, limit=50), at=LATER)
    assert not set(skus(answer)) & {"S-01", "S-04", "S-07", "S-10"}
    receipt = Decision.objects.get(pk=answer.receipt_id)
    assert len(receipt.inputs["history"]) == 2
    assert [row[0] for row in receipt.inputs["bought_before"]] == [
        variants[1].product_id,
        variants[4].product_id,
    ]
    assert replay(receipt) == (receipt.output, True)


def see(variant, at, **fields):
    Event.objects.create(
        event_id=f"e{Event.objects.count()}", kind="view", occurred_at=at, received_at=at,
        variant=variant, consent=True, **fields,
    )  # fmt: skip


def test_of_a_shared_browser_each_has_what_was_done_while_it_was_hers(monkeypatch):
    """Ties, a first guest, a browser that comes back, and no more than the newest of each."""
    variants = make_taste_shop(customers=6)
    publish_model()
    ann, bea = make_customer("ANN"), make_customer("BEA")
    for person in (ann, bea):
        Consent.objects.create(
            customer=person, purpose="personalisation", granted=True, source="t", recorded_at=START
        )
    hours = [START + timedelta(hours=hour) for hour in range(12)]
    for hour, person in ((2, ann), (5, bea), (5, ann), (8, bea)):
        VisitorLink.objects.create(visitor="kiosk", customer=person, linked_at=hours[hour])
    for number, hour in enumerate((0, 1, 2, 3, 5, 6, 8, 9, 10)):
        see(variants[number], hours[hour], visitor="kiosk")
    see(variants[9], hours[11], customer=ann)

    def seen_by(person):
        asked = Ask(customer=person, limit=1)
        inputs = Decision.objects.get(pk=recommend(asked, at=LATER).receipt_id).inputs
        known = {variant.product_id: place for place, variant in enumerate(variants)}
        return [known[row[0]] for row in inputs["history"]]

    assert seen_by(ann) == [0, 1, 2, 3, 4, 5, 9]
    assert seen_by(bea) == [6, 7, 8]
    monkeypatch.setattr(reading, "MOST_ROWS", 3)
    assert seen_by(ann) == [4, 5, 9]
    assert np.all(np.diff(seen_by(bea)) == 1)
