"""Aspects in the shop: read once, counted by month and product, refused below the floor."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from decisions.jobs import LeaseLostError
from shop.models import Review
from support import aspect_frames as frames
from support.ml.shares import FLOOR, share_of
from support.models import AspectMention, TextReading
from support.services.aspects import read_aspects
from tests.factories import NOW, make_customer, make_order, make_variant
from tests.factories_access import bearer, make_key, make_staff
from tests.factories_support import make_message, make_ticket


class Quiet:
    job_id = None
    batches = 10**6  # that this attempt still holds the job for

    def __call__(self, done, total=0, note=""):
        pass

    def still_mine(self):
        self.batches -= 1
        if self.batches < 0:
            raise LeaseLostError("taken over")


def make_review(body, *, variant, n, at=NOW):
    return Review.objects.create(
        key=f"R-{n}", product=variant.product, rating=2, body=body, written_at=at
    )


def test_a_share_is_refused_below_the_floor():
    assert share_of(5, FLOOR - 1).value is None
    share = share_of(10, 20)
    assert (share.value, round(share.low, 3), round(share.high, 3)) == (0.5, 0.299, 0.701)
    with pytest.raises(ValueError, match="no share"):
        share_of(3, 2)


@pytest.mark.django_db
def test_each_text_is_read_once_and_again_only_when_it_is_new():
    variant = make_variant()
    make_review("Arrived late but lovely.", variant=variant, n=1)
    ticket = make_ticket("The box was crushed.", order=make_order([(variant, 1)]))
    make_message(ticket, "We are sorry.", kind="outbound")
    until = NOW + timedelta(days=1)
    assert read_aspects(Quiet(), until) == {"reviews": 1, "messages": 1, "mentions": 3}
    rows = list(AspectMention.objects.order_by("pk").values())
    assert {(r["aspect"], r["polarity"]) for r in rows} == {
        ("delivery", -1),
        ("quality", 1),
        ("packaging", -1),
    }
    assert {r["product_id"] for r in rows} == {variant.product_id}
    assert read_aspects(Quiet(), until) == {"reviews": 0, "messages": 0, "mentions": 0}
    assert list(AspectMention.objects.order_by("pk").values()) == rows
    TextReading.objects.update(version="older")
    assert read_aspects(Quiet(), until)["mentions"] == 3
    assert AspectMention.objects.count() == 3


@pytest.mark.django_db
def test_an_attempt_that_lost_its_job_writes_nothing_more_and_the_next_goes_on():
    variant = make_variant()
    make_review("Arrived late.", variant=variant, n=1)
    make_ticket("The box was crushed.")
    lost = Quiet()
    lost.batches = 1
    until = NOW + timedelta(days=1)
    with pytest.raises(LeaseLostError):
        read_aspects(lost, until)
    assert TextReading.objects.count() == 1
    assert read_aspects(Quiet(), until)["messages"] == 1
    assert TextReading.objects.count() == 2


@pytest.mark.django_db
def test_what_is_written_later_is_not_read_and_what_is_erased_leaves_nothing():
    review = make_review("Arrived late.", variant=make_variant(), n=1)
    assert read_aspects(Quiet(), NOW)["reviews"] == 0
    read_aspects(Quiet(), NOW + timedelta(days=1))
    assert AspectMention.objects.exists()
    review.delete()
    assert not AspectMention.objects.exists()
    assert not TextReading.objects.exists()


def plant(variant, blame, praise, *, at, first=0):
    """Reviews that were read, without a model: so many of each about delivery."""
    for n in range(blame + praise):
        review = make_review("It came.", variant=variant, n=first + n, at=at)
        reading = TextReading.objects.create(review=review, version="test")
        AspectMention.objects.create(
            reading=reading, product=variant.product, aspect="delivery", start=1, end=9,
            polarity=-1 if n < blame else 1, confidence=0.9, written_at=at,
        )  # fmt: skip


@pytest.mark.django_db
def test_shares_are_counted_by_month_and_product():
    now = timezone.now()
    few, many = make_variant("A-1"), make_variant("B-1")
    plant(few, 5, 5, at=now, first=0)
    plant(many, 20, 10, at=now, first=100)
    months = frames.months_until(now)
    assert len(months) == 6
    assert months == sorted(set(months))
    rows = frames.opinions(with_tickets=False)
    delivery = next(r for r in frames.aspect_lines(rows, months) if r.aspect == "delivery")
    assert (delivery.total.hits, delivery.total.n, delivery.total.value) == (25, 40, 0.625)
    assert [share.n for _month, share in delivery.months] == [0, 0, 0, 0, 0, 40]
    [line] = frames.product_lines(rows, months)
    assert line.product == many.product
    assert line.share.hits == 20


@pytest.mark.django_db
def test_pages_say_where_a_share_comes_from(client, django_assert_max_num_queries):
    variant = make_variant("A-1")
    plant(variant, 20, 5, at=timezone.now())
    client.force_login(make_staff("shop.view_review"))
    with django_assert_max_num_queries(14):
        page = client.get(reverse("admin:support_aspects")).content.decode()
    assert "80 %" in page
    texts = f"{reverse('admin:support_aspect_texts')}?aspect=delivery&polarity=-1"
    with django_assert_max_num_queries(14):
        page = client.get(texts).content.decode()
    assert page.count("xp-quote") == 20
    assert "It came." in page
    for odd in ("?page=x", "?month=2026-99", "?product=%00", "?polarity=9&aspect=zz"):
        assert client.get(reverse("admin:support_aspect_texts") + odd).status_code == 200


@pytest.mark.django_db
def test_who_may_not_read_tickets_sees_reviews_only(client):
    make_ticket("The box was crushed.", customer=make_customer())
    read_aspects(Quiet(), NOW + timedelta(days=1))
    texts = reverse("admin:support_aspect_texts")
    client.force_login(make_staff("shop.view_review"))
    assert "crushed" not in client.get(texts).content.decode()
    client.force_login(make_staff("shop.view_review", "support.view_ticket", username="agent"))
    assert "crushed" in client.get(texts).content.decode()
    client.force_login(make_staff("shop.view_order", username="other"))
    assert client.get(texts).status_code == 403
    assert client.get(reverse("admin:support_aspects")).status_code == 403


@pytest.mark.django_db
def test_programs_read_the_same(client):
    variant = make_variant("A-1")
    plant(variant, 20, 5, at=timezone.now())
    client.force_login(make_staff("shop.view_review"))
    told = client.get("/api/merchant/v1/aspects/", {"product": variant.product.code}).json()
    [delivery] = [row for row in told["aspects"] if row["aspect"] == "delivery"]
    assert (delivery["blame"], delivery["opinions"], delivery["share"]) == (20, 25, 0.8)
    page = client.get("/api/merchant/v1/aspects/mentions/", {"limit": 10, "polarity": -1}).json()
    assert len(page["results"]) == 10
    assert page["next"]
    assert page["results"][0]["review"].startswith("R-")
    assert client.get("/api/merchant/v1/aspects/", {"product": "no"}).status_code == 404
    assert client.get("/api/merchant/v1/experience/customers/").status_code == 403


@pytest.mark.django_db
def test_a_customer_says_how_it_went_and_may_change_her_mind(client):
    ticket = make_ticket()
    store = bearer(make_key().secret)
    url = f"/api/storefront/v1/conversations/{ticket.public_id}/rating/"

    def rate(csat, key):
        return client.post(
            url, {"csat": csat}, "application/json", HTTP_IDEMPOTENCY_KEY=key, **store
        )

    assert rate(2, "a").status_code == 200
    ticket.refresh_from_db()
    first = ticket.csat_at
    assert rate(2, "b").status_code == 200
    ticket.refresh_from_db()
    assert (ticket.csat, ticket.csat_at) == (2, first)
    assert rate(5, "c").status_code == 200
    ticket.refresh_from_db()
    assert ticket.csat == 5
    assert rate(6, "d").status_code == 400
    assert client.post(url, {"csat": 5}, "application/json", **store).status_code == 400


@pytest.mark.django_db
def test_a_reviews_page_shows_what_was_read_in_it(admin_client):
    plant(make_variant("A-1"), 1, 0, at=timezone.now())
    review = Review.objects.get()
    url = reverse("admin:shop_review_change", args=[review.pk])
    page = admin_client.get(url).content.decode()
    assert "xp-quote" in page
    assert "90 % sure" in page
    TextReading.objects.all().delete()
    assert "xp-quote" not in admin_client.get(url).content.decode()
