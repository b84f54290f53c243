"""Everybody's lists: written once, taken away from who said no, kept fresh, safe to run again."""

import threading
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from django.core.cache import cache
from django.utils import timezone

from config import night
from decisions.models import Job, LivePeriod
from decisions.services.jobs import create_job, run_job
from recommendations.ml.lists import lists_for
from recommendations.models import ListPublication, PublishedList
from recommendations.services import lists, readings
from recommendations.services.live_model import serving_model
from recommendations.services.readings import read_history
from recommendations.tasks import enqueue_refresh
from shop.models import Consent, Customer, Order, VisitorLink
from tests.factories import make_customer, make_order, make_variant
from tests.factories_crowd import LONG
from tests.factories_recommendations import LATER, START, make_taste_shop, publish_model
from tests.recommendations.test_training import see

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
NEXT = LATER + DAY


@pytest.fixture(autouse=True)
def _fresh_files(settings, tmp_path):
    settings.ARTEFACT_DIR = tmp_path / "artefacts"
    cache.clear()


@pytest.fixture
def shop():
    variants = make_taste_shop()
    Order.objects.update(created_at=START)  # else all of them came in during the last ten minutes
    publish_model()
    return variants


def stored():
    return dict(PublishedList.objects.values_list("customer__code", "products"))


def expected(as_of):
    """Straight from the model, in the plain way, by the customer's code."""
    model, reading = serving_model(), read_history(as_of)
    customers, histories = lists._known_to(model, reading)
    popularity = model.recommender.sources["popularity"].popularity
    found = lists_for(model.shelf.blend, histories, popularity, lists.MOST)
    codes = dict(Customer.objects.values_list("pk", "code"))
    ids = model.recommender.product_ids
    return {
        codes[int(pk)]: ids[row[row >= 0]].tolist()
        for pk, row in zip(customers, found, strict=True)
    }


def test_everybody_has_the_model_s_best_products_and_none_that_they_have(shop):
    found = lists.publish_lists(LATER)
    assert found["lists"] == 60
    assert stored() == expected(LATER)
    assert PublishedList.objects.filter(run=serving_model().run).count() == 60
    orders = Order.objects.filter(customer__code="C-0")
    bought = set(orders.values_list("lines__variant__product_id", flat=True))
    assert len(bought) == 3
    assert not bought & set(stored()["C-0"])
    own = {variant.product_id for variant in shop[0::3]} - bought
    assert set(stored()["C-0"][: len(own)]) == own


def test_a_second_time_nothing_is_written(shop):
    lists.publish_lists(LATER)
    before = list(PublishedList.objects.order_by("pk").values_list())
    with pytest.raises(lists.NothingToListError):
        lists.publish_lists(LATER)
    assert list(PublishedList.objects.order_by("pk").values_list()) == before


def test_who_said_no_and_who_did_nothing_have_no_list(shop):
    no = Customer.objects.get(code="C-1")
    quiet = make_customer("QUIET")
    lists.publish_lists(LATER)
    assert "C-1" in stored()
    assert not PublishedList.objects.filter(customer=quiet).exists()
    Consent.objects.create(
        customer=no, purpose="personalisation", granted=False, source="t", recorded_at=LATER
    )
    assert lists.publish_lists(NEXT)["changed"] == 1
    assert "C-1" not in stored()
    assert len(stored()) == 59


def test_an_erased_customer_s_list_goes_with_her(shop):
    guest = make_customer("GUEST")
    Consent.objects.create(
        customer=guest, purpose="personalisation", granted=True, source="t", recorded_at=START
    )
    see(shop[0], 1, customer=guest)
    lists.publish_lists(LATER)
    assert "GUEST" in stored()
    guest.delete()
    assert "GUEST" not in stored()


@pytest.mark.parametrize("calls", [1, 2, 3])
def test_a_run_that_dies_is_run_again(monkeypatch, shop, calls):
    monkeypatch.setattr(lists, "ROWS", {"postgresql": 25, "sqlite": 25})
    asked = []

    def still_mine():
        asked.append(1)
        if len(asked) > calls:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        lists.publish_lists(LATER, still_mine)
    assert not ListPublication.objects.exists()
    assert PublishedList.objects.count() == min(25 * (calls - 1), 60)
    lists.publish_lists(LATER)
    assert stored() == expected(LATER)
    assert ListPublication.objects.count() == 1


