"""What is bought again is offered again when it is due; everything else never; the list stays the list."""

from datetime import timedelta

import numpy as np
import pytest
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.db import connection
from django.urls import reverse

from decisions.models import Decision
from decisions.services.receipts import replay
from recommendations.ml.repeats import again_of_products, repeats_of
from recommendations.models import BuyAgain, Placement, PublishedList, RepeatPurchase
from recommendations.services import lists, repeats
from recommendations.services.asking import Ask
from recommendations.services.explaining import explain
from recommendations.services.serving import recommend
from shop.models import Category, Customer, Product
from tests.factories import make_order
from tests.factories_access import make_staff
from tests.factories_recommendations import LATER, START, make_taste_shop, publish_model

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh(settings, tmp_path, monkeypatch):
    settings.ARTEFACT_DIR = tmp_path / "artefacts"
    monkeypatch.setattr(repeats, "_kept", None)
    cache.clear()


def test_the_share_that_came_back_and_the_days_are_counted():
    """Product 0: four buyers, two came back after 10 and 30 days; product 1: twice on one day."""
    rows = [
        (0, 0, 0),
        (0, 0, 10),
        (1, 0, 5),
        (1, 0, 35),
        (2, 0, 1),
        (3, 0, 1),
        (0, 1, 2),
        (0, 1, 2),
    ]
    customer, product, day = np.array(rows).T
    found = repeats_of(customer, product, day, np.arange(2), 2)
    assert found.buyers.tolist() == [4, 1]
    assert found.came_back.tolist() == [2, 0]
    assert found.gap_days[0] == 10
    assert np.isnan(found.gap_days[1])
    together = repeats_of(customer, product, day, np.array([0, 0]), 1)
    assert (together.buyers.tolist(), together.came_back.tolist()) == ([5], [2])


def test_with_too_few_buyers_the_category_decides(monkeypatch):
    monkeypatch.setattr("recommendations.ml.repeats.LEAST_BUYERS", 3)
    rows = (
        [(n, 0, d) for n in range(4) for d in (0, 7)] + [(9, 1, 0)] + [(n, 2, 0) for n in range(5)]
    )
    customer, product, day = np.array(rows).T
    own = repeats_of(customer, product, day, np.arange(3), 3)
    theirs = repeats_of(customer, product, day, np.array([0, 0, 1]), 2)
    again = again_of_products(own, theirs, np.array([0, 0, 1]))
    assert again[:2].tolist() == [7, 7]
    assert np.isnan(again[2])
    assert np.isnan(again_of_products(own, theirs, np.array([0, -1, 1]))[1])


@pytest.fixture
def shop(monkeypatch):
    """Everybody of taste 1 buys thing 1 again a week later; C-4 did so, too."""
    monkeypatch.setattr("recommendations.ml.repeats.LEAST_BUYERS", 5)
    monkeypatch.setattr(repeats, "LEAST_BUYERS", 5)
    variants = make_taste_shop()
    for person in Customer.objects.order_by("pk")[1:31:3]:
        for day in (10, 17):
            make_order(
                [(variants[1], 1)], number=f"A-{person.code}-{day}", customer=person,
                at=START + timedelta(days=day),
            )  # fmt: skip
    return variants


def listed(customer, at=LATER, **fields):
    answer = recommend(Ask(customer=customer, **fields), at=at)
    receipt = Decision.objects.get(pk=answer.receipt_id)
    assert replay(receipt) == (receipt.output, True)
    return [item.offer.sku for item in answer.items], receipt.inputs


