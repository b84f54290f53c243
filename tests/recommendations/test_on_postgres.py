"""What PostgreSQL is asked by hand is what the queryset API asks; and models are switched under load."""

import threading
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from decisions.services.model_runs import make_live
from recommendations.models import ListPublication, PublishedList
from recommendations.services import gates, live_model, reading
from recommendations.services.asking import Ask
from recommendations.services.placements import settings_at
from recommendations.services.serving import recommend
from recommendations.services.statements import journey
from shop.models import (
    Channel,
    Consent,
    Customer,
    Event,
    KitComponent,
    Price,
    RingFence,
    SellingHold,
    StockLevel,
    Variant,
    VisitorLink,
)
from tests.factories import make_order, make_stock, make_variant
from tests.factories_crowd import until
from tests.factories_recommendations import LATER, START, make_taste_shop, publish_model

pytestmark = [pytest.mark.django_db, pytest.mark.postgres]


@pytest.fixture(autouse=True)
def _fresh_files(settings, tmp_path, monkeypatch):
    settings.ARTEFACT_DIR = tmp_path / "artefacts"
    monkeypatch.setattr(live_model, "_current", {})  # else a model whose row is gone serves first
    cache.clear()


def make_odd_shop():
    """Kits, a SKU that is not counted, several SKUs of one product, prices of a channel."""
    variants = make_taste_shop()
    app = Channel.objects.create(code="app")
    kit, loose = make_variant("KIT"), make_variant("LOOSE", tracks_stock=False)
    KitComponent.objects.create(kit=kit, component=variants[0], units=2)
    KitComponent.objects.create(kit=kit, component=loose, units=1)
    big = Variant.objects.create(product=variants[3].product, sku="BIG", attributes={"size": "L"})
    make_stock(big, 20)
    for number, (variant, kind, channel) in enumerate(
        [(big, "list", app), (variants[1], "flash", None), (variants[1], "list", app)]
    ):
        Price.objects.create(
            variant=variant, kind=kind, channel=channel, amount_minor=number, currency="GBP",
            valid_from=START, valid_until=LATER + timedelta(days=1), source="t", key=f"o{number}",
        )  # fmt: skip
    return app


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    taken=st.lists(st.integers(0, 10), min_size=15, max_size=15),
    held=st.sets(st.integers(0, 14), max_size=5),
    in_app=st.booleans(),
    kind=st.sampled_from(["", "flash"]),
    most=st.sampled_from([None, 1, 6]),
)
def test_the_gates_are_those_of_the_querysets(db, taken, held, in_app, kind, most):
    app = Channel.objects.filter(code="app").first() or make_odd_shop()
    SellingHold.objects.all().delete()
    for number, units in enumerate(taken):
        StockLevel.objects.filter(variant__sku=f"S-{number:02}").update(allocated=units)
    for number in held:
        SellingHold.objects.create(
            variant=Variant.objects.get(sku=f"S-{number:02}"), reason="t", began_at=START
        )
    for number, variant in enumerate(Variant.objects.filter(sku__in=("S-01", "S-02", "BIG"))):
        place = StockLevel.objects.first().warehouse
        RingFence.objects.update_or_create(
            key=f"f{number}",
            defaults={
                "variant": variant,
                "warehouse": place,
                "purpose": "flash-sale:1" if number else "press",
                "units": 9,
                "units_left": number * (taken[number] % 2),
            },
        )
    ids = list(Variant.objects.order_by("-sku").values_list("product_id", flat=True))
    asked = {
        "channel_id": app.pk if in_app else None,
        "most": most,
        "price_kind": kind,
        "with_attributes": True,
    }
    ids = list(dict.fromkeys(ids))
    own, plain = gates.offers(ids, LATER, **asked), gates.by_querysets(ids, LATER, **asked)
    assert list(own.items()) == list(plain.items())


@pytest.mark.parametrize(
    "skus",
    [[], ["A"], ["A", "b c"], ['a"b', "c'd", "e\\f"], ["g,h", "{i}"], ["NULL", ""], ["产品", "A"]],
)
def test_arrays_arrive_as_they_were_sent(skus):
    for sku in {"A", *skus}:
        make_variant(sku)
    assert {row[0] for row in journey("named", skus=skus)[0]} == set(skus)


