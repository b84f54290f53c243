"""The first page: what it shows, in what order, and who may decide."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import Group, User
from django.urls import reverse
from django.utils import timezone

from config.brief import new_shop_steps
from config.figures import figures_of, last_full_day
from decisions.kinds import DecisionKind, register
from decisions.models import Decision
from decisions.services.receipts import Proposal, record_decision
from decisions.text import sentence
from shop.models import Order
from tests.factories import make_customer, make_order, make_variant

register(DecisionKind(name="test", label="Test", permission="decisions.decide_decision"))


def make_decision(key: str, money: int | None = None, **fields) -> Decision:
    return record_decision(
        Proposal(
            kind="test",
            key=key,
            subject=f"test:{key}",
            headline=sentence("Order %(units)s × %(sku)s", units=5, sku=key),
            why=sentence("because"),
            inputs={},
            output={},
            expected_minor=money,
            currency="GBP",
            **fields,
        )
    )


@pytest.fixture
def owner(client):
    user = User.objects.create_superuser("owner", password="x")
    client.force_login(user)
    return user


@pytest.mark.django_db
def test_new_shop_is_shown_the_three_steps(client, owner):
    page = client.get("/").content.decode()
    assert "Three steps to the first brief" in page
    assert [step["done"] for step in new_shop_steps()] == [False, False, False]


@pytest.mark.django_db
def test_most_money_first_and_no_money_last(client, owner):
    make_decision("NONE")
    make_decision("LITTLE", 100)
    make_decision("MUCH", 90_000)
    page = client.get("/").content.decode()
    assert page.index("5 × MUCH") < page.index("5 × LITTLE") < page.index("5 × NONE")


@pytest.mark.django_db
def test_what_was_never_measured_is_shown_however_much_money_waits(client, owner):
    for number in range(12):
        make_decision(f"M-{number:02}", 1000 + number)
    for number in range(5):
        make_decision(f"U-{number}")
    page = client.get("/").content.decode()
    shown = [name for name in (f"M-{n:02}" for n in range(12)) if f"5 × {name}<" in page]
    assert shown == [f"M-{n:02}" for n in range(2, 12)]
    assert [n for n in range(5) if f"5 × U-{n}<" in page] == [0, 1, 2]
    assert page.count("No figure yet") == 3
    assert page.index("5 × M-02") < page.index("5 × U-0")


@pytest.mark.django_db
def test_where_little_money_waits_those_without_a_figure_take_the_room(client, owner):
    make_decision("M", 1000)
    for number in range(12):
        make_decision(f"U-{number:02}")
    page = client.get("/").content.decode()
    assert [n for n in range(12) if f"5 × U-{n:02}<" in page] == list(range(9))


@pytest.mark.django_db
def test_past_deadlines_and_put_off_decisions_are_not_shown(client, owner):
    now = timezone.now()
    make_decision("LATE", deadline_at=now - timedelta(minutes=1))
    later = make_decision("LATER")
    client.post(reverse("decide", args=[later.pk, "later"]))
    page = client.get("/").content.decode()
    assert 'aria-label="Order 5 × LATE"' not in page
    assert 'aria-label="Order 5 × LATER"' not in page


@pytest.mark.django_db
def test_approving_records_who_and_when_and_only_once(client, owner):
    decision = make_decision("TEA-1", 500)
    for _twice in range(2):
        client.post(reverse("decide", args=[decision.pk, "approve"]))
    decision.refresh_from_db()
    assert (decision.state, decision.decided_by) == ("approved", owner)
    assert decision.changes.filter(verb="approved").count() == 1


@pytest.mark.django_db
def test_an_analyst_sees_but_may_not_decide(client):
    user = User.objects.create_user("analyst", password="x", is_staff=True)
    user.groups.add(Group.objects.get(name="analyst"))
    client.force_login(user)
    decision = make_decision("TEA-1", 500)
    assert "Order 5 × TEA-1" in client.get("/").content.decode()
    assert client.post(reverse("decide", args=[decision.pk, "approve"])).status_code == 403
    decision.refresh_from_db()
    assert decision.state == "pending"


@pytest.mark.django_db
def test_figures_are_sums_of_the_days_rows_in_the_shops_time_zone(settings):
    tea = make_variant("TEA-1")
    noon = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
    make_order([(tea, 2)], customer=make_customer(), at=noon)
    make_order([(tea, 1)], at=noon - timedelta(days=7))
    make_order([(tea, 9)], at=noon, state="cancelled")
    day = last_full_day(noon + timedelta(days=1))
    assert day == noon.date()
    revenue, orders, units, refunds = figures_of(day)
    assert (revenue.text, orders.text, units.text, refunds.text) == ("£20.00", "1", "2", "£0.00")
    assert revenue.change_percent == 100.0
    assert refunds.change_percent is None


@pytest.mark.django_db
def test_the_brief_asks_the_same_number_of_questions_for_one_and_ten(
    client, owner, django_assert_max_num_queries
):
    for number in range(12):
        make_decision(f"S-{number}", number)
    client.get("/")
    with django_assert_max_num_queries(24):
        client.get("/")


@pytest.mark.django_db
def test_a_decision_of_an_app_that_is_gone_is_shown_without_buttons(client, owner):
    decision = make_decision("gone:1")
    Decision.objects.update(kind="gone")
    page = client.get("/").content.decode()
    assert str(decision) in page
    assert 'data-verb="approve"' not in page
    answer = client.post(f"/brief/{decision.pk}/approve/")
    assert answer.status_code == 302


@pytest.mark.django_db
def test_the_address_of_a_figure_lists_exactly_its_rows(client, owner):
    tea = make_variant("TEA-1")
    noon = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
    make_order([(tea, 2)], at=noon, number="POUNDS")
    make_order([(tea, 3)], at=noon, number="CANCELLED", state="cancelled")
    euros = make_order([(tea, 5)], at=noon, number="EUROS")
    Order.objects.filter(pk=euros.pk).update(currency="EUR")
    revenue, orders, _units, refunds = figures_of(noon.date())
    assert (revenue.text, orders.text) == ("£20.00", "2")
    listed = {
        figure.label: {
            number
            for number in ("POUNDS", "CANCELLED", "EUROS")
            if number in client.get(figure.url).content.decode()
        }
        for figure in (revenue, orders)
    }
    assert listed == {"Revenue": {"POUNDS"}, "Orders": {"POUNDS", "EUROS"}}
    assert client.get(refunds.url).status_code == 200


@pytest.mark.django_db
def test_staff_without_a_role_see_no_figure_and_no_decision(client):
    client.force_login(User.objects.create_user("new", password="x", is_staff=True))
    make_order([(make_variant("TEA-1"), 2)], at=timezone.now() - timedelta(days=2))
    decision = make_decision("TEA-1", 500)
    page = client.get("/").content.decode()
    assert "You have no role yet" in page
    assert "£" not in page
    assert str(decision) not in page
    assert client.get(reverse("night")).status_code == 403
