"""A person of whom something stands nearly everywhere."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType

from access.models import IdempotentAnswer
from decisions.models import Job, Snapshot
from decisions.services.receipts import log_change
from language.models import TextCall
from marketing.models import (
    Audience,
    AudienceMember,
    CustomerProfile,
    Enrolment,
    Journey,
    JourneyVersion,
    SegmentChange,
    SegmentMember,
    Send,
    Suppression,
    TierMembership,
    TierMove,
    TierProgramme,
)
from outbox.models import Message as OutboxMessage
from privacy.models import Erasure
from privacy.services import erasures
from shop.models import (
    Customer,
    CustomerAttribute,
    LatestEvent,
    Order,
    Payment,
    Refund,
    Return,
    Review,
)
from shop.services import waitlist
from shop.services.customers import record_consent
from shop.services.events.event_log import append_events
from shop.services.events.event_rows import EventRow
from support.models import Draft
from tests.factories import NOW, make_customer, make_order, make_variant
from tests.factories_coupons import make_coupon
from tests.factories_decisions import make_decision
from tests.factories_marketing import Quiet, make_segment
from tests.factories_support import make_ticket
from tests.factories_tiers import make_programme

CODE, EMAIL, NAME, PHONE = (
    "CANARY-1",
    "canary.li@example.com",
    "Canary Li 金丝雀",
    "+44 7700 900123",
)
VISITOR, PUSH = "visitor-canary-1", "push-token-canary-1"


def event(number: int, customer: Customer | None = None, visitor: str = "", **fields) -> EventRow:
    said = {
        "kind": "view", "occurred_at": NOW, "received_at": NOW, "session": f"s-{visitor}",
        "query": "", "properties": "{}", "consent": True, "clock_ahead_seconds": None,
        "variant_id": None, "order_id": None, "units": None,
    }  # fmt: skip
    return EventRow(
        event_id=f"event-{number}", visitor=visitor,
        customer_id=customer.pk if customer else None, **(said | fields),
    )  # fmt: skip


def make_known_person() -> Customer:
    """Her and her neighbour, of whom nothing may be touched."""
    her = make_customer(
        CODE, email=EMAIL, name=NAME, phone=PHONE, push_token=PUSH, country="GB", birthday="02-29"
    )
    other = make_customer("OTHER-1", name="Other Person", phone="+44 7700 900999")
    tea = make_variant("TEA-1", name="Jasmine Tea")
    for one in (her, other):
        _shop_rows(one, tea)
        _marketing_rows(one)
    append_events(
        [
            event(1, her, VISITOR), event(2, None, VISITOR, query=f"gift for {NAME}"),
            event(3, other, "visitor-other"), event(4, None, "visitor-nobody"),
        ]
    )  # fmt: skip
    _texts(her)
    _files()
    return her


def _shop_rows(one: Customer, tea) -> None:
    order = make_order([(tea, 2)], customer=one, country="GB", idempotency_key=f"cart:{one.code}")
    order.transitions.create(from_state="placed", to_state="paid", note=f"{one.name} called")
    back = Return.objects.create(
        number=f"R-{one.pk}", order=order, customer=one, currency="GBP", refund_minor=1000,
        reason=f"{one.name} did not like it", returned_at=NOW,
    )  # fmt: skip
    Refund.objects.create(
        order=order, number=f"F-{one.pk}", goods_return=back, currency="GBP", amount_minor=1000,
        reason=f"for {one.email}",
    )  # fmt: skip
    Payment.objects.create(
        order=order, provider="card", reference=f"pay-{one.pk}", currency="GBP",
        authorised_minor=2000, captured_minor=2000, refunded_minor=0,
    )  # fmt: skip
    review = Review.objects.create(
        key=f"rev-{one.pk}", product=tea.product, customer=one, rating=4, body=f"I, {one.name}"
    )
    review.flags.create(reason="personal_data", evidence={"words": one.name})
    review.decisions.create(
        number=1, step="publish", from_state="pending", to_state="published",
        note=f"{one.name} asked for it", at=NOW,
    )  # fmt: skip
    record_consent(one, "marketing_email", granted=True, source="test", at=NOW)
    CustomerAttribute.objects.create(
        customer=one, name="likes", value="tea", purpose="analytics", source="quiz"
    )
    LatestEvent.objects.create(customer=one, kind="view", place=1, received_at=NOW, event_pk=one.pk)
    waitlist.join(waitlist.Wish(1, "test", consent=True, variant=tea, customer=one))
    make_coupon(one)
    used = make_coupon(one)
    type(used).objects.filter(pk=used.pk).update(state="redeemed", order=order, discount_minor=100)
    order.lines.update(text=f"Coupon {used.code}")


def _marketing_rows(one: Customer) -> None:
    segment = make_segment(code=f"seg-{one.pk}")
    SegmentMember.objects.create(segment=segment, customer=one, since=NOW)
    SegmentChange.objects.create(segment=segment, customer=one, entered=True, at=NOW)
    audience = Audience.objects.create(segment=segment, name="list", key=f"list-{one.pk}")
    AudienceMember.objects.create(audience=audience, customer=one, is_holdout=False)
    CustomerProfile.objects.create(
        customer=one, as_of=NOW, recency_days=1, frequency=1, monetary_minor=1, tenure_days=1
    )
    made = TierProgramme.objects.first() or make_programme()
    bronze = made.tiers.get(rank=1)
    TierMembership.objects.create(programme=made, customer=one, tier=bronze, since=NOW)
    TierMove.objects.create(
        programme=made, customer=one, to_tier=bronze, is_rise=True, at=NOW, key=f"1:{one.code}",
        figure="net_spend", value=20_000, trace={"orders": 1}, revision=1,
    )  # fmt: skip
    Suppression.objects.create(customer=one, channel="sms", reason="left")
    journey = Journey.objects.create(code=f"j-{one.pk}", name="Journey")
    version = JourneyVersion.objects.create(journey=journey, number=1, definition={})
    road = Enrolment.objects.create(
        journey=journey, version=version, customer=one, key=f"c:{one.code}", entered_at=NOW
    )
    Send.objects.create(enrolment=road, step="1", channel="email", customer=one, state="sent")


def _texts(her: Customer) -> None:
    decision = make_decision("receipt:1", subject=f"customer:{CODE}")
    other = make_decision("receipt:2", subject="sku:TEA-1", why={"msgid": f"asked by {EMAIL}"})
    log_change(other, "edited", None, note=f"for {NAME}")
    ticket = make_ticket(f"I am {NAME}", email=EMAIL, customer=her, number="S-77001")
    Draft.objects.create(
        ticket=ticket, answers=ticket.messages.first(), body=f"Dear {NAME}", language="en",
        decision=make_decision("draft:1", subject="ticket:S-77001"),
    )  # fmt: skip
    make_ticket(f"I know {NAME}, {PHONE}", email="friend@example.com", number="S-77002")
    assert decision.pk
    OutboxMessage.objects.create(
        kind="order.placed", key=f"order.placed:{CODE}", payload={"customer": CODE, "n": 1}
    )
    IdempotentAnswer.objects.create(
        scope="key", key="one", request_sha256="0", body=f'{{"customer":"{CODE}"}}'
    )
    TextCall.objects.create(
        purpose="x", model="m", prompt=f"write to {NAME.upper()}", outcome="answered",
        cost_millionths=0,
    )  # fmt: skip
    Job.objects.create(kind="import_data", payload={"customer_id": her.pk, "to": EMAIL})
    Snapshot.objects.create(
        subject="x:1", payload={"customer_ids": [1, her.pk]}, as_of=NOW, seconds=0
    )
    LogEntry.objects.create(
        user=User.objects.get_or_create(username="clerk")[0], object_id=str(her.pk),
        content_type=ContentType.objects.get_for_model(Customer), object_repr=NAME, action_flag=2,
    )  # fmt: skip


def _files() -> None:
    for folder in ("uploads", "exports", "mail"):
        path = Path(settings.VAR_DIR) / folder / "canary.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"code,email\n{CODE},{EMAIL}\n", encoding="utf-8")


def start_erasure(her: Customer) -> Erasure:
    """Asked for and approved; the work has not begun."""
    return erasures.approve(erasures.ask(her))


def erase(her: Customer) -> Erasure:
    from privacy.services.erasing import erase_person

    erasure = start_erasure(her)
    erase_person(Quiet(), erasure.pk)
    erasure.refresh_from_db()
    return erasure


def money_of_the_shop() -> dict:
    """What accounts are made of: whoever is behind it."""
    return {
        "orders": sorted(
            Order.objects.values_list("number", "items_minor", "total_minor", "placed_at")
        ),
        "returns": sorted(Return.objects.values_list("number", "refund_minor")),
        "refunds": sorted(Refund.objects.values_list("number", "amount_minor", "tax_minor")),
        "payments": sorted(Payment.objects.values_list("reference", "captured_minor")),
    }
