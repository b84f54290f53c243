"""Reviews: written once, published or looked through, decided with a way back."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as settings_of_hypothesis
from hypothesis import strategies as st

from shop.models import (
    OrderState,
    Return,
    ReturnLine,
    Review,
    ReviewDecision,
    ReviewReason,
    ReviewState,
)
from shop.services.reviews import moderation, writing
from shop.services.reviews.moderation import ModerationError, publish, reject, undo
from shop.services.reviews.ratings import rating_of
from shop.services.reviews.writing import ReviewError, Words, write_review
from tests.factories import NOW, make_customer, make_order, make_variant
from tests.factories_access import make_staff
from tests.factories_crowd import crowd
from tests.factories_reviews import delivered_order, write

pytestmark = pytest.mark.django_db
FLAGGED = "Write to ann@example.com, I will tell you more."


def bring_back(order, *, line=True):
    back = Return.objects.create(
        number=f"R-{order.pk}", order=order, customer=order.customer, currency="GBP",
        refund_minor=500, returned_at=NOW,
    )  # fmt: skip
    if line:
        row = order.lines.first()
        ReturnLine.objects.create(
            parent=back, position=1, variant=row.variant, order_line=row, units=1,
            unit_refund_minor=500, total_minor=500,
        )  # fmt: skip


def test_what_no_check_finds_anything_in_is_published_as_a_verified_purchase():
    review = write()
    assert (review.state, review.is_verified) == ("published", True)
    [decision] = review.decisions.all()
    assert (decision.step, decision.by, decision.from_state) == ("publish", None, "pending")


def test_a_shop_may_want_to_see_them_all(settings):
    settings.REVIEWS_ALL_WAIT = True
    review = write()
    assert (review.state, review.decisions.count()) == ("pending", 0)


def test_what_a_check_finds_waits_with_its_evidence():
    review = write(FLAGGED)
    assert review.state == "pending"
    [flag] = review.flags.all()
    assert (flag.reason, flag.evidence) == ("personal_data", {"words": ["ann@example.com"]})


def test_the_first_words_stand():
    line = delivered_order().lines.get()
    first = write_review(line, Words(5, body="Good."), at=NOW)
    again = write_review(line, Words(1, body="Bad."), at=NOW)
    assert (again.pk, again.rating, Review.objects.count()) == (first.pk, 5, 1)


def test_nothing_is_written_about_what_has_not_come_or_went_back():
    on_its_way = make_order([(make_variant("A"), 1)], customer=make_customer(), state="shipped")
    without_a_date = make_order([(make_variant("B"), 1)], customer=make_customer("C-2"))
    returned, returned_whole = delivered_order(), delivered_order()
    bring_back(returned)
    bring_back(returned_whole, line=False)
    for order in (on_its_way, without_a_date, returned, returned_whole):
        with pytest.raises(ReviewError):
            write_review(order.lines.get(), Words(5), at=NOW)
    too_early = delivered_order(at=NOW)
    with pytest.raises(ReviewError):
        write_review(too_early.lines.get(), Words(5), at=NOW - timedelta(seconds=1))
    cancelled = delivered_order()
    cancelled.state = OrderState.CANCELLED
    cancelled.save()
    with pytest.raises(ReviewError):
        write_review(cancelled.lines.get(), Words(5), at=NOW)
    assert not Review.objects.exists()


def test_one_line_that_went_back_leaves_the_other():
    order = delivered_order(make_variant("A"), make_variant("B"))
    bring_back(order)
    first, second = order.lines.order_by("position")
    assert list(writing.reviewable(NOW)) == [second]
    with pytest.raises(ReviewError):
        write_review(first, Words(5), at=NOW)


@pytest.mark.parametrize("body", ["", "Bad. Broke after a day.", FLAGGED, "垃圾，别买"])
def test_stars_decide_nothing(body):
    """The same words with one and with five stars: the same flags and the same state."""
    outcome = set()
    for rating in range(1, 6):
        review = write(body, rating)
        found = tuple(review.flags.order_by("reason").values_list("reason", flat=True))
        outcome.add((review.state, found))
        Review.objects.filter(pk=review.pk).update(body=f"{review.pk}" * 3)  # else a duplicate
    assert len(outcome) == 1


def test_a_low_rating_is_no_reason():
    review, person = write("Bad.", 1), make_staff()
    for reason in ("", "low_rating", "rating", "1"):
        with pytest.raises(ModerationError):
            reject(review, reason, by=person)
    assert not {"rating", "low_rating", "negative"} & set(ReviewReason.values)
    with pytest.raises(ModerationError, match="note"):  # and none is made up without a word
        reject(review, ReviewReason.ABUSE, by=person)
    review.refresh_from_db()
    assert review.state == "published"


def test_rejected_by_stars_shows_who_keeps_low_ratings_out():
    person = make_staff()
    reject(write("One.", 1), ReviewReason.OFF_TOPIC, by=person, note="about the weather")
    write("Two is here.", 5)
    found = {
        row["rating"]: (row["reviews"], row["rejected"]) for row in moderation.rejected_by_stars()
    }
    assert found == {5: (1, 0), 4: (0, 0), 3: (0, 0), 2: (0, 0), 1: (1, 1)}


def test_every_decision_has_a_way_back():
    review, person = write(FLAGGED), make_staff()
    reject(review, ReviewReason.PERSONAL_DATA, by=person)
    publish(review, by=person)
    assert review.state == "published"
    undo(review, by=person)
    assert review.state == "rejected"
    undo(review, by=person)
    assert review.state == "pending"
    with pytest.raises(ModerationError, match="nothing"):
        undo(review, by=person)
    steps = list(review.decisions.values_list("number", "step", "to_state", "by"))
    assert steps == [
        (1, "reject", "rejected", person.pk),
        (2, "publish", "published", person.pk),
        (3, "undo", "rejected", person.pk),
        (4, "undo", "pending", person.pk),
    ]


STEPS = st.lists(st.sampled_from(["publish", "reject", "undo"]), max_size=12)


@settings_of_hypothesis(
    max_examples=30,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(STEPS)
def test_the_state_is_the_sum_of_the_decisions(db, steps):
    review, person = write(FLAGGED), make_staff()
    for step in steps:
        try:
            if step == "reject":
                reject(review, ReviewReason.PERSONAL_DATA, by=person)
            else:
                {"publish": publish, "undo": undo}[step](review, by=person)
        except ModerationError:
            assert step == "undo"
    review.refresh_from_db()
    rows = list(review.decisions.order_by("number"))
    assert [one.number for one in rows] == list(range(1, len(rows) + 1))
    state = ReviewState.PENDING.value
    for one in rows:
        assert one.from_state == state != one.to_state
        state = one.to_state
    assert review.state == state
    Review.objects.filter(pk=review.pk).update(body=f"{review.pk}")


def test_a_copy_and_a_burst_wait():
    kettle = make_variant("KET")
    words = "I have used this kettle every morning for a month and it still shines like new."
    assert write(words, variant=kettle).state == "published"
    copy = write(words.replace("month", "year"), variant=make_variant("POT"))
    assert [one.reason for one in copy.flags.all()] == ["duplicate"]
    for number in range(8):
        last = write(f"Number {number}: short.", variant=kettle)
    assert [one.reason for one in last.flags.all()] == ["burst"]
    assert last.flags.get().evidence["reviews"] == 9


def test_the_distribution_counts_what_is_published():
    kettle = make_variant("KET")
    for rating in (5, 5, 1):
        write(f"Rating {rating} {rating}", rating, variant=kettle)
    reject(
        Review.objects.filter(rating=5).first(), ReviewReason.OFF_TOPIC, by=make_staff(), note="x"
    )
    write(FLAGGED, 3, variant=kettle)
    assert rating_of(kettle.product_id).stars == {5: 1, 4: 0, 3: 0, 2: 0, 1: 1}


def test_a_review_costs_the_same_however_many_there_are(django_assert_max_num_queries):
    line = delivered_order().lines.get()
    for number in range(6):
        write(f"Something of its own {number}, in words that differ from all of the rest {number}.")
    with django_assert_max_num_queries(18):
        write_review(line, Words(4, body="Fine for the price."), at=NOW)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_many_clicks_write_one_review():
    line = delivered_order().lines.get()
    found = crowd(lambda n: write_review(line, Words(1 + n % 5, body=str(n)), at=NOW).pk, size=8)
    assert len(set(found)) == Review.objects.count() == 1


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_moderators_one_decision():
    review, people = write(FLAGGED), [make_staff(), make_staff()]
    rows = [Review.objects.get(pk=review.pk) for _ in people]

    def act(number: int) -> str:
        if number:
            return moderation._decide(
                rows[1], ReviewState.PUBLISHED, moderation.Verdict("publish", people[1]), NOW
            ).state
        return moderation._decide(
            rows[0], ReviewState.REJECTED, moderation.Verdict("reject", people[0], "abuse"), NOW
        ).state

    found = crowd(act, size=2, refusals=ModerationError)
    assert sorted(type(one) is ModerationError for one in found) == [False, True]
    assert ReviewDecision.objects.count() == 1


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_control_without_compare_and_set_both_would_decide():
    """What keeps the second out is the condition on the state, not luck: asked of the row alone."""
    review = write(FLAGGED)
    rows = [Review.objects.get(pk=review.pk) for _ in range(2)]

    def act(number: int) -> int:
        return Review.objects.filter(pk=rows[number].pk).update(
            state=[ReviewState.PUBLISHED, ReviewState.REJECTED][number]
        )

    assert crowd(act, size=2) == [1, 1]
