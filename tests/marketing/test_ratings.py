"""A rating in copy: the storefront's figure, of reviews enough, pulled by the moderation that changes it."""

import threading

import polars as pl
import pytest
from django.core import mail
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from decisions.services import receipts
from language.claims import refusals
from marketing.models import Campaign, ClaimRecord
from marketing.models.campaigns import PausedBy
from marketing.services.campaigns import campaigns
from marketing.services.content.copies import draft_copies
from marketing.services.sending.sends import send_campaign
from marketing.texts.facts import brief_facts, campaign_facts, slot_notes, variant_facts
from marketing.texts.ratings import has_only_grown
from shop.importers.run import Options, import_frames
from shop.models import Review, ReviewReason, ReviewState, Variant
from shop.services.reviews.moderation import publish, reject, undo
from shop.services.reviews.ratings import rating_of
from tests.factories import make_stock, make_variant
from tests.factories_access import make_staff
from tests.factories_content import make_brief
from tests.factories_crowd import LONG, through_or_blocked
from tests.factories_marketing import Quiet, approve, make_campaign, make_reachable
from tests.factories_privacy import erase
from tests.factories_reviews import rate, write
from tests.marketing.test_journeys import NOON

RATED = "{greeting}\n\n{product} is rated {rating} out of 5, in {review_count} reviews.\n\n{link}"
STARS = "{greeting}\n\n{product}: {rating} stars.\n\n{link}"
COUNTED = "{greeting}\n\n{product} has {review_count} reviews.\n\n{link}"
FIVE = (5, 5, 5, 4, 4)  # 4.6


class UndoneError(Exception):
    pass


def kettle() -> Variant:
    if known := Variant.objects.filter(sku="KET-1").select_related("product").first():
        return known
    variant = make_variant("KET-1", name="Copper Kettle")
    make_stock(variant, 1000)
    return variant


def approved(body: str = STARS) -> Campaign:
    make_reachable(2)
    return approve(make_campaign(variant=kettle(), body=body))


def take_away(review: Review) -> None:
    reject(review, ReviewReason.OFF_TOPIC, by=make_staff(), note="about the courier")


def worst() -> Review:
    return Review.objects.filter(state="published").order_by("rating", "pk")[0]


def state(campaign: Campaign) -> str:
    campaign.refresh_from_db()
    return campaign.state


def facts_of(*variants: Variant, language="en") -> dict[str, str]:
    facts = variant_facts(list(variants), language, timezone.now())
    return {one.slot: one.text for one in facts if one.kind in ("stars", "reviews")}


# What is a fact


@pytest.mark.django_db
@pytest.mark.parametrize("language", ["en", "zh"])
def test_each_product_has_the_figures_of_the_storefront(language):
    tin = make_variant("TIN-1")
    rate(kettle(), *FIVE)
    rate(tin, 4, 4, 4, 4, 3, 3)
    said = facts_of(kettle(), tin, language=language)
    assert said == {
        "rating": "4.6", "review_count": "5", "rating_2": "3.7", "review_count_2": "6",
    }  # fmt: skip
    assert said["rating_2"] == rating_of(tin.product_id).shown


@pytest.mark.django_db
def test_below_the_least_number_of_reviews_there_is_no_fact(settings):
    rate(kettle(), 5, 5, 5, 5)
    rate(kettle(), 5, state=ReviewState.PENDING)
    assert facts_of(kettle()) == {}
    campaign = make_campaign(variant=kettle(), body=STARS)
    [found] = refusals(STARS, campaign_facts(campaign, "en", timezone.now()), slots_only=True)
    assert found.reason == "unrated"
    with pytest.raises(campaigns.CampaignError):
        approve(campaign)
    settings.RATING_MIN_REVIEWS = 4
    assert facts_of(kettle()) == {"rating": "5.0", "review_count": "4"}


@pytest.mark.django_db
def test_a_fact_names_the_product_its_reviews_and_the_moment():
    rate(kettle(), *FIVE)
    rate(kettle(), 5, is_verified=False, is_incentivised=True)
    facts = variant_facts([kettle()], "en", NOON)
    [stars] = [fact for fact in facts if fact.slot == "rating"]
    code = kettle().product.code
    assert stars.source == f"reviews:{code} (6, 5 verified, 1 incentivised) 2026-06-01T12:00:00Z"
    assert not stars.is_of_buyers