def test_what_is_learnt_is_offered_when_due_with_or_without_a_list(shop):
    publish_model()
    customer = Customer.objects.get(code="C-4")
    assert "S-01" not in listed(customer, limit=50)[0]
    found = repeats.learn_repeats(LATER)
    assert repeats.learn_repeats(LATER) == found
    assert set(RepeatPurchase.objects.values_list("product_id", "again_days")) == {
        (shop[1].product_id, 7)
    }
    repeats._kept = None
    early = START + timedelta(days=20)
    assert "S-01" not in listed(customer, at=early, limit=50)[0]
    assert "S-01" in listed(customer, limit=50)[0]
    others = set(customer.orders.values_list("lines__variant__sku", flat=True)) - {"S-01"}
    assert not others & set(listed(customer, limit=50)[0])
    lists.publish_lists(LATER)
    written = PublishedList.objects.get(customer=customer)
    assert shop[1].product_id in written.products
    soon = LATER + timedelta(seconds=1)
    shown, inputs = listed(customer, at=soon, limit=3)
    assert inputs.get("list_alone") or connection.vendor == "sqlite"
    assert inputs["listed"]
    assert shown == [Product.objects.get(pk=pk).variants.get().sku for pk in written.products[:3]]


def test_the_merchant_s_word_goes_before_and_the_nearest_category_before_the_wider(shop):
    repeats.learn_repeats(LATER)
    food = Category.objects.create(code="food", name="Food")
    tea = Category.objects.create(code="tea", name="Tea", parent=food)
    Product.objects.filter(pk=shop[2].product_id).update(category=food)
    Product.objects.filter(pk__in=[shop[1].product_id, shop[4].product_id]).update(category=tea)
    BuyAgain.objects.create(category=food, again_days=90)
    BuyAgain.objects.create(category=tea, again_days=30)
    BuyAgain.objects.create(product=shop[4].product, again_days=None)
    again = repeats.again_days()
    assert again[shop[2].product_id] == 90
    assert again[shop[1].product_id] == 30
    assert again[shop[4].product_id] is None
    with pytest.raises(ValidationError, match="one of the two"):
        BuyAgain(again_days=3).full_clean()


def test_a_placement_s_days_keep_the_published_lists(shop):
    Placement.objects.filter(code="home").update(hide_bought_days=40)
    publish_model()
    customer = Customer.objects.get(code="C-4")
    lists.publish_lists(LATER)
    shown, inputs = listed(customer, at=LATER + timedelta(seconds=1), limit=3)
    assert inputs["listed"]
    bought = set(customer.orders.values_list("lines__variant__sku", flat=True))
    assert bought & set(shown)  # 59 days ago
    Placement.objects.filter(code="email").update(hide_bought_days=None)
    shown, inputs = listed(customer, at=LATER + timedelta(seconds=1), placement="email", limit=3)
    assert not inputs["listed"]  # other days than the lists have
    assert not bought & set(shown)
    lists.publish_lists(LATER)


def test_why_not_says_when_it_was_bought_and_for_how_long(shop):
    publish_model()
    customer = Customer.objects.get(code="C-4")
    BuyAgain.objects.create(product=shop[1].product, again_days=300)
    found = explain(Ask(customer=customer), at=LATER, about="S-01")
    assert "is not offered for 300 days" in found.absence.text


def test_the_pages_open(client, shop):
    repeats.learn_repeats(LATER)
    client.force_login(
        make_staff(
            "recommendations.view_repeatpurchase", "recommendations.view_buyagain",
            "recommendations.add_buyagain", "shop.view_product", "shop.view_category",
        )
    )  # fmt: skip
    page = client.get(reverse("admin:recommendations_repeatpurchase_changelist"))
    assert "Thing 1" in page.content.decode()
    address = reverse("admin:recommendations_buyagain_add")
    client.post(address, {"product": shop[1].product_id, "category": "", "again_days": "14"})
    assert BuyAgain.objects.get().again_days == 14
    page = client.get(reverse("admin:recommendations_buyagain_changelist"))
    assert "after 14 days" in page.content.decode()


def test_a_shop_without_purchases_has_nothing_to_learn_and_what_is_gone_is_forgotten(shop):
    repeats.learn_repeats(LATER)
    assert RepeatPurchase.objects.exists()
    assert repeats.learn_repeats(START - timedelta(days=1)) == {"purchases": 0, "products": 0}
    assert not RepeatPurchase.objects.exists()
