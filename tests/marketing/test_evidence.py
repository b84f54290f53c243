"""Claims rest on a field or on a document of a person; what expires or is withdrawn pulls copy."""

from datetime import timedelta

import pytest
from django.core import mail
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.utils import timezone

from decisions.services import receipts
from language.claims import Fact, check_copy, refusals
from marketing.models import Campaign, ClaimRecord, Evidence, EvidenceUse
from marketing.services.campaigns import campaigns
from marketing.services.content import briefs, evidence
from marketing.services.sending.sends import send_campaign
from shop.models import Product
from shop.services.prices import set_price
from tests.factories_content import (
    make_brief,
    make_evidence,
    make_kettle,
    make_use,
    write,
    yesterday,
)
from tests.factories_marketing import Quiet, approve, make_campaign, make_reachable

pytestmark = pytest.mark.django_db
SENTENCE = "The spout is solid brass"
BODY = f"{{greeting}}\n\n{{product}} is yours for {{price}}. {SENTENCE}.\n\n{{link}}"


def campaign_with(body: str = BODY) -> Campaign:
    make_reachable(2)
    return make_campaign(variant=make_kettle(), body=body)


def state(campaign: Campaign) -> str:
    campaign.refresh_from_db()
    return campaign.state


def test_a_whole_sentence_with_a_document_passes_and_half_of_one_does_not():
    facts = [Fact("evidence_1", "evidence", SENTENCE, "evidence:7")]
    for strict in (True, False):
        assert refusals(f"{SENTENCE}.", facts, slots_only=strict) == []
        assert refusals(f"{SENTENCE} and it cures colds.", facts, slots_only=strict)
        assert refusals(f"Doctors say: {SENTENCE.lower()}.", facts, slots_only=strict)
        assert refusals(f"{SENTENCE}. It cures colds.", facts, slots_only=strict)


def test_a_figure_in_a_proven_sentence_is_proven_with_it():
    facts = [Fact("evidence_1", "evidence", "It boils 1.7 litres in 3 minutes", "evidence:7")]
    [claim] = check_copy("It boils 1.7 litres in 3 minutes!", facts, slots_only=True)
    assert (claim.kind, claim.is_supported, claim.source) == ("evidence", True, "evidence:7")
    assert refusals("It boils 1.8 litres in 3 minutes!", facts, slots_only=True)


def test_an_unproven_sentence_blocks_and_an_attached_document_lets_it_pass():
    campaign = campaign_with()
    with pytest.raises(campaigns.CampaignError, match="no fact supports"):
        campaigns.propose_campaign(campaign)
    product = Product.objects.get()
    evidence.attach(
        make_evidence(), SENTENCE, kind="specification", language="en", product=product, by=None
    )
    approve(campaign)
    claim = ClaimRecord.objects.get(words=SENTENCE)
    assert (claim.kind, claim.evidence.title, claim.state) == (
        "specification", "Test report 7", "live",
    )  # fmt: skip


@pytest.mark.parametrize(
    "fields", [{"state": "pending"}, {"state": "withdrawn"}, {"valid_until": yesterday()}]
)
def test_a_document_that_does_not_count_proves_nothing(fields):
    document = make_evidence(**fields)
    with pytest.raises(evidence.EvidenceError, match="not approved"):
        evidence.attach(
            document, SENTENCE, kind="specification", language="en", product=None, by=None
        )
    make_use(SENTENCE, document)
    with pytest.raises(campaigns.CampaignError):
        campaigns.propose_campaign(campaign_with())


def test_a_document_of_another_product_or_language_proves_nothing_here():
    campaign = campaign_with()
    other = Product.objects.create(code="TEA-1", name="Tea")
    make_use(SENTENCE, product=other)
    make_use(SENTENCE, language="zh")
    with pytest.raises(campaigns.CampaignError):
        campaigns.propose_campaign(campaign)


