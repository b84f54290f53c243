"""Where a ruling is asked for, and the list in which it is decided: who may do what, and by POST alone."""

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override

from marketing.models import Journey, WordingRuling
from marketing.services.content import briefs
from marketing.services.journeys import journey_drafts
from tests.factories_access import make_staff
from tests.factories_content import make_brief, make_kettle, make_ruling, write
from tests.factories_marketing import make_campaign, make_reachable

pytestmark = pytest.mark.django_db
SING = "{product} remembers your grandmother's kitchen"
OPEN = "It states nothing? Ask for a ruling"
LIST = "admin:marketing_wordingruling_changelist"
ASK = "marketing.add_wordingruling"


def signed_in(*permissions: str, role: str = "", name: str = "maria") -> Client:
    client, user = Client(), make_staff(*permissions, username=name)
    if role:
        user.groups.set(Group.objects.filter(name=role))
    client.force_login(user)
    return client


def html(client: Client, url: str) -> str:
    return client.get(url).content.decode()


def brief_with(body: str) -> str:
    brief = write(make_brief(count=1, channel="social"))
    briefs.edit_candidate(brief.candidates.get(), {"body": body}, at=timezone.now())
    return reverse("admin:marketing_brief_page", args=[brief.pk])


def asked(client: Client, **said) -> int:
    body = {"sentence": f"{SING}.", "language": "en", "reason": "It remembers nothing."} | said
    return client.post(reverse("admin:marketing_wordingruling_ask"), body).status_code


def decided(client: Client, ruling: WordingRuling, verb: str, **said) -> int:
    url = reverse("admin:marketing_wordingruling_decide", args=[ruling.pk])
    return client.post(url, {verb: "1"} | said).status_code


def test_beside_a_refused_sentence_of_a_brief_a_ruling_is_asked_for_and_waits():
    page = brief_with(f"{SING}.")
    client = signed_in("marketing.view_brief", ASK)
    shown = html(client, page)
    assert OPEN in shown
    assert "remembers your grandmother&#x27;s kitchen" in shown
    assert OPEN not in html(signed_in("marketing.view_brief", name="v"), page)
    answer = client.post(
        reverse("admin:marketing_wordingruling_ask"),
        {"sentence": SING, "language": "en", "reason": "It remembers nothing.", "back": page},
    )
    assert answer.url == page
    shown = html(client, page)
    assert "it waits for a decision" in shown
    assert OPEN not in shown


@pytest.mark.parametrize(
    "body",
    ["The spout is solid brass.", "It hums for {price}.", "It is the best hum there is.", "{tune}"],
)
def test_what_a_list_or_a_slot_is_against_is_not_offered(body):
    shown = html(signed_in("marketing.view_brief", ASK), brief_with(body))
    assert OPEN not in shown


def test_a_campaign_and_the_editor_of_a_journey_offer_it_too():
    make_reachable(2)
    campaign = make_campaign(variant=make_kettle(), body=f"{{greeting}}\n\n{SING}.\n\n{{link}}")
    client = signed_in("marketing.view_campaign", "marketing.change_journey", ASK)
    page = reverse("admin:marketing_campaign_path", args=[campaign.pk])
    shown = html(client, page)
    assert OPEN in shown
    assert f'name="back" value="{page}"' in shown
    journey = Journey.objects.create(code="j", name="J")
    text = {"subject": "Hello", "body": f"{SING}."}
    step = {"id": "hello", "send": "email", "texts": {"en": text}}
    draft = {"trigger": {"on": "cart_left"}, "exits": [], "steps": [step]}
    journey_drafts.write_draft(journey, draft, revision=journey.draft_revision)
    page = reverse("admin:marketing_journey_edit", args=[journey.pk])
    shown = html(client, page)
    assert OPEN in shown
    assert f'value="{page}#step-hello"' in shown


