"""A published list stands for the personal source as long as nothing newer is known."""

import uuid
from datetime import timedelta

import pytest
from django.core.cache import cache

from decisions.models import Decision
from decisions.services import receipt_writer
from decisions.services.model_runs import make_live
from decisions.services.receipts import Proposal, replay
from recommendations.models import KIND, ListPublication, PublishedList
from recommendations.services import live_model, mapped_models
from recommendations.services.asking import Ask
from recommendations.services.serving import recommend
from shop.models import Consent, Customer, Event, StockLevel
from tests.factories import make_order
from tests.factories_recommendations import LATER, START, make_taste_shop, publish_model

pytestmark = pytest.mark.django_db
SOON = LATER + timedelta(hours=1)


@pytest.fixture(autouse=True)
def _fresh_files(settings, tmp_path):
    settings.ARTEFACT_DIR = tmp_path / "artefacts"
    cache.clear()


def skus(answer):
    return [item.offer.sku for item in answer.items]


@pytest.fixture
def shop():
    """Customer C-4 of taste 1 has a list of taste 2, so that it is seen where it is used."""
    variants = make_taste_shop()
    run = publish_model()
    customer = Customer.objects.get(code="C-4")
    listed = [variants[number] for number in (2, 5, 8, 11, 14)]
    ListPublication.objects.create(run=run, data_until=LATER, read_at=LATER)
    PublishedList.objects.create(
        customer=customer, run=run, published_at=LATER,
        products=[variant.product_id for variant in listed],
    )  # fmt: skip
    return variants, customer, run


def ask(customer, at=SOON, **fields):
    return recommend(Ask(code=customer.code, **{"limit": 3} | fields), at=at)


def test_the_list_is_served_in_its_order_and_the_receipt_replays(shop):
    _variants, customer, _run = shop
    answer = ask(customer)
    assert skus(answer) == ["S-02", "S-05", "S-08"]
    assert {item.source for item in answer.items} == {"personal"}
    receipt = Decision.objects.get(pk=answer.receipt_id)
    assert receipt.subject == "customer:C-4"
    assert replay(receipt) == (receipt.output, True)


def test_what_is_sold_out_or_excluded_is_skipped_and_the_fallbacks_fill(shop):
    variants, customer, _run = shop
    StockLevel.objects.filter(variant=variants[2]).update(allocated=10)
    answer = ask(customer, exclude=("S-05",))
    assert skus(answer) == ["S-08", "S-11", "S-14"]
    receipt = Decision.objects.get(pk=answer.receipt_id)
    assert replay(receipt) == (receipt.output, True)
    answer = ask(customer, limit=9)
    assert skus(answer)[:4] == ["S-05", "S-08", "S-11", "S-14"]
    assert {item.source for item in answer.items[4:]} == {"popular"}
    receipt = Decision.objects.get(pk=answer.receipt_id)
    assert replay(receipt) == (receipt.output, True)


def test_a_newer_order_puts_scores_of_this_moment_in_its_place(shop):
    variants, customer, _run = shop
    make_order([(variants[5], 1)], customer=customer, at=LATER)  # the list was made as of LATER
    answer = ask(customer)
    assert "S-05" not in skus(answer)
    assert skus(answer) != ["S-02", "S-08", "S-11"]


@pytest.mark.parametrize(("granted", "still"), [(True, False), (None, True)])
def test_newer_behaviour_counts_where_she_allowed_it(shop, granted, still):
    variants, customer, _run = shop
    if granted:
        Consent.objects.create(
            customer=customer, purpose="personalisation", granted=True, source="t",
            recorded_at=START,
        )  # fmt: skip
    Event.objects.create(
        event_id="e", kind="view", occurred_at=SOON, received_at=LATER, customer=customer,
        variant=variants[0], consent=True,
    )  # fmt: skip
    assert (skus(ask(customer)) == ["S-02", "S-05", "S-08"]) is still


def test_a_list_of_another_run_and_one_of_who_refused_are_not_used(shop):
    _variants, customer, run = shop
    other = publish_model(salt="2")
    assert skus(ask(customer)) != ["S-02", "S-05", "S-08"]
    make_live(run, reason="rollback")
    assert skus(ask(customer)) == ["S-02", "S-05", "S-08"]
    make_live(other, reason="again")
    Consent.objects.create(
        customer=customer, purpose="personalisation", granted=False, source="t", recorded_at=START
    )
    make_live(run, reason="rollback")
    assert {item.source for item in ask(customer).items} == {"popular"}


def test_a_broken_file_stops_no_request_and_the_model_before_it_serves(shop, settings, tmp_path):
    _variants, customer, run = shop
    assert ask(customer).run_id == run.pk
    broken = publish_model(salt="broken", weights={"popularity": 1.0})
    (settings.ARTEFACT_DIR / broken.artefact).write_bytes(b"not a model")
    mapped_models.forget_all()  # another test may have made the same file
    answer = ask(customer)
    assert (answer.run_id, skus(answer)) == (run.pk, ["S-02", "S-05", "S-08"])
    live_model._current.clear()
    mapped_models.forget_all()
    assert ask(customer).run_id is None  # no model before it: what sells
    assert ask(customer).items


def make_proposal(number):
    return Proposal(
        kind=KIND, key=f"k{number}", subject="anybody", headline={}, why={"msgid": "x"},
        inputs={"a": [1]}, output={"items": []},
    )  # fmt: skip


@pytest.mark.django_db(transaction=True)
def test_receipts_wait_and_are_written_together(monkeypatch):
    monkeypatch.setattr(receipt_writer, "_is_on", True)
    monkeypatch.setattr(receipt_writer, "_begin", lambda: None)
    ids = [uuid.uuid4() for _number in range(3)]
    for number, receipt_id in enumerate(ids):
        receipt_writer.record_soon(make_proposal(number), receipt_id)
    assert not Decision.objects.exists()
    assert receipt_writer.write_waiting() == 3
    rows = {row.pk: row for row in Decision.objects.all()}
    assert set(rows) == set(ids)
    assert rows[ids[0]].inputs == {"a": [1]}
    assert (rows[ids[0]].key, rows[ids[0]].outcome, rows[ids[0]].decided_at) == ("k0", {}, None)
    assert receipt_writer.write_waiting() == 0


@pytest.mark.django_db(transaction=True)
def test_a_receipt_that_is_there_already_spoils_no_other(monkeypatch):
    monkeypatch.setattr(receipt_writer, "_is_on", True)
    monkeypatch.setattr(receipt_writer, "_begin", lambda: None)
    twice = uuid.uuid4()
    receipt_writer.record_soon(make_proposal(1), twice)
    receipt_writer.write_waiting()
    receipt_writer.record_soon(make_proposal(1), twice)
    receipt_writer.record_soon(make_proposal(2), uuid.uuid4())
    receipt_writer.write_waiting()
    assert Decision.objects.count() == 2


def test_inside_a_transaction_and_outside_web_processes_a_receipt_is_written_at_once(monkeypatch):
    monkeypatch.setattr(receipt_writer, "_is_on", True)
    receipt_writer.record_soon(make_proposal(1), uuid.uuid4())  # the test's own transaction
    assert Decision.objects.count() == 1
    monkeypatch.setattr(receipt_writer, "_is_on", False)
    receipt_writer.record_soon(make_proposal(2), uuid.uuid4())
    assert Decision.objects.count() == 2
