"""The merchant's API of rulings: one permission per verb, one answer per key."""

import pytest
from django.core.cache import cache

from marketing.models import WordingRuling
from tests.factories_access import make_key, make_staff
from tests.factories_content import make_kettle, make_ruling
from tests.factories_marketing import approve, make_campaign, make_reachable

pytestmark = pytest.mark.django_db
SING = "{product} remembers your grandmother's kitchen"
VIEW, ASK, DECIDE = (f"marketing.{verb}_wordingruling" for verb in ("view", "add", "decide"))


@pytest.fixture
def api(client):
    cache.clear()
    by = make_staff(VIEW, ASK, DECIDE, username="maria")

    def call(method, path, body=None, *, user=by, key="k1"):
        headers = {"X-Api-Key": make_key(user=user).secret, "Idempotency-Key": key}
        extra = {"data": body, "content_type": "application/json"} if body is not None else {}
        send = getattr(client, method.lower())
        return send("/api/merchant/v1/" + path, headers=headers, **extra)

    return call


def said(**other) -> dict:
    body = {"sentence": f"{SING}.", "language": "en", "reason": "A kettle remembers nothing."}
    return body | other


def test_a_ruling_is_asked_for_approved_and_withdrawn(api):
    made = api("POST", "rulings/", said())
    assert (made.status_code, made.json()["state"], made.json()["sentence"]) == (
        201, "pending", SING,
    )  # fmt: skip
    assert (made.json()["asked_by"], made.json()["decided_by"]) == ("maria", None)
    pk = made.json()["id"]
    assert api("POST", "rulings/", said(), key="k2").json() == made.json()
    path = f"rulings/{pk}/decision/"
    done = api("POST", path, {"to": "approved"}, key="k3").json()
    assert (done["state"], done["decided_by"]) == ("approved", "maria")
    assert api("POST", path, {"to": "approved"}, key="k4").json() == done
    gone = api("POST", path, {"to": "withdrawn"}, key="k5").json()
    assert gone["state"] == "withdrawn"
    assert api("POST", path, {"to": "withdrawn"}, key="k6").json() == gone
    back = api("POST", path, {"to": "approved"}, key="k7")
    assert (back.status_code, back.json()["type"]) == (409, "/problems/ruling")
    assert WordingRuling.objects.get().state == "withdrawn"


def test_what_a_list_or_a_figure_is_against_is_refused_with_the_way_out(api):
    for n, sentence in enumerate(
        ("It cures colds.", "It hums for 9 summers", f"{SING}. It sings.")
    ):
        answer = api("POST", "rulings/", said(sentence=sentence), key=f"no{n}")
        assert (answer.status_code, answer.json()["type"]) == (409, "/problems/ruling")
    assert "Reword it" in api("POST", "rulings/", said(sentence="It cures colds.")).json()["detail"]
    assert api("POST", "rulings/", said(reason=""), key="bad").status_code == 400
    assert api("POST", "rulings/", said(language="fr"), key="bad2").status_code == 400
    assert not WordingRuling.objects.exists()


def test_withdrawing_by_the_api_pulls_live_copy(api):
    ruling = make_ruling(SING)
    make_reachable(2)
    body = f"{{greeting}}\n\n{{product}} is yours for {{price}}. {SING}.\n\n{{link}}"
    campaign = approve(make_campaign(variant=make_kettle(), body=body))
    api("POST", f"rulings/{ruling.pk}/decision/", {"to": "withdrawn"})
    campaign.refresh_from_db()
    assert campaign.state == "paused"


def test_lists_are_filtered_and_cheap(api, django_assert_max_num_queries):
    for n in range(3):
        make_ruling(f"It sings {'softly ' * n}", decided_by=make_staff(username=f"s{n}"))
    make_ruling("它在唱歌", language="zh", state="pending")
    with django_assert_max_num_queries(9):
        rows = api("GET", "rulings/").json()["results"]
    assert [row["language"] for row in rows] == ["zh", "en", "en", "en"]
    assert len(api("GET", "rulings/?state=approved").json()["results"]) == 3
    assert len(api("GET", "rulings/?language=zh").json()["results"]) == 1
    assert api("GET", "rulings/?state=lost").status_code == 400
    assert api("GET", f"rulings/{rows[0]['id']}/").json() == rows[0]
    assert api("GET", "rulings/999/").status_code == 404


def test_each_verb_needs_its_permission(api):
    ruling, viewer = make_ruling("It sings"), make_staff(VIEW, ASK, username="v")
    decision = f"rulings/{ruling.pk}/decision/"
    assert api("POST", decision, {"to": "withdrawn"}, user=viewer).status_code == 403
    looker = make_staff(VIEW, username="l")
    assert api("POST", "rulings/", said(), user=looker).status_code == 403
    nobody = make_staff("shop.view_product", username="n")
    for where in ("rulings/", f"rulings/{ruling.pk}/"):
        assert api("GET", where, user=nobody).status_code == 403
    ruling.refresh_from_db()
    assert (ruling.state, WordingRuling.objects.count()) == ("approved", 1)


def test_with_four_eyes_the_key_that_asked_does_not_approve(api, settings):
    pk = api("POST", "rulings/", said()).json()["id"]
    settings.DECISIONS_FOUR_EYES = True
    answer = api("POST", f"rulings/{pk}/decision/", {"to": "approved"}, key="k2")
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/ruling")
    other = make_staff(DECIDE, VIEW, username="olga")
    done = api("POST", f"rulings/{pk}/decision/", {"to": "approved"}, user=other, key="k3")
    assert done.json()["state"] == "approved"
