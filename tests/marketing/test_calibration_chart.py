"""What was said beside what came: a dot per tenth, and the interval of every figure in the list."""

import re
from datetime import UTC, date, datetime

import pytest

from marketing.models import CustomerPrediction
from marketing.pages.calibration_chart import Tenth, calibration_chart
from tests.factories import make_customer


def test_a_dot_where_both_are_equal_lies_on_the_line():
    chart = calibration_chart(
        [Tenth(0.1, 0.1, 0.05, 0.15, 40), Tenth(0.4, 0.4, 0.3, 0.5, 40)], "orders"
    )
    ends = re.search(
        r'class="mk-equal" x1="(.*?)" y1="(.*?)" x2="(.*?)" y2="(.*?)"', chart
    ).groups()
    x1, y1, x2, y2 = map(float, ends)
    dots = re.findall(r'<circle cx="(.*?)" cy="(.*?)"', chart)
    assert len(dots) == 2
    for cx, cy in dots:
        along = (float(cx) - x1) / (x2 - x1)
        assert float(cy) == pytest.approx(y1 + along * (y2 - y1), abs=0.2)
    assert "said 40 %, came 40 % (30 % to 50 %), 40 customers" in chart


def test_one_tenth_is_no_chart():
    assert calibration_chart([Tenth(0.1, 0.1, 0, 0.2, 5)], "orders") == ""


def test_all_chances_may_be_nought_or_one():
    for share in (0.0, 1.0):
        assert calibration_chart([Tenth(share, share, share, share, 9)] * 10, "orders")


def test_margin_has_the_interval_of_the_spend_or_none():
    row = CustomerPrediction(margin_rate=0.4, spend_90_low_minor=0, spend_90_high_minor=1001)
    assert row.margin_interval(90) == (0, 400)
    assert row.margin_interval(30) is None
    loss = CustomerPrediction(margin_rate=-0.1, spend_30_low_minor=0, spend_30_high_minor=100)
    assert loss.margin_interval(30) == (-10, 0)


@pytest.mark.django_db
def test_the_list_says_the_interval_of_each_figure(admin_client):
    fields = {
        "p_alive": 0.8, "p_alive_low": 0.7, "p_alive_high": 0.9, "spend_90_minor": 12_000,
        "spend_90_low_minor": 0, "spend_90_high_minor": 30_000,
        "next_order_on": date(2026, 3, 1), "next_order_from": date(2026, 2, 1),
    }  # fmt: skip
    CustomerPrediction.objects.create(
        customer=make_customer("A"), as_of=datetime(2026, 2, 1, tzinfo=UTC), order_days=3,
        silent_days=2, **fields,
    )  # fmt: skip
    CustomerPrediction.objects.create(
        customer=make_customer("B"), as_of=datetime(2026, 2, 1, tzinfo=UTC), order_days=1,
        silent_days=2,
    )  # fmt: skip
    page = admin_client.get("/marketing/customerprediction/").content.decode()
    assert "70–90 %" in page
    assert "£0.00–£300.00" in page
    assert "…" in page  # the latest day lies beyond two years
