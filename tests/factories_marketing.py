"""Customers who may be written to, and campaigns ready to be proposed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.db.models import Max, Model

from marketing.models import Campaign, CampaignItem, CopyState, CopyVariant, Segment
from marketing.services.audiences import segments
from marketing.services.campaigns import campaigns
from shop.models import Consent, Customer, Purpose
from tests.factories import make_customer, make_order, make_stock, make_variant

AS_OF = datetime(2026, 3, 2, tzinfo=UTC)
LONG_AGO = datetime(2025, 1, 1, tzinfo=UTC)
FIRST_KEY = 9_000_001


class Quiet:
    """A progress that nobody watches."""

    job_id = 0

    def __call__(self, done: int, total: int = 0, note: str = "") -> None:
        pass

    def still_mine(self) -> None:
        pass


def own_key(model: type[Model]) -> int:
    """A key for a campaign or journey: FIRST_KEY, and one more for each one that is there.

    Who is held out hangs on that key, and PostgreSQL's sequences go on from test to test: with keys
    of their own the draws, and with them the noise, are the same in every run and every order.
    """
    last = model._default_manager.aggregate(last=Max("pk"))["last"] or 0
    return max(FIRST_KEY, last + 1)


def give_consent(customer: Customer, granted: bool = True, at: datetime = LONG_AGO) -> Consent:
    return Consent.objects.create(
        customer=customer,
        purpose=Purpose.MARKETING_EMAIL,
        granted=granted,
        source="test",
        recorded_at=at,
    )


def make_reachable(number: int, prefix: str = "R", **fields) -> list[Customer]:
    customers = [
        make_customer(f"{prefix}-{n}", email=f"{prefix.lower()}{n}@example.com", **fields)
        for n in range(number)
    ]
    for customer in customers:
        give_consent(customer)
    return customers


def make_segment(rule: dict | None = None, code: str = "everybody") -> Segment:
    return Segment.objects.create(code=code, name=code.title(), rule=rule or {})


def make_campaign(**fields) -> Campaign:
    """A draft with one SKU in stock, one proven English text chosen, and a link."""
    variant = fields.pop("variant", None) or make_variant("KET-1", name="Copper Kettle")
    if not variant.stock_levels.exists():
        make_stock(variant, 1000)
    body = fields.pop("body", "{greeting}\n\n{product} is yours for {price}.\n\n{link}")
    options = {
        "pk": own_key(Campaign),
        "name": "Spring",
        "goal": "announce",
        "link_url": "https://shop.example/kettle",
        "holdout_rate": 0.0,
    }
    segment = fields.pop("segment", None) or make_segment()
    campaign = Campaign.objects.create(segment=segment, **(options | fields))
    CampaignItem.objects.create(campaign=campaign, variant=variant, position=1)
    CopyVariant.objects.create(
        campaign=campaign,
        language="en",
        subject="Meet {product}",
        body=body,
        provider="templates",
        state=CopyState.CHOSEN,
    )
    return campaign


def approve(campaign: Campaign, by=None) -> Campaign:
    from decisions.services import receipts

    decision = campaigns.propose_campaign(campaign)
    receipts.approve(decision, by)
    campaign.refresh_from_db()
    return campaign


def make_rhythm(as_of: datetime = AS_OF) -> None:
    """60 customers who order every 20 days (a few later), then fall silent for 0 to 59 × 4 days."""
    variant = make_variant("TEA-9", name="Morning Tea")
    make_stock(variant, 500)
    for n, customer in enumerate(make_reachable(60, prefix="H")):
        silent = timedelta(days=1 + 4 * n)
        for visit in range(3):
            gap = timedelta(days=(20 + n) * visit)
            make_order([(variant, 1 + n % 3)], customer=customer, at=as_of - silent - gap)
    for customer in make_reachable(30, prefix="N"):
        make_order([(variant, 1)], customer=customer, at=as_of - timedelta(days=10))
    segments.ensure_builtin_segments()