def test_only_the_lists_of_who_did_something_are_written_again(shop):
    lists.publish_lists(LATER)
    when = dict(PublishedList.objects.values_list("customer__code", "published_at"))
    buyer = Customer.objects.get(code="C-4")
    make_order([(shop[0], 1)], customer=buyer, at=LATER)
    assert lists.publish_lists(NEXT) == {
        "run": serving_model().run.pk, "lists": 1, "rows": 4, "changed": 1,
    }  # fmt: skip
    after = dict(PublishedList.objects.values_list("customer__code", "published_at"))
    assert [code for code in when if when[code] != after[code]] == ["C-4"]
    assert stored() == expected(NEXT)


def test_every_kind_of_change_is_noticed(shop):
    lists.publish_lists(LATER)
    people = {code: Customer.objects.get(code=code) for code in ("C-2", "C-3", "C-5", "C-6")}
    for person in people.values():
        Consent.objects.create(
            customer=person, purpose="personalisation", granted=True, source="t", recorded_at=START
        )
    VisitorLink.objects.create(visitor="v", customer=people["C-5"], linked_at=START)
    Order.objects.filter(customer=people["C-2"]).first().transitions.create(
        from_state="paid", to_state="cancelled"
    )
    see(shop[1], 1, customer=people["C-3"], at=LATER)
    see(shop[1], 2, visitor="v", at=LATER)
    see(shop[1], 3, visitor="w", at=START - timedelta(days=1))
    VisitorLink.objects.create(visitor="w", customer=people["C-6"], linked_at=LATER)
    see(shop[1], 4, visitor="nobody", at=LATER)
    assert lists.publish_lists(NEXT)["changed"] == 4
    assert stored() == expected(NEXT)


def test_a_cancelled_only_order_takes_the_list_away(shop):
    once = make_customer("ONCE")
    order = make_order([(shop[0], 1)], customer=once, at=START)
    lists.publish_lists(LATER)
    assert "ONCE" in stored()
    Order.objects.filter(pk=order.pk).update(state="cancelled")
    order.transitions.create(from_state="paid", to_state="cancelled")
    lists.publish_lists(NEXT)
    assert "ONCE" not in stored()


def test_another_model_writes_everybody_s_lists_again(shop):
    lists.publish_lists(LATER)
    run = publish_model(weights={"transitions": 1.0}, salt="next")
    assert "changed" not in lists.publish_lists(LATER)
    assert set(PublishedList.objects.values_list("run", flat=True)) == {run.pk}
    assert stored() == expected(LATER)


def test_a_model_that_knows_nobody_apart_writes_nothing_and_takes_old_lists_away(shop):
    lists.publish_lists(LATER)
    LivePeriod.objects.update(ended_at=LATER)
    publish_model(beats=False, salt="x")
    with pytest.raises(lists.NothingToListError):
        lists.publish_lists(LATER)
    assert not PublishedList.objects.exists()
    assert not ListPublication.objects.exists()


def test_a_ranker_makes_the_lists_unless_a_baseline_serves_in_its_place(shop):
    class Backwards:
        """Ranks by falling number of the item."""

        def scores(self, histories):
            return np.tile(np.arange(15, dtype=np.float32), (len(histories), 1))

    model = serving_model()
    ranked = replace(model, recommender=replace(model.recommender, ranker=Backwards()))
    assert isinstance(lists.source_of(ranked), Backwards)
    assert lists.source_of(replace(ranked, weights={"popularity": 1.0})) is model.shelf.blend
    reading = read_history(LATER)
    [(_keys, products, _because)] = lists._streamed(ranked, *lists._known_to(ranked, reading))
    assert all(found == sorted(found, reverse=True) for found in products)


