"""The list of rules, their editor and the preview beside it; placements the same way."""

import pytest
from django.core.cache import cache
from django.urls import reverse

from decisions.models import Decision
from recommendations.models import Placement, Rule
from recommendations.services.previews import sample_of_customers
from tests.factories_access import make_staff
from tests.factories_recommendations import make_taste_shop, publish_model

pytestmark = pytest.mark.django_db
LIST, ADD = "admin:recommendations_rule_changelist", "admin:recommendations_rule_add"
PREVIEW = "admin:recommendations_rule_preview"
VIEW = ["recommendations.view_rule", "recommendations.view_placement"]
WRITE = [*VIEW, "recommendations.add_rule", "recommendations.change_rule",
         "recommendations.delete_rule", "recommendations.change_placement"]  # fmt: skip


@pytest.fixture(autouse=True)
def _fresh(settings, tmp_path):
    settings.ARTEFACT_DIR = tmp_path / "artefacts"
    cache.clear()


@pytest.fixture
def marketer(client):
    client.force_login(make_staff(*WRITE, username="mia"))
    return client


def given(**fields) -> dict:
    return {"name": "No thing 1", "action": "never", "skus": "S-01", "is_on": "on"} | fields


def test_a_rule_is_made_changed_and_recorded(marketer):
    make_taste_shop(customers=3)
    assert marketer.get(reverse(ADD)).status_code == 200
    marketer.post(reverse(ADD), given(price_to_minor="12.50", skus="S-01; S-02\nS-01"))
    rule = Rule.objects.get()
    assert (rule.skus, rule.price_to_minor) == (["S-01", "S-02"], 1250)
    assert rule.author.username == "mia"
    page = marketer.get(reverse(LIST)).content.decode()
    assert "Everywhere: never offer SKU S-01, S-02 and price up to £12.50." in page
    change = reverse("admin:recommendations_rule_change", args=[rule.pk])
    assert "12.50" in marketer.get(change).content.decode()
    marketer.post(change, given(name="Other", is_on=""))
    rule.refresh_from_db()
    assert (rule.name, rule.is_on, rule.price_to_minor) == ("Other", False, None)
    history = marketer.get(reverse("admin:recommendations_rule_history", args=[rule.pk]))
    assert "mia" in history.content.decode()


def test_what_cannot_be_is_said_at_its_field_and_nothing_is_kept(marketer):
    page = marketer.post(reverse(ADD), given(action="pin", skus="GONE"))
    text = page.content.decode()
    assert "There is no SKU GONE." in text
    assert "Say which place, from 1 to 50." in text
    assert not Rule.objects.exists()
    page = marketer.post(reverse(ADD), given(price_from_minor="much"))
    assert "An amount like 12.50." in page.content.decode()


def test_the_preview_says_who_sees_what_instead_and_writes_nothing(marketer):
    make_taste_shop()
    publish_model()
    said = {"customers": "C-4", "place": "home"}
    page = marketer.post(reverse(PREVIEW), given(action="pin", position=1, skus="S-02") | said)
    text = page.content.decode()
    assert "1 of 1 lists on home page change." in text
    assert "Everywhere: pin to place 1 SKU S-02." in text
    assert "Thing 2" in text
    assert 'data-move="enters"' in text or 'data-move="up"' in text
    assert not Rule.objects.exists()
    assert not Decision.objects.exists()


def test_the_preview_of_a_saved_rule_shows_what_the_change_changes(marketer):
    make_taste_shop()
    publish_model()
    rule = Rule.objects.create(name="pin", action="pin", position=1, skus=["S-02"])
    address = reverse("admin:recommendations_rule_preview_of", args=[rule.pk])
    same = given(name="pin", action="pin", position=1, skus="S-02") | {"customers": "C-4"}
    assert "None of these lists" in marketer.post(address, same).content.decode()
    moved = marketer.post(address, same | {"position": 3}).content.decode()
    assert "1 of 1 lists on home page change." in moved
    off = marketer.post(address, {k: v for k, v in same.items() if k != "is_on"})
    assert "1 of 1 lists on home page change." in off.content.decode()
    rule.refresh_from_db()
    assert (rule.position, rule.is_on) == (1, True)


def test_an_unfinished_rule_says_what_is_missing_in_the_preview(marketer):
    page = marketer.post(reverse(PREVIEW), given(skus=""))
    assert "Say which products" in page.content.decode()
    page = marketer.post(
        reverse(PREVIEW), given(skus="", price_from_minor="1") | {"customers": "X"}
    )
    assert "There is no customer X." in page.content.decode()


def test_who_may_only_look_can_try_but_not_save(client):
    client.force_login(make_staff(*VIEW))
    rule = Rule.objects.create(name="r", action="never", price_from_minor=1)
    change = reverse("admin:recommendations_rule_change", args=[rule.pk])
    page = client.get(change).content.decode()
    assert "You may look at rules but not change them" in page
    assert client.post(change, given(skus="", price_from_minor="2")).status_code == 403
    assert client.get(reverse(ADD)).status_code == 403
    address = reverse("admin:recommendations_rule_preview_of", args=[rule.pk])
    assert client.post(address, given(skus="", price_from_minor="2")).status_code == 200
    client.force_login(make_staff("shop.view_product"))
    assert client.get(change).status_code == 403
    assert client.post(address).status_code == 403
    assert client.post(reverse(PREVIEW)).status_code == 403


def test_the_list_is_flat_and_shows_conflicts(marketer, django_assert_max_num_queries):
    make_taste_shop(customers=3)
    for number in range(12):
        Rule.objects.create(name=f"pin {number}", action="pin", position=1, skus=["S-01"])
    marketer.get(reverse(LIST))
    with django_assert_max_num_queries(16):
        page = marketer.get(reverse(LIST)).content.decode()
    assert "was made first and has place 1" in page


def test_two_clicks_make_one_rule(marketer):
    make_taste_shop(customers=3)
    for _click in range(2):
        assert marketer.post(reverse(ADD), given(once="t-1")).status_code == 302
    assert marketer.post(reverse(ADD), given(once="t-2", skus="GONE")).status_code == 200
    marketer.post(reverse(ADD), given(once="t-2"))  # a refused click does not use up the form
    assert Rule.objects.count() == 2


def test_rules_are_switched_from_the_list(marketer):
    rule = Rule.objects.create(name="r", action="never", price_from_minor=1)
    marketer.post(reverse(LIST), {"action": "switch_off", "_selected_action": [rule.pk]})
    rule.refresh_from_db()
    assert rule.is_on is False


def test_the_sample_is_the_same_for_a_seed():
    make_taste_shop()
    first = sample_of_customers(1)
    assert len(first) == 5
    assert [one.pk for one in first] == [one.pk for one in sample_of_customers(1)]
    assert [one.pk for one in first] != [one.pk for one in sample_of_customers(2)]
    assert Placement.objects.filter(code="home").exists()


def test_no_customer_has_ordered_yet():
    assert sample_of_customers(1) == []
