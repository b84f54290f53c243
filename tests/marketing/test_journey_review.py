"""Texts of journeys under the rules, the glossary and the ledger: what cannot go live, what is pulled."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from marketing.api.journeys import _detail, _move
from marketing.definitions.journey_library import READY_MADE
from marketing.definitions.journey_plan import read_plan
from marketing.models import (
    ClaimRecord,
    Enrolment,
    Evidence,
    GlossaryTerm,
    Journey,
    LedgerState,
    PolicyRule,
    PulledStep,
    PullState,
    Send,
    SkipReason,
    TermKind,
)
from marketing.services.content import evidence
from marketing.services.content.policy import ensure_policy_rules
from marketing.services.journeys import journey_review, journeys, walking
from tests.factories import make_order
from tests.factories_access import make_staff
from tests.factories_marketing import make_reachable
from tests.marketing.test_journeys import NOON, event, make_journey, make_ware, send

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
SENTENCE = "Our tea is the best in Europe"


@pytest.fixture(autouse=True)
def _storefront(settings):
    settings.STOREFRONT_URL = "https://shop.example"


def document(title="Survey 2026", **fields) -> Evidence:
    made = Evidence.objects.create(
        title=title, url="https://lab.example/1", excerpt="Rated first.",
        valid_from=date(2026, 1, 1), **fields,
    )  # fmt: skip
    evidence.approve_evidence(made, None)
    made.refresh_from_db()
    return made


def proven(sentence=SENTENCE, **fields) -> Evidence:
    made = document(**fields)
    evidence.attach(made, sentence, kind="comparison", language="en", product=None, by=None)
    return made


def claiming(name="reminder") -> dict:
    return send(name, body=f"{{greeting}}\n\n{SENTENCE}.\n\n{{product}}: {{price}}\n\n{{link}}")


def never(word: str) -> GlossaryTerm:
    return GlossaryTerm.objects.create(kind=TermKind.NEVER, term=word)


def rule(words: str, severity="block", market="GB") -> PolicyRule:
    return PolicyRule.objects.create(
        code=f"rule-{words}", market=market, check_kind="words", severity=severity,
        title=f"No {words}", source="Act 1", words=words,
    )  # fmt: skip


def cart(number=1, **fields):
    crowd, kettle = make_reachable(number, language="en", **fields), make_ware()
    for one in crowd:
        event(one, kettle)
    return crowd


def test_a_claim_without_a_document_is_no_version():
    with pytest.raises(journeys.JourneyError, match="reminder, en"):
        make_journey({"on": "cart_left"}, claiming())
    assert not ClaimRecord.objects.exists()


def test_a_claim_that_a_document_proves_goes_live_as_a_row_and_is_sent(mailoutbox):
    paper = proven()
    journey = make_journey({"on": "cart_left"}, claiming(), exits=())
    [row] = ClaimRecord.objects.all()
    assert (row.journey_version, row.step, row.language) == (
        journey.live_version, "reminder", "en",
    )  # fmt: skip
    assert (row.evidence, row.state, row.kind) == (paper, LedgerState.LIVE, "comparison")
    cart()
    walking.walk(NOON + HOUR)
    [mail] = mailoutbox
    assert SENTENCE in mail.body


def test_what_the_market_forbids_can_be_saved_and_not_go_live():
    rule("joining")
    journey = Journey.objects.create(code="c", name="C", holdout_rate=0)
    plan = {
        "trigger": {"on": "joined"}, "exits": [],
        "steps": [send("hello", subject="Hi", body="Thank you for joining us. {link}")],
    }  # fmt: skip
    version = journeys.save_version(journey, plan)
    with pytest.raises(journeys.JourneyError, match="Thank you for joining us") as error:
        journeys.go_live(journey, version)
    assert error.value.step == "hello"
    journey.refresh_from_db()
    assert (journey.state, journey.live_version) == ("draft", None)
    PolicyRule.objects.update(severity="warn")  # the control: the same text, a milder rule
    journeys.go_live(journey, version)


@pytest.mark.parametrize("market", ["GB", "US", "EU", "CN"])
def test_the_ready_made_journeys_break_no_rule_of_any_market(settings, market):
    settings.SHOP_COUNTRIES = {"EU": ["DE"]}.get(market, [market])
    settings.PUBLIC_URL, settings.SHOP_ADDRESS = "https://shop.example", "1 High Street"
    ensure_policy_rules()
    for one in READY_MADE:
        for found in journey_review.reviews_of(read_plan(one.definition)):
            assert not found.review.is_blocked, (one.code, found.step, found.words_in_the_way)


def test_a_withdrawn_document_pulls_the_message_with_it(mailoutbox):
    paper = proven()
    journey = make_journey({"on": "cart_left"}, claiming(), exits=())
    cart()
    evidence.withdraw_evidence(paper, None)
    [pulled] = PulledStep.objects.all()
    assert (pulled.step, pulled.state, pulled.sentence) == ("reminder", "held", SENTENCE)
    assert ClaimRecord.objects.get().state == LedgerState.PULLED
    walking.walk(NOON + HOUR)
    walking.walk(NOON + 3 * HOUR)
    assert not mailoutbox
    assert not Send.objects.exists()
    assert Enrolment.objects.get().state == "under_way"
    evidence.withdraw_evidence(paper, None)  # twice is once
    assert PulledStep.objects.count() == 1
    with pytest.raises(journeys.JourneyError, match="reminder, en"):
        journeys.go_live(journey, journey.live_version)


def test_another_document_for_the_same_sentence_keeps_it_live():
    """The control beside the test above."""
    paper = proven()
    proven(title="Second survey")
    make_journey({"on": "cart_left"}, claiming(), exits=())
    evidence.withdraw_evidence(paper, None)
    assert not PulledStep.objects.exists()


def test_a_document_whose_last_day_is_over_pulls_by_the_clock():
    last = timezone.localdate()
    proven(valid_until=last)
    make_journey({"on": "cart_left"}, claiming(), exits=())
    assert evidence.pull_expired() == 0
    evidence.pull_expired(timezone.now() + timedelta(days=1))
    assert PulledStep.objects.get().state == PullState.HELD


def test_a_renewed_document_lets_those_who_wait_go_on(mailoutbox):
    paper = proven()
    make_journey({"on": "cart_left"}, claiming(), exits=())
    cart()
    evidence.withdraw_evidence(paper, None)
    walking.walk(NOON + HOUR)
    pulled = PulledStep.objects.get()
    with pytest.raises(journeys.JourneyError, match="the best in Europe"):
        journeys.release_step(pulled)
    proven(title="Renewed")
    journeys.release_step(pulled, "ana")
    journeys.release_step(pulled, "ben")
    pulled.refresh_from_db()
    assert (pulled.state, pulled.decided_by) == ("released", "ana")
    assert ClaimRecord.objects.get().state == LedgerState.LIVE
    walking.walk(NOON + 2 * HOUR)
    assert len(mailoutbox) == 1


def test_a_skipped_message_lets_them_go_on_without_it(mailoutbox):
    paper = proven()
    make_journey({"on": "cart_left"}, claiming(), send("second"), exits=())
    cart()
    evidence.withdraw_evidence(paper, None)
    walking.walk(NOON + HOUR)
    journeys.skip_step(PulledStep.objects.get())
    walking.walk(NOON + 2 * HOUR)
    found = dict(Send.objects.values_list("step", "reason"))
    assert found == {"reminder": SkipReason.PULLED, "second": ""}
    assert len(mailoutbox) == 1
    assert SENTENCE not in mailoutbox[0].body


def test_a_message_that_was_written_down_waits_too_and_is_not_sent(mailoutbox):
    """Pulled between the step and the sending: the row stays, and leaves once it may."""
    paper = proven()
    make_journey({"on": "cart_left"}, claiming(), exits=())
    cart()
    walking.enter(Journey.objects.select_related("live_version").get(), NOON + HOUR)
    walking.step_due(NOON + HOUR)
    assert Send.objects.get().state == "claimed"
    evidence.withdraw_evidence(paper, None)
    assert walking.send_due(NOON + HOUR) == 0
    assert Send.objects.get().state == "claimed"
    proven(title="Renewed")
    journeys.release_step(PulledStep.objects.get())
    assert walking.send_due(NOON + HOUR) == 1


def test_an_exit_still_lets_her_leave_while_it_waits():
    paper = proven()
    make_journey({"on": "cart_left"}, claiming())
    [ana] = cart()
    evidence.withdraw_evidence(paper, None)
    walking.walk(NOON + HOUR)
    make_order([(make_ware("TEA-2"), 1)], customer=ana, at=NOON + HOUR + timedelta(minutes=1))
    walking.walk(NOON + 2 * HOUR)
    assert Enrolment.objects.get().state == "left"


def test_a_new_rule_pulls_in_the_page_that_writes_it(admin_client):
    journey = make_journey(
        {"on": "joined"}, send("hello", subject="Hi", body="Thank you for joining us. {link}")
    )
    make_journey(
        {"on": "joined"}, send("hello", subject="Hi", body="Thank you for writing to us. {link}")
    )
    address = reverse("admin:marketing_policyrule_add")
    form = {
        "title": "No joining", "title_zh": "", "market": "GB", "severity": "block",
        "is_active": "on", "source": "Act 2", "source_url": "", "check_kind": "words",
        "words": "joining", "exceptions": "", "code": "no-joining",
    }  # fmt: skip
    assert admin_client.post(address, form).status_code == 302
    [pulled] = PulledStep.objects.all()
    assert pulled.version == journey.live_version
    assert pulled.sentence == "Thank you for joining us"
    page = admin_client.get(reverse("admin:marketing_journey_page", args=[journey.pk]))
    text = page.content.decode()
    assert "was pulled" in text
    assert "No joining (Act 2)" in text
    do = reverse("admin:marketing_journey_do", args=[journey.pk])
    admin_client.post(do, {"verb": "release", "pulled": pulled.pk})
    assert PulledStep.objects.get().state == "held"
    admin_client.post(do, {"verb": "skip", "pulled": pulled.pk})
    assert PulledStep.objects.get().state == "skipped"


def test_a_word_of_the_glossary_pulls_and_the_clock_finds_what_came_by_another_way():
    make_journey(
        {"on": "joined"}, send("hello", subject="Hi", body="Thank you for joining us. {link}")
    )
    assert journey_review.pull_forbidden() == 0
    never("joining")
    assert journey_review.pull_forbidden() == 1
    assert journey_review.pull_forbidden() == 0


def test_the_editor_marks_the_sentence_says_why_and_attaches_a_document(client):
    paper = document()
    journey = Journey.objects.create(code="c", name="C")
    journey.draft = {"trigger": {"on": "joined"}, "exits": [], "steps": [claiming()]}
    journey.save()
    edit = reverse("admin:marketing_journey_edit", args=[journey.pk])
    do = reverse("admin:marketing_journey_edit_do", args=[journey.pk])
    client.force_login(make_staff("marketing.change_journey", "marketing.view_journey"))
    text = client.get(edit).content.decode()
    assert "cannot go live" in text
    assert '<mark class="mk-claim mk-false"' in text
    assert f"<q>{SENTENCE}</q>" in text
    assert "This document proves it" not in text
    form = {
        "op": "prove", "revision": 0, "step": "reminder", "language": "en", "sentence": SENTENCE,
        "evidence": paper.pk, "kind": "comparison",
    }  # fmt: skip
    assert client.post(do, form).status_code == 403
    client.force_login(make_staff("marketing.change_journey", "marketing.add_evidenceuse"))
    assert "This document proves it" in client.get(edit).content.decode()
    assert client.post(do, form | {"evidence": "x"}).status_code == 404
    client.post(do, form)
    assert f"<q>{SENTENCE}</q>" not in client.get(edit).content.decode()


def test_the_review_costs_the_same_however_many_messages(client):
    client.force_login(make_staff("marketing.change_journey", "marketing.view_journey"))
    counts = []
    for number in (1, 6):
        journey = make_journey(
            {"on": "cart_left"}, *[send(f"m{n}") for n in range(number)], exits=()
        )
        for name in ("edit", "page"):
            with CaptureQueriesContext(connection) as counted:
                client.get(reverse(f"admin:marketing_journey_{name}", args=[journey.pk]))
            counts.append(len(counted))
    assert counts[:2] == counts[2:]
    assert max(counts) <= 40


def test_programs_see_what_stands_in_the_way_and_decide():
    paper = proven()
    journey = make_journey({"on": "cart_left"}, claiming(), exits=())
    evidence.withdraw_evidence(paper, None)
    shown = _detail(journey)
    [one] = shown["pulled"]
    assert (one["step"], one["version"], one["sentence"]) == ("reminder", 1, SENTENCE)
    assert shown["blocked_by"][0]["sentence"] == SENTENCE
    wanted = {"to": "step_skipped", "step": "reminder", "version": 1}
    _move(journey, wanted, "program")
    _move(journey, wanted, "program")
    assert PulledStep.objects.get().state == "skipped"
    with pytest.raises(journeys.JourneyError, match="was pulled"):
        _move(journey, wanted | {"step": "nowhere"}, "program")


def test_an_sms_is_counted_with_the_longest_name_on_sale(settings):
    """What is archived cannot stand in it."""
    settings.SMS_MAX_PARTS = 2
    step = send("text", channel="sms", subject="", body="{product} is here again: {link}")
    step["texts"]["en"].pop("subject", None)
    definition = {"trigger": {"on": "cart_left", "minutes": 60}, "exits": [], "steps": [step]}
    long = make_ware("LONG", name="Kettle " * 40).product
    make_ware("SHORT", name="Pot")

    def is_blocked() -> bool:
        return any(
            one.review.is_blocked for one in journey_review.reviews_of(read_plan(definition))
        )

    assert is_blocked()
    long.state = long.State.ARCHIVED
    long.save()
    assert not is_blocked()
