"""A ruling that a sentence states nothing: asked for by one, approved by another, withdrawn with its copy."""

import pytest
from django.core import mail
from django.db import IntegrityError, transaction
from django.utils import timezone

from decisions.services import receipts
from marketing.models import Campaign, ClaimRecord, WordingRuling
from marketing.services.campaigns import campaigns
from marketing.services.content import briefs, wordings
from marketing.services.sending.sends import send_campaign
from marketing.tasks import pull_expired
from marketing.texts.facts import campaign_facts, slot_notes
from marketing.texts.wordings import one_sentence
from shop.models import Product
from tests.factories_access import make_staff
from tests.factories_content import make_brief, make_kettle, make_ruling, write
from tests.factories_marketing import Quiet, approve, make_campaign, make_reachable

pytestmark = pytest.mark.django_db
SING = "{product} remembers your grandmother's kitchen"
BODY = f"{{greeting}}\n\n{{product}} is yours for {{price}}. {SING}.\n\n{{link}}"
WHY = "A kettle remembers nothing."


def campaign_with(body: str = BODY) -> Campaign:
    make_reachable(2)
    return make_campaign(variant=make_kettle(), body=body)


def state(campaign: Campaign) -> str:
    campaign.refresh_from_db()
    return campaign.state


def ask(sentence: str = f"{SING}.", *, language: str = "en", reason: str = WHY, by=None):
    return wordings.ask(sentence, language=language, reason=reason, by=by)


def test_a_refused_sentence_passes_once_its_ruling_is_approved_and_not_before():
    campaign = campaign_with()
    with pytest.raises(campaigns.CampaignError, match="no fact supports"):
        campaigns.propose_campaign(campaign)
    asker, owner = make_staff(username="maria"), make_staff(username="olga")
    ruling = ask(by=asker)
    assert (ruling.sentence, ruling.state, ruling.asked_by) == (SING, "pending", asker)
    with pytest.raises(campaigns.CampaignError):
        campaigns.propose_campaign(campaign)
    assert wordings.approve(ruling, owner)
    approve(campaign)
    ruling.refresh_from_db()
    assert (ruling.state, ruling.decided_by) == ("approved", owner)
    assert not ClaimRecord.objects.filter(words__contains="remembers").exists()
    send_campaign(Quiet(), campaign.pk)
    assert len(mail.outbox) == 2


def test_a_ruling_of_another_language_clears_nothing():
    make_ruling(SING, language="zh")
    with pytest.raises(campaigns.CampaignError):
        campaigns.propose_campaign(campaign_with())


def test_asking_twice_is_once_and_the_database_keeps_it():
    first = ask()
    again = ask("{product}  remembers your GRANDMOTHER'S kitchen!", reason="Another.")
    assert (again.pk, again.reason) == (first.pk, WHY)
    assert ask(language="zh").pk != first.pk
    with pytest.raises(IntegrityError), transaction.atomic():
        WordingRuling.objects.create(
            sentence=SING, words=first.words, language="en", reason=WHY, state="approved"
        )
    assert wordings.approve(first, None)
    assert ask().pk == first.pk
    assert wordings.withdraw(first, None)
    assert ask().pk != first.pk  # what was withdrawn stays as it was


@pytest.mark.parametrize(
    ("sentence", "why"),
    [
        ("", "one sentence"),
        ("...", "one sentence"),
        (f"{SING}. It sings.", "one sentence"),
        (f"{SING}\nIt sings", "one sentence"),
        (f"{SING}. 7", "one sentence"),
        ("x" * 501, "one sentence"),
        ("It hums for 9 summers.", "9"),
        ("It hums for nine summers.", "nine"),
        ("It hums, {product} is {price}", r"\{price\} says something"),
        ("It hums {tune} to you", r"\{tune\} says something"),
        ("It hums and it is free of charge.", "free"),
        ("It hums and cures colds.", "cures"),
        ("The hum is solid oak.", "solid oak"),
        ("It is the best hum there is.", "best"),
        ("It hums for [name] softly", "name"),
        ("它终身陪伴你", "终身"),
    ],
)
def test_only_one_sentence_against_which_nothing_but_a_classifier_stands_is_asked_for(
    sentence, why
):
    with pytest.raises(wordings.WordingError, match=why):
        ask(sentence)
    assert not WordingRuling.objects.exists()


@pytest.mark.parametrize("reason", ["", "  ", "x" * 301])
def test_a_reason_is_needed(reason):
    with pytest.raises(wordings.WordingError, match="why it states nothing"):
        ask(reason=reason)


def test_a_language_is_needed():
    with pytest.raises(wordings.WordingError, match="en or zh"):
        ask(language="fr")


def test_a_question_is_kept_as_one_and_clears_no_statement():
    assert one_sentence("Does it  sing？") == ("Does it sing?", "does it sing?")
    ruling = ask(f"{SING}?")
    wordings.approve(ruling, None)
    with pytest.raises(campaigns.CampaignError):
        campaigns.propose_campaign(campaign_with())