@pytest.mark.django_db
def test_who_has_bought_is_said_only_where_each_of_them_has():
    rate(kettle(), *FIVE)
    text = "{product} is rated {rating} out of 5 by {review_count} customers."
    assert refusals(text, variant_facts([kettle()], "en", timezone.now())) == []
    rate(kettle(), 5, is_verified=False)
    found = refusals(text, variant_facts([kettle()], "en", timezone.now()))
    assert [claim.reason for claim in found] == ["not_of_buyers"]


@pytest.mark.django_db
def test_a_description_states_no_rating():
    brief = make_brief(channel="description")
    rate(brief.items.get().variant, *FIVE)
    assert "rating" not in {fact.slot for fact in brief_facts(brief, timezone.now())}
    other = make_brief(channel="email", variant=brief.items.get().variant)
    assert "rating" in {fact.slot for fact in brief_facts(other, timezone.now())}


@pytest.mark.django_db
def test_templates_may_use_it_and_an_endpoint_learns_no_figure():
    rate(kettle(), *FIVE)
    make_reachable(1)
    campaign = make_campaign(variant=kettle())
    notes = {note.slot: note for note in slot_notes(campaign_facts(campaign, "en", NOON))}
    assert (notes["rating"].text, notes["review_count"].text) == ("", "")
    drafted = [copy for seed in range(8) for copy in draft_copies(campaign, seed=seed)]
    assert any("{rating}" in copy.body for copy in drafted)
    assert {copy.state for copy in drafted} == {"candidate"}


# What a moderation does to copy that is out


@pytest.mark.django_db
def test_a_rejection_pulls_the_copy_before_it_commits():
    rate(kettle(), *FIVE)
    rate(kettle(), 5)
    campaign = approved()
    with transaction.atomic():
        take_away(worst())
        assert state(campaign) == "paused"
    assert campaign.paused_by == PausedBy.FACTS
    assert campaign.state_note["params"] == {"slot": "rating", "before": "4.7", "after": "4.8"}
    assert not ClaimRecord.objects.filter(state="live").exists()


@pytest.mark.django_db
def test_a_publication_that_changes_the_mean_pulls_it_too():
    rate(kettle(), *FIVE)
    [waiting] = rate(kettle(), 1, state=ReviewState.PENDING)
    campaign = approved()
    assert state(campaign) == "approved"
    publish(waiting, by=make_staff())
    assert (state(campaign), campaign.state_note["params"]["after"]) == ("paused", "4.0")


@pytest.mark.django_db
def test_her_review_is_published_at_once_and_pulls_it_as_well():
    rate(kettle(), *FIVE)
    campaign = approved()
    write("It leaks and the lid is loose.", 1, variant=kettle())
    assert state(campaign) == "paused"


@pytest.mark.django_db
def test_taking_the_decision_back_pulls_what_was_approved_in_between():
    [lowest, *_] = rate(kettle(), 1, *FIVE)
    take_away(lowest)
    campaign = approved()
    undo(lowest, by=make_staff())
    assert state(campaign) == "paused"


@pytest.mark.django_db
def test_when_too_few_are_left_nothing_can_be_said_any_more():
    rate(kettle(), *FIVE)
    campaign = approved()
    take_away(worst())
    assert state(campaign) == "paused"
    assert campaign.state_note["params"] == {"slot": "rating", "before": "4.6"}
    with pytest.raises(campaigns.CampaignError):
        campaigns.resume(campaign)


@pytest.mark.django_db
def test_control_what_states_no_rating_goes_on():
    rate(kettle(), *FIVE)
    campaign = approved("{greeting}\n\n{product} is yours for {price}.\n\n{link}")
    take_away(worst())
    assert state(campaign) == "approved"


@pytest.mark.django_db
def test_control_another_product_and_the_same_figure_pull_nothing():
    rate(kettle(), *[5] * 10)
    tin = make_variant("TIN-1")
    rate(tin, *FIVE)
    campaign = approved()
    take_away(Review.objects.filter(product=tin.product)[0])
    take_away(Review.objects.filter(product=kettle().product)[0])  # still 5.0
    assert state(campaign) == "approved"


@pytest.mark.django_db
def test_a_moderation_that_is_undone_pulls_nothing():
    rate(kettle(), *FIVE)
    campaign = approved()

    def reject_and_break():
        with transaction.atomic():
            take_away(worst())
            raise UndoneError

    with pytest.raises(UndoneError):
        reject_and_break()
    assert (state(campaign), worst().state) == ("approved", "published")


