"""Kept lists in the back office: who sees which, the form, buttons, the file, campaigns for one."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.urls import reverse
from django.utils import timezone

from decisions.models import Job
from decisions.services import jobs
from marketing.models import Audience, Campaign
from marketing.pages import frozen as shown
from marketing.services.audiences import frozen, frozen_standing
from marketing.services.customers import cohort_snapshots
from tests.factories import make_customer
from tests.factories_access import make_staff
from tests.factories_marketing import approve, make_campaign, make_reachable, make_segment
from tests.marketing.test_frozen import british, freeze

pytestmark = pytest.mark.django_db
LISTS = "admin:marketing_audience_changelist"
RIGHTS = [f"marketing.{verb}_audience" for verb in ("view", "add", "change", "delete")]


def page_of(audience: Audience, **query) -> str:
    return reverse("admin:marketing_audience_page", args=[audience.pk], query=query or None)


def press(client, audience: Audience, verb: str):
    address = reverse("admin:marketing_audience_do", args=[audience.pk])
    return client.post(address, {"verb": verb}, follow=True)


@pytest.fixture
def marketer(client):
    client.force_login(make_staff(*RIGHTS, "marketing.view_segment"))
    return client


def test_a_list_is_frozen_from_the_explorer_once_however_often_the_button_is_pressed(marketer):
    make_customer("A", country="GB")
    british()
    address = reverse("admin:marketing_audience_freeze")
    page = marketer.get(address, {"segment": "british"}).content.decode()
    assert "1 customer meets this now" in page
    said = {"segment": "british", "name": "Tea", "held_percent": "25", "key": str(uuid4())}
    for _press in range(2):
        answer = marketer.post(address, said)
    audience = Audience.objects.get()
    assert answer.url == page_of(audience)
    assert (audience.name, audience.holdout_rate) == ("Tea", 0.25)
    assert "waits for a worker" in marketer.get(page_of(audience)).content.decode()
    assert 'data-again="2"' in marketer.get(page_of(audience, part=1)).content.decode()
    assert jobs.run_job(Job.objects.get().pk).state == "succeeded"
    page = marketer.get(page_of(audience)).content.decode()
    assert "On the list" in page
    assert "data-live" not in page


def test_the_form_says_what_is_wrong_and_freezes_nothing(marketer):
    make_segment({"all": [{"field": "country", "op": "is", "value": "GB"}]}, code="british")
    address, then = reverse("admin:marketing_audience_freeze"), timezone.now() - timedelta(days=3)
    said = {"segment": "british", "name": "Tea", "held_percent": "0", "key": str(uuid4())}
    for odd, why in (
        ({"held_percent": "80"}, "50"),
        ({"name": ""}, "required"),
        ({"as_of": f"{then:%Y-%m-%dT%H:%M}"}, "tracked"),
        ({"key": "x"}, ""),
    ):
        answer = marketer.post(address, said | odd)
        assert answer.status_code == 400
        assert why in answer.content.decode()
    assert marketer.get(address, {"segment": ["odd", "\x00"]}).url.endswith("/explorer/")
    assert not Audience.objects.exists()


def test_the_shelves_and_their_empty_states(marketer):
    words = {"ready": "No list is kept yet", "archived": "Nothing", "campaigns": "No campaign"}
    for shelf, said in words.items():
        assert said in marketer.get(reverse(LISTS), {"shelf": shelf}).content.decode()
    make_reachable(2, country="GB")
    kept, other = freeze(), freeze(key="other", name="Put away")
    frozen.archive(other)
    approve(make_campaign(name="Drawn", segment=kept.segment))
    for shelf, name, not_there in (
        ("ready", "Tea friends", "Put away"),
        ("archived", "Put away", "Tea friends"),
        ("campaigns", "Drawn", "Tea friends"),
        ("odd", "Tea friends", "Put away"),
    ):
        page = marketer.get(reverse(LISTS), {"shelf": shelf}).content.decode()
        assert name in page
        assert not_there not in page
    assert "Tea friends" in marketer.get(reverse(LISTS), {"q": "brit"}).content.decode()
    assert "No list has" in marketer.get(reverse(LISTS), {"q": "zzz"}).content.decode()


def test_the_list_takes_as_many_queries_for_many_as_for_one(
    marketer, django_assert_num_queries, django_assert_max_num_queries
):
    make_customer("A", country="GB")
    freeze()
    with django_assert_max_num_queries(20) as first:
        marketer.get(reverse(LISTS))
    for n in range(5):
        freeze(key=f"k{n}")
    with django_assert_num_queries(len(first)):
        marketer.get(reverse(LISTS))


def test_buttons_archive_restore_and_delete(marketer):
    make_reachable(1, country="GB")
    audience = freeze()
    assert "Restore" in press(marketer, audience, "archive").content.decode()
    assert "can be made for it again" in press(marketer, audience, "restore").content.decode()
    campaign = make_campaign(frozen_audience=audience, segment=audience.segment)
    assert "archive it instead" in press(marketer, audience, "delete").content.decode()
    assert 'value="delete"' not in marketer.get(page_of(audience)).content.decode()
    Campaign.objects.filter(pk=campaign.pk).update(frozen_audience=None)
    assert "its receipt stays" in press(marketer, audience, "delete").content.decode()
    assert marketer.get(page_of(audience)).status_code == 404
    assert press(marketer, audience, "delete").status_code == 404


def test_each_button_needs_its_own_right(client):
    make_reachable(1, country="GB")
    audience = freeze()
    client.force_login(make_staff("marketing.view_audience"))
    page = client.get(page_of(audience)).content.decode()
    for verb in ("archive", "restore", "delete", "retry"):
        assert press(client, audience, verb).status_code == 403
        assert f'value="{verb}"' not in page
    assert press(client, audience, "odd").status_code == 400
    assert client.get(reverse("admin:marketing_audience_freeze")).status_code == 403
    client.force_login(make_staff(username="nobody"))
    assert client.get(page_of(audience)).status_code == 403
    assert client.get(reverse(LISTS)).status_code == 403


def test_a_list_that_could_not_be_written_says_so_and_is_tried_again(marketer):
    make_customer("A", country="GB")
    segment = british()
    audience = frozen.ask_frozen(frozen.Freeze("L", segment.rule, (segment,)), key="k")
    Job.objects.update(state="failed", error="a persona is gone")
    page = marketer.get(page_of(audience)).content.decode()
    assert "could not be written" in page
    assert "a persona is gone" in page
    press(marketer, audience, "retry")
    assert jobs.run_job(Job.objects.get().pk).state == "succeeded"
    audience.refresh_from_db()
    assert audience.customer_count == 1
    assert "written already" in press(marketer, audience, "retry").content.decode()


def test_the_file_holds_addresses_only_of_whom_may_be_written_to_and_for_whom_may_see(client):
    make_reachable(8, country="GB")
    make_customer("MUTE", country="GB", email="mute@example.com")
    audience = freeze(holdout_rate=0.4)
    held = set(audience.members.filter(is_holdout=True).values_list("customer__code", flat=True))
    assert 0 < len(held - {"MUTE"}) < 8
    for rights, sees in (([], False), (["shop.view_customer"], True)):
        name = f"reader-{sees}"
        client.force_login(make_staff("marketing.view_audience", *rights, username=name))
        answer = client.get(page_of(audience, **{"as": "csv"}))
        text = b"".join(answer.streaming_content).decode()
        head, *lines = (line.split(",") for line in text.splitlines())
        assert head == shown.FILE_HEADS[: 6 if sees else 5]
        assert [line[0] for line in lines] == [*(f"R-{n}" for n in range(8)), "MUTE"]
        for line in lines:
            may = line[0] != "MUTE" and line[0] not in held
            assert line[1] == ("holdout" if line[0] in held else "written_to")
            assert line[4] == str(int(may))
            assert not sees or bool(line[5]) == may
        assert ("@" in text) == sees


def test_a_large_list_is_read_page_by_page(monkeypatch, django_assert_num_queries):
    make_reachable(5, country="GB")
    audience = freeze()
    monkeypatch.setattr(shown, "FILE_PAGE", 2)
    with django_assert_num_queries(7):  # three pages and the empty one, whom one may write to
        lines = list(shown.file_rows(audience, "email", may_see=False))
    assert len(lines) == 6


def test_the_page_of_a_large_shop_waits_for_the_job(marketer, monkeypatch):
    make_reachable(2, country="GB")
    audience = freeze()
    monkeypatch.setattr(cohort_snapshots, "is_small_shop", lambda most: False)
    assert "counted by a job" in marketer.get(page_of(audience)).content.decode()
    assert "reload the page" in press(marketer, audience, "count").content.decode()
    frozen_standing.refresh(audience.pk)
    page = marketer.get(page_of(audience)).content.decode()
    assert "counted by a job" not in page


def test_a_campaign_is_made_for_a_list_and_takes_its_segment(client):
    make_reachable(2, country="GB")
    audience = freeze()
    client.force_login(make_staff(is_superuser=True, username="boss"))
    said = {
        "name": "Spring", "goal": "announce", "channel": "email", "tone": "warm", "language": "en",
        "holdout_rate": "0.1", "attribution_window_days": "14", "exploration_rate": "0.1",
        "items-TOTAL_FORMS": "0", "items-INITIAL_FORMS": "0", "plan-TOTAL_FORMS": "0",
        "plan-INITIAL_FORMS": "0",
    }  # fmt: skip
    address = reverse("admin:marketing_campaign_add")
    assert (
        f'value="{audience.pk}" selected'
        in client.get(address, {"frozen_audience": audience.pk}).content.decode()
    )
    answer = client.post(address, said)
    assert "Choose a segment or a frozen list" in answer.content.decode()
    assert client.post(address, said | {"frozen_audience": audience.pk}).status_code == 302
    campaign = Campaign.objects.get()
    assert (campaign.frozen_audience, campaign.segment) == (audience, audience.segment)
    path = reverse("admin:marketing_campaign_path", args=[campaign.pk])
    assert "frozen list “Tea friends”" in client.get(path).content.decode()
    assert (
        "Tea friends" in client.get(reverse("admin:marketing_campaign_changelist")).content.decode()
    )
    frozen.archive(audience)
    answer = client.post(address, said | {"frozen_audience": audience.pk})
    assert "can be made for this list any more" in answer.content.decode()
    change = reverse("admin:marketing_campaign_change", args=[campaign.pk])
    answer = client.post(change, said | {"frozen_audience": audience.pk, "name": "Summer"})
    assert answer.status_code == 302  # what was begun goes on


def test_pages_lead_to_the_form(marketer, client):
    make_customer("A", country="GB")
    segment = british()
    make_segment(code="all")
    freeze = reverse("admin:marketing_audience_freeze")
    assert (
        f"{freeze}?segment=british"
        in marketer.get(reverse("admin:marketing_audiences")).content.decode()
    )
    compare = marketer.get(reverse("admin:marketing_audience_compare"), {"s": ["british", "all"]})
    assert f"{freeze}?segment=all&amp;segment=british" in compare.content.decode()
    change = reverse("admin:marketing_segment_change", args=[segment.pk])
    assert f"{freeze}?segment=british" in marketer.get(change).content.decode()
    client.force_login(make_staff("marketing.view_segment", username="reader"))
    assert freeze not in client.get(reverse("admin:marketing_audiences")).content.decode()
