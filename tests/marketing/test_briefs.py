"""From a brief to candidates to copy: checked, never doubled, and saying when templates stepped in."""

import subprocess
import sys
from pathlib import Path

import pytest
from django.utils import timezone

from decisions.models import Decision, Job, JobState
from decisions.services import jobs, receipts
from language.models import TextCall
from marketing.models import Brief, Campaign, Candidate, CopyVariant
from marketing.services.content import briefs
from marketing.texts.people import without_customers
from shop.services.announcements import announce_product
from tests.factories import make_customer, make_variant
from tests.factories_content import make_brief, make_kettle, write
from tests.factories_marketing import Quiet, make_campaign, make_reachable

pytestmark = pytest.mark.django_db
SERVER = Path(__file__).parents[1] / "language" / "openai_server.py"
CHANNELS = ["email", "sms", "push", "social", "description", "landing"]


@pytest.fixture(scope="module")
def server():
    process = subprocess.Popen(
        [sys.executable, str(SERVER)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    yield process.stdout.readline().strip()
    process.stdin.close()
    process.wait(timeout=60)
    process.stdout.close()


@pytest.fixture
def endpoint(server, settings):
    settings.TEXT_PROVIDER_URL, settings.TEXT_PROVIDER_KEY = f"{server}/v1", "test-key"
    settings.TEXT_PROVIDER_TIMEOUT_SECONDS = 60
    settings.TEXT_PROVIDER_PRICE_IN_MINOR = settings.TEXT_PROVIDER_PRICE_OUT_MINOR = 100

    def choose(model: str) -> None:
        settings.TEXT_PROVIDER_MODEL = model

    return choose


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_channel_and_language_gets_candidates_that_may_be_published(channel, language):
    brief = write(make_brief(channel=channel, language=language, count=2))
    found = list(brief.candidates.all())
    assert len(found) == 2
    assert {candidate.state for candidate in found} == {"candidate"}
    assert len({candidate.body for candidate in found}) == 2
    assert not any(
        character.isdigit()
        for c in found
        for character in c.body.replace("{spec_1}", "").replace("{spec_2}", "")
    )


def test_a_job_that_runs_twice_writes_one_round():
    brief = make_brief()
    first = jobs.run_job(brief.job.pk)
    Job.objects.filter(pk=first.pk).update(state=JobState.QUEUED)
    again = jobs.run_job(first.pk)
    assert again.result == first.result == {
        "candidates": 3, "refused": 0, "provider": "templates", "note": "",
    }  # fmt: skip
    assert brief.candidates.count() == 3


def test_asking_twice_while_one_round_is_written_is_asking_once():
    brief = make_brief()
    assert briefs.ask_for_candidates(brief).pk == brief.job.pk
    write(brief)
    second = briefs.ask_for_candidates(brief)
    assert second.pk != brief.job.pk or brief.rounds == 2
    write(Brief.objects.get(pk=brief.pk))
    assert sorted(set(brief.candidates.values_list("round", flat=True))) == [1, 2]


def test_the_same_key_is_the_same_brief():
    kettle = make_kettle()
    assert make_brief(key="k", variant=kettle).pk == make_brief(key="k", variant=kettle).pk
    assert Job.objects.filter(kind="write_candidates").count() == 1


def test_a_cancelled_round_keeps_nothing():
    brief = make_brief()
    jobs.cancel(brief.job)
    brief = write(brief)
    assert brief.job.state == JobState.CANCELLED
    assert brief.candidates.count() == 0


def test_the_endpoint_writes_and_what_it_used_is_counted(endpoint):
    endpoint("good")
    brief = write(make_brief())
    assert {c.provider for c in brief.candidates.all()} == {"endpoint:good"}
    assert {c.preheader for c in brief.candidates.all()} == {"A word from {shop}", "For you"}
    [call] = TextCall.objects.all()
    assert (call.purpose, call.outcome) == (f"brief:{brief.pk}:1", "answered")


def test_a_worker_that_dies_after_the_answer_does_not_ask_and_pay_again(endpoint, monkeypatch):
    endpoint("good")
    brief = make_brief()
    real = Candidate.objects.bulk_create

    def dies(*args, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(Candidate.objects, "bulk_create", dies)
    with pytest.raises(KeyboardInterrupt):
        jobs.run_job(brief.job.pk)
    assert brief.candidates.count() == 0
    monkeypatch.setattr(Candidate.objects, "bulk_create", real)
    brief = write(brief)
    assert {c.provider for c in brief.candidates.all()} == {"endpoint:good"}
    assert TextCall.objects.count() == 1


@pytest.mark.parametrize(
    ("model", "why"),
    [("always-500", "500"), ("always-401", "401"), ("breaks-off", "broke off")],
)
def test_a_dead_endpoint_gives_templates_that_say_so(endpoint, model, why):
    endpoint(model)
    brief = write(make_brief())
    assert {c.provider for c in brief.candidates.all()} == {"templates"}
    assert all(why in c.provider_note for c in brief.candidates.all())
    assert why in brief.job.result["note"]


def test_over_the_cap_templates_write_and_the_row_names_the_cap(endpoint, settings):
    endpoint("good")
    settings.TEXT_PROVIDER_CAP_DAY_MINOR = 0
    brief = write(make_brief())
    assert "spend cap" in brief.candidates.first().provider_note


def test_an_adversarial_answer_is_kept_as_refused_and_cannot_be_chosen(endpoint):
    endpoint("adversarial")
    brief = write(make_brief(count=8))
    assert {c.state for c in brief.candidates.all()} == {"refused"}
    for candidate in brief.candidates.all():
        with pytest.raises(briefs.BriefError, match="not proven"):
            briefs.choose_candidate(candidate, at=timezone.now())
    assert not CopyVariant.objects.exists()


def test_no_name_of_a_customer_leaves_the_house(endpoint):
    endpoint("good")
    make_customer("C-1", name="Ana Martinez")
    make_customer("C-2", name="王小明")
    write(
        make_brief(instructions="As Ana Martinez wrote, 就像王小明说的, Copper Kettle is lovely.")
    )
    prompt = TextCall.objects.get().prompt
    assert "Ana Martinez" not in prompt
    assert "王小明" not in prompt
    assert "Copper Kettle" in prompt


def test_names_that_no_customer_bears_stay():
    make_customer("C-1", name="Ana Martinez")
    assert without_customers("Mary Poppins met Ana Martinez.") == "Mary Poppins met …."


def test_the_chosen_candidate_becomes_the_copy_of_a_new_campaign_once():
    make_reachable(2)
    brief = write(make_brief())
    first, second = brief.candidates.all()[:2]
    briefs.choose_candidate(first, at=timezone.now())
    chosen = briefs.choose_candidate(first, at=timezone.now())
    campaign = Campaign.objects.get()
    assert chosen.copy.campaign == campaign
    assert (chosen.copy.state, chosen.copy.preheader) == ("chosen", first.preheader)
    briefs.choose_candidate(second, at=timezone.now())
    assert [c.body for c in campaign.copies.filter(state="chosen")] == [second.body]
    assert Campaign.objects.count() == 1
    assert [c.state for c in brief.candidates.all()][:2] == ["candidate", "chosen"]


def test_a_brief_writes_for_a_campaign_only_while_that_is_a_draft():
    kettle = make_kettle()
    campaign = make_campaign(variant=kettle)
    brief = write(make_brief(variant=kettle, campaign=campaign))
    Campaign.objects.filter(pk=campaign.pk).update(state="approved")
    with pytest.raises(briefs.BriefError, match="Only a draft"):
        briefs.choose_candidate(brief.candidates.first(), at=timezone.now())
    with pytest.raises(briefs.BriefError, match="Only a draft"):
        make_brief(variant=kettle, campaign=Campaign.objects.get())


@pytest.mark.parametrize(
    ("fields", "variants", "reason"),
    [
        ({"channel": "description"}, 2, "exactly one"),
        ({}, 0, "at least one"),
        ({}, 4, "At most three"),
    ],
)
def test_a_brief_that_cannot_be_written_says_why(fields, variants, reason):
    rows = [make_variant(f"V-{n}") for n in range(variants)]
    with pytest.raises(briefs.BriefError, match=reason):
        briefs.create_brief(briefs.Wish({"channel": "email"} | fields, rows))
    assert not Brief.objects.exists()


def test_what_must_be_said_and_what_must_not_and_how_long():
    kettle = make_kettle()
    brief = write(
        make_brief(variant=kettle, must_say="See you at the fair", must_not_say="kettle", count=2)
    )
    found = brief.candidates.first()
    assert "See you at the fair" in found.body
    reasons = [f.message for f in briefs.review_of(found, timezone.now()).findings if f.blocks]
    assert reasons == ["It says “kettle”."]
    short = write(make_brief(variant=kettle, channel="social", max_characters=20, count=1))
    assert short.candidates.get().state == "refused"


def approve_description() -> Candidate:
    brief = write(make_brief(channel="description", count=3))
    with_spec = next(c for c in brief.candidates.all() if "{spec_2}" in c.body)
    chosen = briefs.choose_candidate(with_spec, at=timezone.now())
    receipts.approve(chosen.decision)
    return Candidate.objects.get(pk=chosen.pk)


def test_a_description_is_proposed_with_its_difference_and_written_when_approved():
    kettle = make_kettle()
    kettle.product.description = "An old text."
    kettle.product.save()
    brief = write(make_brief(variant=kettle, channel="description"))
    chosen = briefs.choose_candidate(brief.candidates.first(), at=timezone.now())
    kettle.product.refresh_from_db()
    assert kettle.product.description == "An old text."
    decision = Decision.objects.get(pk=chosen.decision_id)
    assert decision.output["before"] == "An old text."
    assert receipts.replay(decision) == (decision.output, True)
    receipts.approve(decision)
    kettle.product.refresh_from_db()
    assert kettle.product.description == decision.output["after"]
    assert "Copper Kettle" in kettle.product.description
    change = decision.changes.get(verb="published")
    assert (change.before["text"], change.after["text"]) == (
        "An old text.", decision.output["after"],
    )  # fmt: skip


def test_a_refused_description_changes_nothing():
    brief = write(make_brief(channel="description"))
    chosen = briefs.choose_candidate(brief.candidates.first(), at=timezone.now())
    receipts.refuse(chosen.decision)
    chosen.refresh_from_db()
    assert (chosen.state, chosen.decision) == ("candidate", None)


def test_a_changed_property_is_written_anew_in_the_transaction_of_the_change():
    candidate = approve_description()
    product = candidate.brief.variants.get().product
    assert "Capacity: 1.7 l" in product.description
    product.attributes["capacity"] = 1.5
    product.save()
    announce_product(product)
    product.refresh_from_db()
    assert "Capacity: 1.5 l" in product.description
    live = candidate.claims.filter(state="live", source="product:P-KET-1.capacity")
    assert [claim.version for claim in live] == ["Capacity: 1.5 l"]


def test_a_property_that_is_gone_takes_the_description_back():
    candidate = approve_description()
    product = candidate.brief.variants.get().product
    product.attributes = {"material": "copper"}
    product.save()
    announce_product(product)
    product.refresh_from_db()
    assert product.description == ""
    assert set(candidate.claims.values_list("state", flat=True)) == {"pulled"}


def test_write_candidates_reports_what_it_is_doing():
    notes = []

    class Listening(Quiet):
        def __call__(self, done, total=0, note=""):
            notes.append((done, total, note))

    brief = make_brief()
    briefs.write_candidates(Listening(), brief.pk, 1)
    assert notes[0] == (0, 2, "writing")
    assert notes[-1][:2] == (2, 2)
