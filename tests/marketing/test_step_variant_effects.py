"""What came of each of several texts of a step, and who is shown it."""

from collections import Counter
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from marketing.models import (
    Send,
)
from marketing.services.effects.effects import journey_effects
from tests.factories_access import make_staff
from tests.factories_journey_steps import (
    cart_journey,
    next_version,
    of,
    order,
    reach,
    varied,
)
from tests.marketing.test_journeys import (
    NOON,
    make_ware,
    text,
)

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture(autouse=True)
def _storefront(settings):
    settings.STOREFRONT_URL = "https://shop.example"
    settings.MARKETING_CAP_MESSAGES = 5
    settings.MARKETING_SEND_COST_MINOR = 3


@pytest.mark.django_db
def test_effects_of_each_variant_by_hand():
    journey = cart_journey(varied(rate=0.3))
    kettle = make_ware(units=999)
    drawn = reach(journey, 500, "M")
    first, second, held = of(drawn, "A"), of(drawn, "B"), of(drawn, "held_out")
    assert min(len(first), len(second), len(held)) >= 100
    order([*first[:10], *second[:70]], kettle)
    found = journey_effects(journey, NOON + 2 * DAY, step="reminder")
    arms = {part.key: part.metrics for part in found.arms}
    assert {*arms} == {"A", "B"}
    for name, crowd, bought in (("A", first, 10), ("B", second, 70)):
        assert arms[name]["entered"].value == arms[name]["customers"].value == len(crowd)
        assert arms[name]["sent"].value == len(crowd)
        assert arms[name]["converted"].value == bought
        assert arms[name]["incremental_orders"].value == pytest.approx(bought)
        assert arms[name]["incremental_revenue"].value == pytest.approx(bought * 1000)
        assert arms[name]["incremental_revenue"].low is not None
    [against] = found.against
    assert (against.arm, against.control, against.verdict) == ("B", "A", "win")
    assert found.metrics["b_less_a"].low > 0
    assert found.metrics["variant_ratio_p"].value > 0.01


@pytest.mark.django_db
def test_like_variants_cannot_be_told_apart_and_few_are_too_few():
    journey = cart_journey(varied(rate=0.3))
    kettle = make_ware(units=999)
    few = reach(journey, 12, "F")
    [against] = journey_effects(journey, NOON + 2 * DAY, step="reminder").against
    assert (against.verdict, against.sentence[:7]) == ("cannot tell", "Too few")
    drawn = few | reach(journey, 500, "M")
    order([*of(drawn, "A")[:30], *of(drawn, "B")[:31]], kettle)
    [against] = journey_effects(journey, NOON + 2 * DAY, step="reminder").against
    assert against.verdict == "cannot tell"
    assert against.sentence.startswith("Cannot tell")


@pytest.mark.django_db
def test_without_a_holdout_they_still_tell_each_other_apart():
    journey = cart_journey(varied())
    kettle = make_ware(units=999)
    drawn = reach(journey, 400, "M")
    order(of(drawn, "B")[:80], kettle)
    found = journey_effects(journey, NOON + 2 * DAY, step="reminder")
    assert found.against[0].verdict == "win"
    assert "incremental_orders" not in found.arms[0].metrics


@pytest.mark.django_db
def test_a_variant_that_loses_people_is_not_to_be_trusted():
    journey = cart_journey(varied())
    drawn = reach(journey, 400, "M")
    lost = [one.pk for one in of(drawn, "B")[:90]]
    Send.objects.filter(customer__in=lost).update(state="skipped", reason="no_address")
    found = journey_effects(journey, NOON + 2 * DAY, step="reminder")
    assert found.metrics["variant_ratio_p"].value < 0.001
    assert "do not fit their shares" in found.sentences[0]


