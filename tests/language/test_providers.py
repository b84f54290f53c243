"""Templates are deterministic and provable; the endpoint provider speaks to a real HTTP server."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from language.claims import Fact, refusals
from language.endpoint import EndpointProvider, UnusableAnswerError, parse_drafts, user_message
from language.phrases import GOALS, TONES
from language.providers import (
    CHANNELS,
    FIELDS,
    DraftRequest,
    ProviderError,
    SlotNote,
    TemplateProvider,
    draft_texts,
    provider_from_settings,
    without_personal_data,
)
from language.wire import Call, Limits, ask
from tests.factories_crowd import LONG

SERVER = Path(__file__).parent / "openai_server.py"
FACTS = [
    Fact("shop", "name", "Leaf & Cup"),
    Fact("greeting", "person", "Hello Ana,"),
    Fact("product", "name", "Jasmine Tea"),
    Fact("price", "money", "£12.50"),
    Fact("product_2", "name", "Tea tin"),
    Fact("price_2", "money", "£4.00"),
    Fact("discount", "percent", "20%"),
    Fact("until", "date", "30 November 2026"),
    Fact("code", "name", "WELCOME"),
    Fact("link", "link", "https://shop.example"),
    Fact("rating", "stars", "4.6"),
    Fact("review_count", "reviews", "120"),
]
NOTES = tuple(SlotNote(fact.slot, fact.kind) for fact in FACTS)
WITHOUT_LINK = tuple(n for n in NOTES if n.slot != "link")
WITHOUT_OFFER = tuple(n for n in NOTES if n.slot not in ("discount", "until", "code"))


def request(**changes) -> DraftRequest:
    return DraftRequest(**({"channel": "email", "goal": "win_back", "facts": NOTES} | changes))


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("channel", ["email", "sms", "push", "social"])
def test_templates_state_a_rating_where_there_is_one_and_nowhere_else(channel, language):
    unrated = tuple(n for n in NOTES if n.slot not in ("rating", "review_count"))
    for notes, is_rated in ((NOTES, True), (unrated, False)):
        asked = request(channel=channel, language=language, tone="plain", facts=notes, count=12)
        texts = [draft.body for draft in TemplateProvider().draft(asked)]
        assert any("{rating}" in text for text in texts) == is_rated


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("goal", GOALS)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_templates_write_provable_copy_for_every_channel_goal_and_tone(channel, goal, language):
    for tone in TONES:
        for notes in (NOTES, WITHOUT_OFFER, WITHOUT_LINK):
            asked = request(channel=channel, goal=goal, language=language, tone=tone, facts=notes)
            facts = [fact for fact in FACTS if fact.slot in asked.slots]
            drafts = TemplateProvider().draft(asked)
            assert drafts
            for draft in drafts:
                assert draft.body
                assert refusals(draft.subject, facts, slots_only=True) == []
                assert refusals(draft.body, facts, slots_only=True) == []
                assert refusals(draft.preheader, facts, slots_only=True) == []
                assert refusals(draft.button, facts, slots_only=True) == []
                for name in ("subject", "preheader", "button"):
                    assert bool(getattr(draft, name)) == (name in FIELDS[channel])


def test_the_same_seed_gives_the_same_drafts_and_another_seed_others():
    first = TemplateProvider().draft(request(seed=1, count=5))
    assert first == TemplateProvider().draft(request(seed=1, count=5))
    assert first != TemplateProvider().draft(request(seed=2, count=5))
    assert len({draft.body for draft in first}) == 5


def test_a_request_names_its_words():
    with pytest.raises(ValueError, match="none of"):
        request(channel="fax")


def test_personal_data_is_taken_out():
    text = without_personal_data(
        "Ask ana@example.com or +44 20 7946 0958, card 4111 1111 1111 1111"
    )
    assert text == "Ask … or …, card …"


def test_settings_choose_the_provider(settings):
    assert provider_from_settings().name == "templates"
    settings.TEXT_PROVIDER_URL = "http://127.0.0.1:9/v1"
    settings.TEXT_PROVIDER_MODEL = "m"
    assert provider_from_settings().name == "endpoint:m"


@pytest.fixture(scope="module")
def server():
    """A process of its own that speaks /v1/chat/completions and misbehaves by model name."""
    process = subprocess.Popen(
        [sys.executable, str(SERVER)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    yield process.stdout.readline().strip()
    process.stdin.close()
    process.wait(timeout=LONG)
    process.stdout.close()


def provider(server: str, model: str, **changes) -> EndpointProvider:
    limits = Limits(timeout_seconds=changes.pop("timeout_seconds", LONG))
    options = {"url": f"{server}/v1", "key": "test-key", "model": model, "limits": limits}
    return EndpointProvider(**(options | changes))


def requests_seen(server: str, model: str) -> list[dict]:
    from urllib.request import urlopen

    with urlopen(f"{server}/seen/{model}") as answer:
        return json.loads(answer.read())


def test_drafts_come_through_a_strict_schema(server):
    drafts = provider(server, "good").draft(request(persona="a tea lover in Leeds"))
    assert [draft.body for draft in drafts] == [
        "{greeting} come and see {product}: {link}",
        "{product} is {price}.",
    ]
    seen = requests_seen(server, "good")
    assert seen[0]["response_format"]["type"] == "json_schema"
    assert "a tea lover in Leeds" in seen[0]["messages"][0]["content"]
    assert "- {price}: money" in seen[0]["messages"][1]["content"]


@pytest.mark.parametrize(
    ("model", "formats"),
    [
        ("no-schema-400", ["json_schema", "json_object"]),
        ("plain-only", ["json_schema", "json_object", None]),
        ("fenced", ["json_schema"]),
        ("garbage-then-good", ["json_schema", "json_object"]),
        ("cut-then-good", ["json_schema", "json_object"]),
    ],
)
def test_what_the_server_cannot_do_falls_back_to_the_next_format(server, model, formats):
    drafts = provider(server, model).draft(request())
    assert drafts[0].subject == "Hello"
    seen = [row.get("response_format", {}).get("type") for row in requests_seen(server, model)]
    assert seen == formats


def test_a_busy_server_is_asked_again(server):
    assert provider(server, "busy-once").draft(request())
    assert len(requests_seen(server, "busy-once")) == 2


@pytest.mark.parametrize(
    ("model", "reason", "most"),
    [
        ("always-429", "answered 429", 3),
        ("always-401", "answered 401", 1),
        ("always-garbage", "no JSON|no drafts", 3),
        ("hang-up", "cannot be reached", 3),
    ],
)
def test_a_broken_server_gives_one_clear_error_after_few_tries(server, model, reason, most):
    with pytest.raises(ProviderError, match=reason):
        provider(server, model).draft(request())
    assert 1 <= len(requests_seen(server, model)) <= most


def test_a_server_that_always_fails_gives_up(server):
    with pytest.raises(ProviderError, match="answered 500"):
        provider(server, "always-500").draft(request())


def test_a_slow_server_times_out(server):
    with pytest.raises(ProviderError, match=r"no answer within 0\.2 seconds"):
        provider(server, "slow", timeout_seconds=0.2).draft(request())


@pytest.mark.parametrize(
    ("model", "outcome", "reason", "was_charged"),
    [
        ("breaks-off", "broken", "broke off", True),
        ("not-json", "broken", "broke off", True),
        ("error-event", "broken", "overloaded", True),
        ("hangs", "timeout", "no answer within 1 seconds", True),
        ("endless", "unusable", "never ended", True),
        ("always-cut", "cut", "cut off", True),
        ("always-500", "failed", "answered 500", False),
        ("always-429", "busy", "answered 429", False),
        ("always-403", "denied", "answered 403", False),
        ("hang-up", "unreachable", "cannot be reached", False),
    ],
)
def test_every_way_to_end_has_its_name(server, model, outcome, reason, was_charged):
    asked = provider(server, model, timeout_seconds=1 if model == "hangs" else LONG)
    call = Call(model, [{"role": "user", "content": "Hello"}], {}, 0)
    answer = ask(asked, call, lambda: None)
    assert (answer.outcome, answer.was_charged) == (outcome, was_charged)
    assert reason in answer.detail


def test_an_answer_that_drips_is_left_at_the_deadline(server):
    call = Call("drips", [{"role": "user", "content": "Hello"}], {}, 0)
    asked = provider(server, "drips", timeout_seconds=1)  # no silence is that long
    pieces: list[int] = []
    assert ask(asked, call, lambda: pieces.append(1)).outcome == "timeout"
    assert len(pieces) > 1  # it did come in drips


def test_an_answer_says_what_it_used_unless_the_server_does_not(server):
    call = [{"role": "user", "content": "Hello"}]
    told = ask(provider(server, "good"), Call("good", call, {}, 0), lambda: None)
    assert (told.tokens_in, told.tokens_out) == (100, 50)
    untold = ask(provider(server, "no-usage"), Call("no-usage", call, {}, 0), lambda: None)
    assert (untold.outcome, untold.tokens_in) == ("answered", None)


def test_a_wait_longer_than_a_minute_is_not_waited_for(server):
    with pytest.raises(ProviderError, match="asks to wait 900 seconds"):
        provider(server, "busy-for-a-while").draft(request())
    assert len(requests_seen(server, "busy-for-a-while")) == 1


class StopError(Exception):
    pass


def test_a_person_can_stop_an_answer_on_the_way(server):
    pieces = []

    def going_on():
        pieces.append(1)
        if len(pieces) == 2:
            raise StopError

    with pytest.raises(StopError):
        provider(server, "drips").draft(request(), going_on=going_on)
    assert len(pieces) == 2


@pytest.mark.parametrize("channel", CHANNELS)
def test_each_channel_has_a_strict_schema_of_its_own(server, channel):
    asked = request(channel=channel)
    provider(server, "good").draft(asked)
    sent = requests_seen(server, "good")[-1]["response_format"]["json_schema"]
    shape = sent["schema"]["properties"]["drafts"]["items"]
    assert sent["strict"] is True
    assert tuple(shape["required"]) == FIELDS[channel]
    assert shape["additionalProperties"] is False


def test_a_draft_without_a_field_of_its_channel_is_no_draft():
    rows = [{"subject": "A", "body": "B"}, {"subject": "A", "preheader": "P", "body": "B"}]
    answer = json.dumps({"drafts": rows})
    assert [d.preheader for d in parse_drafts(answer, 3, "email")] == ["P"]
    assert len(parse_drafts(answer, 3, "push")) == 2


def test_templates_step_in_and_say_why(server):
    drafted = draft_texts(request(), provider(server, "always-401"))
    assert drafted.provider == "templates"
    assert drafted.drafts
    assert "401" in drafted.note


def test_an_adversarial_answer_reaches_us_and_every_claim_in_it_is_refused(server):
    drafts = provider(server, "adversarial").draft(request(count=10))
    assert len(drafts) >= 5
    for draft in drafts:
        assert refusals(draft.body, FACTS, slots_only=True), draft.body


def test_neither_figures_nor_people_leave_the_house(server):
    asked = request(brief="Mention ana@example.com, phone 020 7946 0958", persona="Bo <b@c.de>")
    provider(server, "good").draft(asked)
    sent = json.dumps(requests_seen(server, "good")[-1])
    for secret in ("ana@example.com", "7946", "b@c.de", "12.50", "Hello Ana", "30 November"):
        assert secret not in sent


@pytest.mark.parametrize(
    "content", ["", "sorry", "[]", '{"drafts": 1}', '{"drafts": [1]}', '{"drafts": []}', "{"]
)
def test_an_answer_without_drafts_is_no_answer(content):
    with pytest.raises(UnusableAnswerError):
        parse_drafts(content, 3, "email")


def test_the_facts_are_a_list_with_braces():
    text = user_message(request(facts=(SlotNote("product", "the product's name", "Jasmine Tea"),)))
    assert "- {product}: the product's name (Jasmine Tea)" in text