@pytest.mark.django_db
def test_twice_is_once():
    rate(kettle(), *FIVE)
    campaign, review = approved(), worst()
    take_away(review)
    note = Campaign.objects.get(pk=campaign.pk).state_note
    take_away(review)
    assert state(campaign) == "paused"
    assert campaign.state_note == note


@pytest.mark.django_db
def test_a_count_that_grows_goes_on_and_each_letter_says_that_of_its_moment():
    rate(kettle(), *[5] * 6)
    campaign = approved(COUNTED)
    rate(kettle(), 5, state=ReviewState.PENDING)
    publish(Review.objects.get(state="pending"), by=make_staff())
    assert state(campaign) == "approved"
    send_campaign(Quiet(), campaign.pk)
    assert "Copper Kettle has 7 reviews." in mail.outbox[0].body


@pytest.mark.django_db
def test_control_a_count_that_falls_is_pulled():
    rate(kettle(), *[5] * 6)
    campaign = approved(COUNTED)
    take_away(worst())
    assert state(campaign) == "paused"
    assert campaign.state_note["params"] == {"slot": "review_count", "before": "6", "after": "5"}


@pytest.mark.parametrize(
    ("slot", "before", "after", "grown"),
    [
        ("review_count", "999", "1,000", True),
        ("review_count_2", "5", "6", True),
        ("review_count", "6", "5", False),
        ("rating", "4.6", "4.7", False),
        ("price", "£5.00", "£6.00", False),
    ],
)
def test_only_a_count_of_reviews_may_grow(slot, before, after, grown):
    assert has_only_grown(slot, before, after) == grown


@pytest.mark.django_db
def test_a_file_of_reviews_pulls_what_it_makes_untrue():
    rate(kettle(), *FIVE)
    campaign = approved()
    row = {
        "review_id": "r-1", "sku": "KET-1", "rating": "1", "written_at": "2026-06-01T12:00:00Z",
    }  # fmt: skip
    import_frames("reviews", pl.DataFrame([row]), options=Options(dry_run=True))
    assert state(campaign) == "approved"
    import_frames("reviews", pl.DataFrame([row]))
    assert state(campaign) == "paused"


@pytest.mark.django_db
def test_a_file_that_moves_a_review_tells_both_products():
    rate(kettle(), *FIVE)
    [moved] = rate(kettle(), 1, is_verified=False)
    campaign = approved()
    make_variant("TIN-1")
    row = {
        "review_id": moved.key, "sku": "TIN-1", "rating": "1", "written_at": "2026-06-01T12:00:00Z",
    }  # fmt: skip
    import_frames("reviews", pl.DataFrame([row]))
    assert state(campaign) == "paused"


@pytest.mark.django_db
def test_an_erasure_leaves_the_figure_and_the_copy():
    [lowest, *_] = rate(kettle(), 1, *FIVE)
    campaign = approved()
    before = facts_of(kettle())
    erase(lowest.customer)
    assert facts_of(kettle()) == before
    assert state(campaign) == "approved"


@pytest.mark.django_db
def test_a_moderation_asks_one_question_more_where_no_copy_states_a_rating(monkeypatch):
    """Campaigns of the product are not even read, however many reviews it has."""
    rate(kettle(), *[5] * 12)
    approved("{greeting}\n\n{product} is yours for {price}.\n\n{link}")
    asked = []
    for _told in range(2):
        person, review = make_staff(), worst()
        with CaptureQueriesContext(
            connection,
        ) as found:
            reject(review, ReviewReason.OFF_TOPIC, by=person, note="x")
        asked.append(len(found))
        monkeypatch.setattr("shop.services.reviews.moderation.ratings_changed", lambda keys: None)
    assert asked[0] == asked[1] + 1


def race() -> str:
    """Approve while a review is taken away but not committed; the state when both are through."""
    rate(kettle(), *FIVE, 1)
    make_reachable(2)
    campaign = make_campaign(variant=kettle(), body=STARS)
    decision = campaigns.propose_campaign(campaign)

    def approver() -> None:
        try:
            receipts.approve(decision, None)
        except campaigns.CampaignError:
            pass
        finally:
            connection.close()

    thread = threading.Thread(target=approver)
    with transaction.atomic():
        take_away(worst())
        thread.start()
        through_or_blocked(thread)
    thread.join(timeout=LONG)
    return state(campaign)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_an_approval_that_meets_a_moderation_is_not_left_live():
    assert race() == "proposed"


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_control_without_the_lock_the_old_rating_would_go_live(monkeypatch):
    monkeypatch.setattr(campaigns, "hold", lambda rows: list(rows))
    assert race() == "approved"