@pytest.mark.django_db
def test_what_a_dropped_variant_brought_stays_and_the_others_are_pooled():
    """Three variants, then two with other shares: A and B are compared within each, C as it was."""
    thirds = {"A": 0.34, "B": 0.33, "C": 0.33}
    journey = cart_journey(varied(thirds))
    kettle = make_ware(units=999)
    early = reach(journey, 300, "E")
    next_version(journey, varied({"A": 0.2, "B": 0.8}))
    late = reach(journey, 400, "L")
    order([*of(early, "B")[:40], *of(late, "B")[:120], *of(early, "C")[:5]], kettle)
    found = journey_effects(journey, NOON + 2 * DAY, step="reminder")
    assert [part.key for part in found.arms] == ["A", "B", "C"]
    sizes = {part.key: part.metrics["customers"].value for part in found.arms}
    assert sizes == Counter([*early.values(), *late.values()])
    verdicts = {one.arm: one.verdict for one in found.against}
    assert verdicts["B"] == "win"
    apart = [
        40 / len(of(early, "B")) - 0,
        120 / len(of(late, "B")) - 0,
    ]
    pooled = 600 * (apart[0] * 300 + apart[1] * 400) / 700
    # Strata count by their size; C's customers are part of the first one's.
    assert found.metrics["b_less_a"].value == pytest.approx(pooled, rel=0.01)
    assert found.metrics["variant_ratio_p"].value > 0.01


@pytest.mark.django_db
def test_new_words_under_an_old_name_are_another_variant():
    journey = cart_journey(varied())
    old = reach(journey, 60, "E")
    next_version(journey, varied(B=text(subject="Quite another B", body="{product} {link}")))
    new = reach(journey, 60, "L")
    found = {
        part.key: part.metrics
        for part in journey_effects(journey, NOON + 2 * DAY, step="reminder").arms
    }
    assert found["B"]["customers"].value == found["B"]["sent"].value == len(of(new, "B"))
    assert found["A"]["customers"].value == len(of(old, "A")) + len(of(new, "A"))
    other = {name: text(subject=f"New {name}", body="{product} {link}") for name in "AB"}
    next_version(journey, varied(**other))
    found = journey_effects(journey, NOON + 2 * DAY, step="reminder")
    assert [part.metrics["customers"].value for part in found.arms] == [0, 0]
    assert [one.verdict for one in found.against] == ["cannot tell"]


@pytest.mark.django_db
def test_each_text_of_each_variant_has_figures():
    both = {
        name: text(subject=name, body="{product} {link}")
        | {"zh": {"subject": f"{name} 看看", "body": "{product} {link}"}}
        for name in "AB"
    }
    journey = cart_journey(varied(rate=0.3, **both))
    kettle = make_ware(units=999)
    reach(journey, 150, "E", language="en")
    readers = reach(journey, 200, "Z", language="zh")
    order(of(readers, "B")[:30], kettle)
    arms = {
        part.key: part.metrics
        for part in journey_effects(journey, NOON + 2 * DAY, step="reminder").arms
    }
    assert {*arms} == {"A", "B", "A-en", "A-zh", "B-en", "B-zh"}
    assert arms["B-zh"]["sent"].value == len(of(readers, "B"))
    assert arms["B-zh"]["incremental_orders"].value == pytest.approx(30)
    assert arms["B-en"]["incremental_orders"].value == pytest.approx(0)


@pytest.mark.django_db
def test_page_report_and_program_show_every_variant(client):
    journey = cart_journey(varied(rate=0.3))
    kettle = make_ware(units=999)
    drawn = reach(journey, 500, "M")
    order(of(drawn, "B")[:70], kettle)
    client.force_login(make_staff("marketing.view_campaign", "marketing.view_journey"))
    with CaptureQueriesContext(connection) as counted:
        page = client.get(reverse("admin:marketing_journey_page", args=[journey.pk]))
    said = page.content.decode()
    assert "variant A, 50" in said
    assert "brings more than" in said
    assert len(counted) <= 62
    url = reverse("admin:marketing_journey_effects", args=[journey.pk])
    report = client.get(url + "?step=reminder").content.decode()
    assert "Variant by variant" in report
    assert 'id="metric-b_less_a"' in report
    csv = client.get(url + "?step=reminder&as=csv").content.decode()
    assert "B:incremental_profit" in csv