def test_each_claim_is_a_row_with_field_and_version():
    make_use(SENTENCE)
    campaign = approve(campaign_with())
    rows = {claim.kind: claim for claim in ClaimRecord.objects.all()}
    price = rows["price"]
    assert price.source.startswith("price:")
    assert price.version == "£40.00"
    assert price.sentence == "Copper Kettle is yours for £40.00"
    assert rows["specification"].sentence == SENTENCE
    before = price.verified_at
    send_campaign(Quiet(), campaign.pk)
    price.refresh_from_db()
    assert price.verified_at > before
    assert len(mail.outbox) == 2


def test_withdrawing_pulls_live_copy_in_the_same_transaction():
    use = make_use(SENTENCE)
    campaign = approve(campaign_with())
    with transaction.atomic():
        assert evidence.withdraw_evidence(use.evidence, None)
        assert state(campaign) == "paused"
        transaction.set_rollback(True)
    assert state(campaign) == "approved"
    assert evidence.withdraw_evidence(use.evidence, None)
    assert not evidence.withdraw_evidence(use.evidence, None)
    assert state(campaign) == "paused"
    assert set(ClaimRecord.objects.values_list("state", flat=True)) == {"pulled"}
    assert send_campaign(Quiet(), campaign.pk)["sent"] == 0


def test_an_expired_document_pulls_live_copy_by_the_clock_and_at_sending():
    use = make_use(SENTENCE, make_evidence(days=1))
    campaign = approve(campaign_with())
    assert evidence.pull_expired() == 0
    Evidence.objects.filter(pk=use.evidence_id).update(valid_until=yesterday())
    send_campaign(Quiet(), campaign.pk)
    assert (state(campaign), len(mail.outbox)) == ("paused", 0)
    Evidence.objects.filter(pk=use.evidence_id).update(
        valid_until=timezone.localdate() + timedelta(days=1)
    )
    campaigns.resume(campaign)
    Evidence.objects.filter(pk=use.evidence_id).update(valid_until=yesterday())
    assert evidence.pull_expired() == 1
    assert evidence.pull_expired() == 0
    assert state(campaign) == "paused"


def test_a_price_change_pulls_the_rows_too():
    make_use(SENTENCE)
    campaign = approve(campaign_with())
    set_price(campaign.items.get().variant, 777, key="new", source="test")
    assert set(ClaimRecord.objects.values_list("state", flat=True)) == {"pulled"}


def test_a_withdrawn_document_takes_a_description_back():
    brief = write(make_brief(channel="description"))
    use = make_use(SENTENCE)
    candidate = briefs.edit_candidate(
        brief.candidates.first(), {"body": f"This is {{product}}. {SENTENCE}."}, at=timezone.now()
    )
    chosen = briefs.choose_candidate(candidate, at=timezone.now())
    receipts.approve(chosen.decision)
    assert Product.objects.get().description == f"This is Copper Kettle. {SENTENCE}."
    evidence.withdraw_evidence(use.evidence, None)
    assert Product.objects.get().description == ""


def test_attaching_twice_is_once_and_the_database_keeps_it():
    document = make_evidence()
    for _time in range(2):
        evidence.attach(
            document, f" {SENTENCE} ", kind="specification", language="en", product=None, by=None
        )
    assert EvidenceUse.objects.count() == 1
    with pytest.raises(IntegrityError), transaction.atomic():
        make_use(SENTENCE, document)


def test_a_document_is_bounded_and_needs_a_file_or_an_address():
    def problems(**fields) -> set[str]:
        options = {"title": "T", "excerpt": "e", "valid_from": yesterday()}
        with pytest.raises(ValidationError) as found:
            Evidence(**(options | fields)).full_clean()
        return set(found.value.message_dict)

    assert problems() == {"__all__"}
    large = SimpleUploadedFile("r.pdf", b"x" * (5 * 1024 * 1024 + 1))
    assert problems(file=large) == {"file"}
    assert problems(file=SimpleUploadedFile("r.html", b"<script>")) == {"file"}
    early = yesterday() - timedelta(days=9)
    assert "valid_until" in problems(url="https://lab.example/", valid_until=early)
