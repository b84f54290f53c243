"""After an erasure nothing of her is found, by a search that does not ask the registry; the money of the
shop is what it was, and her neighbour is as she was."""

import json
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.core import serializers
from django.db import DatabaseError, transaction

from marketing.models import TierMembership, TierMove
from privacy.models import ErasureState
from privacy.services import searching
from privacy.services.erasing import STEPS, erase_person
from privacy.services.subjects import read_subject
from privacy.services.words import words_of
from shop.models import (
    CouponMovement,
    Customer,
    Event,
    EventKey,
    Order,
    Refund,
    ReviewDecision,
    WaitlistEntry,
)
from shop.services.coupons.verify import coupon_differences
from shop.services.erased import ledgers_forget
from tests.factories_marketing import Quiet
from tests.factories_privacy import (
    CODE,
    EMAIL,
    NAME,
    PHONE,
    VISITOR,
    erase,
    make_known_person,
    money_of_the_shop,
    start_erasure,
)

pytestmark = pytest.mark.django_db


def whole_database() -> str:
    rows = [
        row for model in apps.get_models() if not model._meta.proxy for row in model.objects.all()
    ]
    return serializers.serialize("json", rows, ensure_ascii=False)


def test_before_the_work_the_search_finds_her_nearly_everywhere():
    """The negative control of all below: the search is able to find."""
    words = words_of(read_subject(make_known_person()))
    found = {hit.table for hit in searching.search(words)}
    assert found >= {
        "shop_customer", "shop_order", "shop_coupon", "shop_consent", "shop_visitorlink",
        "shop_latestevent", "support_message", "support_ticket", "outbox_message",
        "access_idempotentanswer", "language_textcall", "decisions_job", "decisions_snapshot",
        "decisions_decision", "decisions_decisionchange", "django_admin_log", "marketing_send",
        "marketing_enrolment", "marketing_audiencemember", "shop_refund", "shop_orderline",
    }  # fmt: skip


def test_nothing_of_her_is_left_and_no_money_has_changed():
    her = make_known_person()
    money, offers = money_of_the_shop(), coupon_differences()
    words = words_of(read_subject(her))
    erasure = erase(her)
    assert erasure.state == ErasureState.PROVEN, erasure.found
    assert [step.name for step in erasure.steps.all()] == list(STEPS)
    assert money_of_the_shop() == money
    assert coupon_differences() == offers
    assert list(searching.search(words)) == []
    left = whole_database()
    for word in (CODE, EMAIL, NAME, PHONE, VISITOR, "canary"):
        assert word not in left
    assert not Customer.objects.filter(pk=her.pk).exists()
    assert erasure.working == {}
    assert erasure.customer is None
    assert not any(
        (Path(settings.VAR_DIR) / name / "canary.csv").exists() for name in ("uploads", "mail")
    )


def test_what_stays_stays_under_a_pseudonym_that_says_no_to_everything():
    her = make_known_person()
    number = her.orders.get().number
    erasure = erase(her)
    order = Order.objects.get(number=number)
    assert order.customer == erasure.pseudonym
    assert order.country == "GB"
    assert order.customer.is_pseudonym
    assert not order.customer.email
    assert not any(
        order.customer.allows(p) for p in ("personalisation", "analytics", "marketing_sms")
    )
    assert order.returns.get().customer == erasure.pseudonym
    assert Refund.objects.get(order=order).reason == ""
    coupons = erasure.pseudonym.coupons.all()
    assert sorted(one.state for one in coupons) == ["redeemed", "revoked"]
    assert CouponMovement.objects.filter(coupon__in=coupons).count() == 3  # two issued, one revoked
    assert WaitlistEntry.objects.filter(customer=None, state="cancelled").count() == 1


def test_a_move_between_tiers_changes_hands_through_the_door_and_in_nothing_else():
    her = make_known_person()
    move = TierMove.objects.get(customer=her)
    other = Customer.objects.exclude(pk=her.pk).first()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        TierMove.objects.filter(pk=move.pk).update(customer=other)
    with pytest.raises(DatabaseError, match="append-only"), ledgers_forget():
        TierMove.objects.filter(pk=move.pk).update(customer=other, value=1)
    erase(her)
    kept = TierMove.objects.get(pk=move.pk)
    assert kept.customer.is_pseudonym
    assert (kept.value, kept.at) == (move.value, move.at)
    assert kept.key == f"erased:{move.pk}"
    assert not TierMembership.objects.filter(customer=kept.customer).exists()
    assert set(ReviewDecision.objects.values_list("note", flat=True)) == {
        "",
        f"{other.name} asked for it",
    }


def test_her_neighbour_is_untouched():
    her = make_known_person()
    other = Customer.objects.get(code="OTHER-1")
    before = {
        relation.related_model._meta.label: list(
            relation.related_model._base_manager.filter(**{relation.field.name: other})
            .order_by("pk")
            .values()
        )
        for relation in Customer._meta.related_objects
    }
    erase(her)
    for relation in Customer._meta.related_objects:
        rows = relation.related_model._base_manager.filter(**{relation.field.name: other})
        assert list(rows.order_by("pk").values()) == before[relation.related_model._meta.label]
    assert set(Event.objects.values_list("event_id", flat=True)) == {"event-3", "event-4"}
    assert EventKey.objects.count() == 2


def test_the_counts_are_those_of_the_rows_and_twice_is_once():
    her = make_known_person()
    erasure = erase(her)
    counts = {}
    for step in erasure.steps.all():
        counts |= {name: counts.get(name, 0) + rows for name, rows in step.counts.items()}
    assert counts["shop.Event"] == 2
    assert counts["shop.Order"] == 1
    assert counts["shop.Customer"] == 1
    assert counts["support.Ticket"] == 1
    assert counts["files"] == 3
    before = list(erasure.steps.values())
    assert erase_person(Quiet(), erasure.pk) == {"state": "proven"}
    assert list(erasure.steps.values()) == before


def test_the_proof_says_where_something_still_stands_and_names_nobody():
    her = make_known_person()
    picture = Path(settings.VAR_DIR) / "media" / "note.txt"
    picture.parent.mkdir(parents=True, exist_ok=True)
    picture.write_text(f"photo of {EMAIL}")
    try:
        erasure = erase(her)
    finally:
        picture.unlink()
    assert erasure.state == ErasureState.FOUND
    assert erasure.found == [{"where": "file", "row": "media/note.txt", "kinds": ["email"]}]
    assert EMAIL not in json.dumps([erasure.found, erasure.searched])
    assert erasure.searched["tables"] > 100
    assert "whole_values_only" in erasure.searched


def test_an_order_under_way_keeps_her_and_nothing_is_removed():
    her = make_known_person()
    erasure = start_erasure(her)
    her.orders.update(state="paid")
    with pytest.raises(Exception, match="under way"):
        erase_person(Quiet(), erasure.pk)
    erasure.refresh_from_db()
    assert erasure.state == ErasureState.REFUSED
    assert erasure.customer is None
    assert her.orders.count() == 1
    assert her.consents.exists()