def test_the_night_s_step_writes_and_then_skips(shop):
    payload = {"step": "lists", "as_of": LATER.isoformat(), "missing": []}
    first, second = (run_job(create_job(night.STEP_KIND, payload)[0].pk) for _ in range(2))
    assert first.result["summary"]["lists"] == 60, first.error
    assert second.result["skipped"]["msgid"] == lists.UNCHANGED
    assert len(stored()) == 60


def test_a_night_reads_the_history_once_and_lists_what_was_read(monkeypatch, shop):
    """Who said no since the reading has no list; who bought since is folded in by the refresh."""
    reads = []
    read = readings.shop_interactions
    monkeypatch.setattr(readings, "shop_interactions", lambda at: reads.append(at) or read(at))
    with readings.one_reading():
        known = read_history(LATER)
        make_order([(shop[0], 1)], customer=Customer.objects.get(code="C-4"), at=LATER - DAY)
        no = Customer.objects.get(code="C-1")
        Consent.objects.create(
            customer=no, purpose="personalisation", granted=False, source="t", recorded_at=START
        )
        lists.publish_lists(LATER)
        assert reads == [LATER]
        assert ListPublication.objects.get().read_at == known.read_at
        assert "C-1" not in stored()
        before = stored()["C-4"]
        assert shop[0].product_id in before
        assert lists.publish_lists(LATER)["changed"] == 1
        assert shop[0].product_id not in stored()["C-4"]
        read_history(LATER)  # the lists needed it last: it was let go
        assert reads == [LATER, LATER]
    read_history(LATER)
    assert len(reads) == 3  # nothing is kept outside a night


def test_of_a_product_that_the_model_does_not_know_the_rest_of_the_history_speaks(shop):
    model = serving_model()
    new = make_variant("NEW")
    make_order([(new, 1)], customer=Customer.objects.get(code="C-4"), at=LATER - DAY)
    with_it = lists._known_to(model, read_history(LATER))
    Order.objects.filter(lines__variant=new).update(state="cancelled")
    without = lists._known_to(model, read_history(LATER))
    assert with_it[0].tolist() == without[0].tolist()
    for name in ("indptr", "item_idx", "weight", "baskets_ago", "bought", "at"):
        assert getattr(with_it[1], name).tolist() == getattr(without[1], name).tolist()


def test_the_clock_refreshes_only_when_somebody_did_something(shop):
    assert enqueue_refresh() is None
    lists.publish_lists(LATER)
    assert enqueue_refresh() is None
    buyer = Customer.objects.get(code="C-4")
    make_order([(shop[0], 1)], customer=buyer, at=timezone.now() - timedelta(minutes=1))
    job = Job.objects.get(pk=enqueue_refresh())
    assert enqueue_refresh() is None  # one is on its way
    assert run_job(job.pk).result["changed"] == 1
    assert stored() == expected(timezone.now())


def test_a_refresh_before_the_first_lists_answers_in_words(shop):
    job = run_job(create_job("refresh_lists", {"as_of": LATER.isoformat()})[0].pk)
    assert job.result["refused"]["msgid"] == lists.NOT_YET, job.error
    assert not PublishedList.objects.exists()


def test_writing_takes_a_fixed_number_of_queries_a_block(shop, django_assert_max_num_queries):
    serving_model()  # mapped before, as in a process that has served
    with django_assert_max_num_queries(40):
        lists.publish_lists(LATER)
    assert np.array(stored()["C-0"]).dtype.kind == "i"


def test_a_block_is_made_while_the_one_before_it_is_used_and_none_is_lost_or_turned():
    made, begun = [], threading.Event()

    def blocks():
        for number in range(4):
            made.append(number)
            if number == 1:
                begun.set()
            yield number

    used = []
    for number in lists.ahead(blocks()):
        if not used:
            assert begun.wait(LONG)  # the second is made, though nobody asked for it yet
        used.append(number)
    assert used == made == [0, 1, 2, 3]


def test_an_error_in_making_a_block_is_raised_where_it_is_used():
    def blocks():
        yield 0
        raise MemoryError

    found = lists.ahead(blocks())
    assert next(found) == 0
    with pytest.raises(MemoryError):
        next(found)
