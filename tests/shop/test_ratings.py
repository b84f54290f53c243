"""One figure of a product: what the storefront shows is what everybody else is told."""

import pytest
from django.core.cache import cache

from shop.models import Review, ReviewReason, ReviewState
from shop.services.reviews.moderation import reject
from shop.services.reviews.ratings import UNRATED, Rating, rating_of, ratings_of
from tests.factories import make_customer, make_variant
from tests.factories_access import make_key, make_staff
from tests.factories_privacy import erase
from tests.factories_reviews import delivered_order, rate


def rating(*stars: int) -> Rating:
    return Rating({one: stars.count(one) for one in (5, 4, 3, 2, 1)})


@pytest.mark.parametrize(
    ("stars", "shown"),
    [
        ((5, 5, 5, 4, 4), "4.6"),
        ((5,) * 11 + (4,) * 9, "4.6"),  # 4.55: a half goes up
        ((5,) * 24 + (4,), "5.0"),  # 4.96
        ((1,), "1.0"),
        ((5,) * 27 + (4,) * 13, "4.7"),  # 4.675
    ],
)
def test_a_mean_is_shown_to_one_place(stars, shown):
    assert rating(*stars).shown == shown
    assert rating(*stars).reviews == len(stars)


def test_what_nobody_has_reviewed_has_no_mean():
    assert (UNRATED.mean, UNRATED.reviews, UNRATED.is_of_buyers) == (None, 0, False)


@pytest.mark.django_db
def test_only_published_reviews_count_and_products_do_not_mix(django_assert_num_queries):
    kettle, tin = make_variant("KET-1"), make_variant("TIN-1")
    rate(kettle, 5, 4)
    rate(kettle, 1, state=ReviewState.PENDING)
    rate(kettle, 1, state=ReviewState.REJECTED)
    rate(tin, 2, is_verified=False, is_incentivised=True)
    with django_assert_num_queries(1):
        found = ratings_of([kettle.product_id, tin.product_id])
    assert (found[kettle.product_id].shown, found[tin.product_id].shown) == ("4.5", "2.0")
    assert found[kettle.product_id].verified == 2
    assert (found[tin.product_id].verified, found[tin.product_id].incentivised) == (0, 1)
    assert ratings_of([]) == {}


@pytest.mark.django_db
def test_the_storefront_shows_this_figure(client):
    cache.clear()
    headers = {"Authorization": f"Bearer {make_key().secret}"}

    def shown() -> dict:
        return client.get("/api/storefront/v1/products/KET-1/rating/", headers=headers).json()

    kettle = make_variant("KET-1")
    assert shown()["shown_rating"] is None
    [worst, *_] = rate(kettle, 1, 5, 5, 4)
    answer = shown()
    mine = rating_of(kettle.product_id)
    assert (answer["shown_rating"], answer["mean_rating"], answer["reviews"]) == ("3.8", 3.75, 4)
    assert answer["shown_rating"] == mine.shown
    reject(worst, ReviewReason.OFF_TOPIC, by=make_staff(), note="x")
    assert shown()["shown_rating"] == rating_of(kettle.product_id).shown == "4.7"


@pytest.mark.django_db
def test_reviews_are_of_buyers_where_each_has_a_purchase_of_its_own():
    kettle = make_variant("KET-1")
    rate(kettle, 5, 4)
    assert rating_of(kettle.product_id).is_of_buyers
    [guest] = rate(kettle, 3, is_verified=False)
    assert not rating_of(kettle.product_id).is_of_buyers
    guest.delete()
    ana = make_customer("ANA")
    for number in (1, 2):
        assert rating_of(kettle.product_id).is_of_buyers
        line = delivered_order(kettle, customer=ana).lines.get()
        Review.objects.create(
            key=f"ana-{number}", product=kettle.product, customer=ana, order_line=line, rating=5
        )
    assert not rating_of(kettle.product_id).is_of_buyers  # three customers, four reviews


@pytest.mark.django_db
def test_the_stars_of_an_erased_person_stay():
    kettle = make_variant("KET-1")
    [review, *_] = rate(kettle, 1, 5, 5)
    before = rating_of(kettle.product_id)
    erase(review.customer)
    review.refresh_from_db()
    assert review.customer is None
    assert rating_of(kettle.product_id) == before