def test_an_array_of_keys_holds_nothing_but_keys():
    with pytest.raises(TypeError):
        journey("offers", ids=[1, "2}'; SELECT 1; --"], at=LATER, shown=1, facts=False)


def see(variant, **fields):
    number = Event.objects.count()
    Event.objects.create(
        event_id=f"e{number}", kind="view", occurred_at=START, variant=variant,
        received_at=START + timedelta(hours=number), **({"consent": True} | fields),
    )  # fmt: skip


def test_what_is_read_of_a_person_is_what_the_querysets_read():
    variants = make_taste_shop()
    run = publish_model()
    known, other = Customer.objects.get(code="C-4"), Customer.objects.get(code="C-5")
    for customer, granted in ((known, True), (other, False)):
        Consent.objects.create(
            customer=customer, purpose="personalisation", granted=granted, source="t",
            recorded_at=START,
        )  # fmt: skip
    VisitorLink.objects.create(visitor="v1", customer=known, linked_at=START)
    VisitorLink.objects.create(visitor="v1", customer=other, linked_at=START + timedelta(hours=2))
    for fields in (
        {"visitor": "v1"}, {"visitor": "v1"}, {"visitor": "v1"}, {"visitor": "v2", "session": "s"},
        {"visitor": "v2"}, {"customer": known}, {"customer": known, "consent": False},
        {"customer": other},
    ):  # fmt: skip
        see(variants[Event.objects.count()], **fields)
    ListPublication.objects.create(run=run, data_until=LATER, read_at=LATER)
    PublishedList.objects.create(customer=known, run=run, products=[3, 1], published_at=LATER)
    make_order([(variants[0], 1), (variants[7], 2)], number="N-1", at=LATER, customer=known)
    asks = [
        Ask(), Ask(code="C-4"), Ask(customer=known), Ask(code="C-5"), Ask(code="NOBODY"),
        Ask(visitor="v1"), Ask(visitor="v2"), Ask(visitor="v2", session="s"),
        Ask(code="NOBODY", visitor="v1"), Ask(code="C-7", skus=("S-01", "X"), exclude=("S-02",)),
        Ask(placement="post_purchase", order="N-1"),
    ]  # fmt: skip
    for ask in asks:
        for at in (LATER, LATER + timedelta(seconds=1)):
            usual = settings_at(ask.placement, at)
            own, plain = (
                read(ask, usual, at) for read in (reading._by_journey, reading._by_querysets)
            )
            for name in (
                "live", "customer_id", "customer_code", "refused", "history", "named", "ordered",
                "list_run", "listed",
            ):  # fmt: skip
                assert getattr(own, name) == getattr(plain, name), (ask, name)


@pytest.mark.django_db(transaction=True)
def test_no_request_fails_while_models_are_switched():
    make_taste_shop()
    runs = [publish_model(salt="1"), publish_model(salt="2", weights={"popularity": 1.0})]
    over, failures, served = threading.Event(), [], set()

    def ask():
        try:
            while not over.is_set():
                answer = recommend(Ask(code="C-4", limit=3))
                served.add(answer.run_id)
                if not answer.items:
                    failures.append("an empty answer")
        except Exception as error:  # noqa: BLE001 - whatever it is, the test must say it
            failures.append(repr(error))
        finally:
            connection.close()

    threads = [threading.Thread(target=ask) for _number in range(4)]
    for thread in threads:
        thread.start()
    for number in range(30):
        make_live(runs[number % 2], reason="switch")
        # Nobody is left behind by the switches: each of the two serves before the other is back.
        until(lambda run=runs[number % 2]: failures or run.pk in served)
    over.set()
    for thread in threads:
        thread.join()
    assert not failures
    assert served == {run.pk for run in runs}
    assert recommend(Ask(limit=1)).run_id == runs[1].pk


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_was_lost_meanwhile_is_made_anew():
    connection.ensure_connection()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        before = cursor.fetchone()[0]
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [before])
    other.close()
    connection.health_check_done = False  # as at the beginning of a request
    assert journey("live") == [[]]
    assert connection.connection.info.backend_pid != before
