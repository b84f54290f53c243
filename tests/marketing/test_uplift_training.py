"""An uplift model from finished campaigns: live where it beats chance, else refused with the reason."""

from datetime import timedelta

import numpy as np
import pytest
from django.utils import timezone

from decisions.services.experiments import in_share
from marketing.ml.uplift import Model
from marketing.ml.uplift_features import NAMES, order_features
from marketing.models import Audience, AudienceMember, Campaign
from marketing.services.effects.uplift import TooLittleHistoryError, train_uplift
from shop.models import Customer, Order, OrderLine
from tests.factories import make_variant
from tests.factories_marketing import make_segment, own_key

DAY = timedelta(days=1)


def finished_campaign(customers: int, moved: bool, others: float = 0.1) -> Campaign:
    """Half held out. Who ordered before orders again in 6 of 10 cases when written to, the
    `others` in that share of them, and everybody else in 1 of 10; `moved` false: the message moves
    nobody."""
    start, generator = timezone.now() - 40 * DAY, np.random.default_rng(1)
    segment = make_segment()
    audience = Audience.objects.create(
        segment=segment, rule={}, channel="email", is_complete=True, customer_count=customers
    )
    campaign = Campaign.objects.create(
        pk=own_key(Campaign), name="Spring", goal="announce", segment=segment, audience=audience,
        holdout_rate=0.5, state="sent", started_at=start,
    )  # fmt: skip
    made = Customer.objects.bulk_create(
        Customer(code=f"U{n}", email=f"u{n}@example.com") for n in range(customers)
    )
    held = [in_share(f"campaign:{campaign.pk}", one.code, 0.5) for one in made]
    AudienceMember.objects.bulk_create(
        AudienceMember(audience=audience, customer=one, is_holdout=out)
        for one, out in zip(made, held, strict=True)
    )
    old = [one for number, one in enumerate(made) if number % 2]
    orders = [(one, start - 30 * DAY) for one in old]
    for number, (one, out) in enumerate(zip(made, held, strict=True)):
        rate = 0.1 if out or not moved else (0.6 if number % 2 else others)
        if generator.random() < rate:
            orders.append((one, start + DAY))
    _write(orders)
    return campaign


def _write(orders) -> None:
    tea = make_variant("TEA-1")
    rows = Order.objects.bulk_create(
        Order(
            number=f"U{number}", customer=one, currency="GBP", items_minor=1000, total_minor=1000,
            placed_at=at, state="delivered",
        )
        for number, (one, at) in enumerate(orders)
    )  # fmt: skip
    OrderLine.objects.bulk_create(
        OrderLine(
            order=row, position=0, variant=tea, units=1, unit_price_minor=1000, total_minor=1000
        )
        for row in rows
    )


@pytest.fixture
def artefacts(settings, tmp_path):
    settings.ARTEFACT_DIR = tmp_path
    return tmp_path


@pytest.mark.django_db
def test_what_beats_chance_goes_live_and_is_trained_once(artefacts):
    finished_campaign(2400, moved=True)
    run = train_uplift(timezone.now(), seed=1)
    assert run.state != "refused"
    assert run.metrics["qini_minor"][run.model]["low"] > 0
    model = Model.from_json((artefacts / run.artefact).read_text())
    nobody, before = np.full(len(NAMES), np.nan), np.array([70, 1, 1000, 70, 1, np.nan])
    nobody[[1, 2, 4]] = 0
    said = model.predict(np.array([nobody, before]))
    assert said[1] > said[0] + 100  # £6 × 0.5 is the truth
    assert train_uplift(timezone.now(), seed=1) == run


@pytest.mark.django_db
def test_what_does_not_is_refused(artefacts):
    finished_campaign(2400, moved=False)
    run = train_uplift(timezone.now(), seed=1)
    assert run.state == "refused"
    assert run.metrics["qini_minor"][run.model]["low"] <= 0


@pytest.mark.django_db
def test_too_few_customers_are_said(artefacts):
    with pytest.raises(TooLittleHistoryError, match="held out 0 customers"):
        train_uplift(timezone.now(), seed=1)


def test_features_by_hand():
    at = np.array([10.0, 30.0, 95.0]) * 86_400
    found = order_features(
        np.array([7, 3]), np.array([3, 3, 9]), at, np.array([500, 700, 1]), as_of=100 * 86_400.0
    )
    assert found[1].tolist() == [70, 2, 1200, 90, 2, 20]
    assert np.isnan(found[0]).tolist() == [True, False, False, True, False, True]