def test_a_text_says_which_of_its_sentences_a_ruling_lets_pass():
    make_ruling(SING)
    make_reachable(2)
    body = f"{{greeting}}\n\n{SING}. Good morning.\n\n{{link}}"
    campaign = make_campaign(variant=make_kettle(), body=body)
    page = reverse("admin:marketing_campaign_path", args=[campaign.pk])
    shown = html(signed_in("marketing.view_campaign", ASK), page)
    said = "By a ruling they state nothing: <q>{product} remembers your grandmother&#x27;s kitchen</q></p>"
    assert said in shown
    assert OPEN not in shown


def test_the_list_says_who_and_when_and_is_filtered(django_assert_max_num_queries):
    olga = make_staff(username="olga")
    make_ruling("It sings", state="pending", asked_by=olga)
    make_ruling("It hums", decided_by=olga, decided_at=timezone.now())
    client = signed_in("marketing.view_wordingruling")
    with django_assert_max_num_queries(10):
        everything = html(client, reverse(LIST))
    for words in ("It sings", "It hums", "asked for by olga", "approved by olga"):
        assert words in everything
    assert "Approve: it states nothing" not in everything  # who may only look
    waiting = html(client, reverse(LIST) + "?state=pending")
    assert "It sings" in waiting
    assert "It hums" not in waiting
    assert "None in this state" in html(client, reverse(LIST) + "?state=withdrawn")
    assert "It sings" in html(client, reverse(LIST) + "?state=odd&p=x")
    assert everything.index("It sings") < everything.index("It hums")  # what waits stands first


def test_an_empty_list_says_where_one_asks():
    client = signed_in("marketing.view_wordingruling")
    assert "Nobody has asked for a ruling yet" in html(client, reverse(LIST))
    assert "Nothing waits for a decision" in html(client, reverse(LIST) + "?state=pending")
    with override("zh-hans"):
        answer = client.get(reverse(LIST), headers={"Accept-Language": "zh-hans"})
    assert "还没有人申请认定" in answer.content.decode()


def test_a_marketer_asks_and_the_owner_decides():
    marketer, owner = signed_in(role="marketer"), signed_in(role="owner", name="olga")
    assert asked(marketer) == 302
    ruling = WordingRuling.objects.get()
    for verb in ("approve", "withdraw"):
        assert decided(marketer, ruling, verb) == 403
    ruling.refresh_from_db()
    assert ruling.state == "pending"
    assert "Approve: it states nothing" in html(owner, reverse(LIST))
    assert "Approve: it states nothing" not in html(marketer, reverse(LIST))
    assert decided(owner, ruling, "approve") == 302
    assert decided(owner, ruling, "approve") == 302  # twice is once
    ruling.refresh_from_db()
    assert (ruling.state, ruling.decided_by.username) == ("approved", "olga")
    assert decided(owner, ruling, "withdraw") == 302
    ruling.refresh_from_db()
    assert ruling.state == "withdrawn"


def test_nothing_is_done_by_a_link_and_nothing_without_the_right_of_now():
    client, ruling = signed_in(role="owner"), make_ruling(SING)
    for url in (
        reverse("admin:marketing_wordingruling_ask"),
        reverse("admin:marketing_wordingruling_decide", args=[ruling.pk]),
    ):
        assert client.get(url).status_code == 405
    Group.objects.get(name="owner").user_set.clear()  # the page is open, the right is gone
    assert decided(client, ruling, "withdraw") == 403
    assert asked(client) == 403
    ruling.refresh_from_db()
    assert ruling.state == "approved"


def test_what_cannot_be_asked_for_is_told_and_the_way_back_leads_nowhere_else():
    client = signed_in(ASK, "marketing.view_wordingruling")
    answer = client.post(
        reverse("admin:marketing_wordingruling_ask"),
        {"sentence": "It cures colds.", "language": "en", "reason": "x", "back": "https://evil.example/"},
        follow=True,
    )  # fmt: skip
    assert answer.redirect_chain == [(reverse(LIST), 302)]
    assert "is no matter of a ruling" in answer.content.decode()
    assert not WordingRuling.objects.exists()