def test_with_four_eyes_whoever_asked_may_decline_and_not_approve(settings):
    asker, owner = make_staff(username="maria"), make_staff(username="olga")
    ruling = ask(by=asker)
    settings.DECISIONS_FOUR_EYES = True
    with pytest.raises(wordings.WordingError, match="Another person"):
        wordings.approve(ruling, asker)
    ruling.refresh_from_db()
    assert ruling.state == "pending"
    assert wordings.approve(ruling, owner)
    mine = ask("It sings.", by=asker)
    assert wordings.withdraw(mine, asker)
    settings.DECISIONS_FOUR_EYES = False
    assert wordings.approve(ask("It hums.", by=asker), asker)


def test_what_the_lists_learned_meanwhile_is_not_approved():
    ruling = make_ruling("It hums and cures colds", state="pending")
    with pytest.raises(wordings.WordingError, match="cures"):
        wordings.approve(ruling, None)


def test_each_decision_is_made_once_and_a_withdrawn_one_stays_withdrawn():
    ruling = ask()
    assert wordings.approve(ruling, None)
    assert not wordings.approve(ruling, None)
    assert wordings.withdraw(ruling, None)
    assert not wordings.withdraw(ruling, None)
    assert not wordings.approve(ruling, None)
    ruling.refresh_from_db()
    assert ruling.state == "withdrawn"


def test_withdrawing_pulls_live_copy_in_the_same_transaction():
    ruling = make_ruling(SING)
    campaign = approve(campaign_with())
    with transaction.atomic():
        assert wordings.withdraw(ruling, None)
        assert state(campaign) == "paused"
        transaction.set_rollback(True)
    assert state(campaign) == "approved"
    assert wordings.withdraw(ruling, None)
    assert state(campaign) == "paused"
    assert set(ClaimRecord.objects.values_list("state", flat=True)) == {"pulled"}
    assert send_campaign(Quiet(), campaign.pk)["sent"] == 0
    with pytest.raises(campaigns.CampaignError):
        campaigns.resume(campaign)
    wordings.approve(ask(), None)
    campaigns.resume(campaign)
    assert state(campaign) == "approved"


def test_copy_that_does_not_say_it_stays_live():
    ruling = make_ruling("It sings like a river")
    make_ruling(SING)
    campaign = approve(campaign_with())
    wordings.withdraw(ruling, None)
    assert state(campaign) == "approved"


def test_a_ruling_that_is_gone_at_sending_time_lets_nothing_leave():
    ruling = make_ruling(SING)
    campaign = approve(campaign_with())
    WordingRuling.objects.filter(pk=ruling.pk).update(state="withdrawn")
    send_campaign(Quiet(), campaign.pk)
    assert (state(campaign), len(mail.outbox)) == ("paused", 0)


def test_the_clock_pulls_what_was_approved_in_the_moment_of_the_withdrawal():
    ruling = make_ruling(SING)
    campaign = approve(campaign_with())
    assert wordings.pull_withdrawn() == 0
    WordingRuling.objects.filter(pk=ruling.pk).update(state="withdrawn", decided_at=timezone.now())
    assert pull_expired() == 1
    assert pull_expired() == 0
    assert state(campaign) == "paused"


def test_a_description_goes_back_to_what_stood_before():
    ruling = make_ruling(SING)
    brief = write(make_brief(channel="description"))
    body = f"This is {{product}}. {SING}."
    candidate = briefs.edit_candidate(brief.candidates.first(), {"body": body}, at=timezone.now())
    assert candidate.state != "refused"
    receipts.approve(briefs.choose_candidate(candidate, at=timezone.now()).decision)
    assert "grandmother" in Product.objects.get().description
    wordings.withdraw(ruling, None)
    assert Product.objects.get().description == ""


def test_a_candidate_of_a_brief_is_chosen_on_a_ruling():
    brief = write(make_brief(channel="social"))
    candidate = brief.candidates.first()
    briefs.edit_candidate(candidate, {"body": f"{SING}."}, at=timezone.now())
    with pytest.raises(briefs.BriefError, match="not proven"):
        briefs.choose_candidate(candidate, at=timezone.now())
    make_ruling(SING)
    assert briefs.choose_candidate(candidate, at=timezone.now()).state == "chosen"


def test_whoever_writes_copy_is_told_of_no_ruling_and_facts_cost_one_query_more(
    django_assert_num_queries,
):
    campaign = campaign_with()
    with django_assert_num_queries(7):
        campaign_facts(campaign, "en", timezone.now())
    for n in range(5):
        make_ruling(f"It sings {'softly ' * n}")
    with django_assert_num_queries(7):
        facts = campaign_facts(campaign, "en", timezone.now())
    assert len([fact for fact in facts if fact.kind == "ruling"]) == 5
    assert not [note for note in slot_notes(facts) if note.slot.startswith("ruling")]
