"""The merchant's API of documents: one permission per verb, one answer per key."""

import base64
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.utils import timezone

from marketing.models import Evidence, EvidenceUse
from shop.models import Product
from tests.factories_access import make_key, make_staff
from tests.factories_content import make_evidence, make_kettle, make_use, yesterday
from tests.factories_marketing import approve, make_campaign, make_reachable

pytestmark = pytest.mark.django_db
SENTENCE = "The spout is solid brass"
BODY = f"{{greeting}}\n\n{{product}} is yours for {{price}}. {SENTENCE}.\n\n{{link}}"
ALL = [
    "marketing.view_evidence", "marketing.add_evidence", "marketing.change_evidence",
    "marketing.add_evidenceuse",
]  # fmt: skip


@pytest.fixture
def api(client):
    cache.clear()
    by = make_staff(*ALL, username="maria")

    def call(method, path, body=None, *, user=by, key="k1"):
        headers = {"X-Api-Key": make_key(user=user).secret, "Idempotency-Key": key}
        extra = {"data": body, "content_type": "application/json"} if body is not None else {}
        send = getattr(client, method.lower())
        return send("/api/merchant/v1/" + path, headers=headers, **extra)

    return call


def said(**other) -> dict:
    today = timezone.localdate().isoformat()
    body = {"code": "LAB-7", "title": "Report", "excerpt": "Brass.", "valid_from": today}
    return body | {"url": "https://lab.example/7"} | other


def test_a_document_is_added_approved_attached_and_withdrawn(api):
    made = api("POST", "evidence/", said())
    assert (made.status_code, made.json()["state"]) == (201, "pending")
    assert made.json()["added_by"] == "maria"
    pk = made.json()["id"]
    again = api("POST", "evidence/", said(), key="k2")
    assert again.json()["id"] == pk
    other = api("POST", "evidence/", said(title="Other"), key="k3")
    assert (other.status_code, other.json()["type"]) == (409, "/problems/evidence")
    path = f"evidence/{pk}/"
    use = {"sentence": SENTENCE, "kind": "specification", "language": "en"}
    assert api("POST", path + "uses/", use, key="k4").status_code == 409  # not approved yet
    approved = api("POST", path + "decision/", {"to": "approved"}, key="k5").json()
    assert (approved["state"], approved["is_valid"], approved["decided_by"]) == (
        "approved", True, "maria",
    )  # fmt: skip
    attached = api("POST", path + "uses/", use, key="k6")
    assert [one["sentence"] for one in attached.json()["uses"]] == [SENTENCE]
    gone = api("POST", path + "decision/", {"to": "withdrawn"}, key="k7").json()
    assert gone["state"] == "withdrawn"
    back = api("POST", path + "decision/", {"to": "approved"}, key="k8")
    assert (back.status_code, Evidence.objects.get().state) == (409, "withdrawn")


def test_withdrawing_by_the_api_pulls_live_copy(api):
    use = make_use(SENTENCE)
    make_reachable(2)
    campaign = approve(make_campaign(variant=make_kettle(), body=BODY))
    path = f"evidence/{use.evidence_id}/"
    assert api("GET", path).json()["live_claims"] == 1
    assert api("POST", path + "decision/", {"to": "withdrawn"}).json()["live_claims"] == 0
    campaign.refresh_from_db()
    assert campaign.state == "paused"


def test_revisions(api):
    first = make_evidence(code="LAB-7")
    changed = said(title="Renewed", keeps_uses=True)
    changed.pop("code")
    made = api("POST", f"evidence/{first.pk}/revisions/", changed)
    assert (made.status_code, made.json()["revision"], made.json()["state"]) == (201, 2, "pending")
    assert api("POST", f"evidence/{first.pk}/revisions/", changed, key="k2").json() == made.json()
    first.refresh_from_db()
    assert (first.state, Evidence.objects.count()) == ("approved", 2)


def test_a_file_is_bounded_and_never_runs(api, settings, tmp_path):
    settings.VAR_DIR = tmp_path

    def sent(name, content, key):
        file = {"name": name, "content": content}
        return api("POST", "evidence/", said(url="", file=file), key=key)

    whole = base64.b64encode(b"brass").decode()
    for n, (name, content) in enumerate(
        [("r.html", whole), ("../r.pdf", whole), ("r.pdf", "§"), ("r.pdf", "")]
    ):
        assert sent(name, content, f"bad{n}").status_code == 400
    assert not Evidence.objects.exists()
    made = sent("r.pdf", whole, "good").json()
    assert made["file"] == "r.pdf"
    with Evidence.objects.get().file.open("rb") as file:
        assert file.read() == b"brass"


def test_lists_are_filtered_paged_and_cheap(api, django_assert_max_num_queries):
    for n in range(3):
        make_evidence(code=f"LAB-{n}")
    make_evidence(code="OLD", valid_until=yesterday())
    make_evidence(code="NEW", state="pending")
    with django_assert_max_num_queries(9):
        rows = api("GET", "evidence/").json()["results"]
    assert [row["code"] for row in rows] == ["NEW", "OLD", "LAB-2", "LAB-1", "LAB-0"]
    assert len(api("GET", "evidence/?is_valid=true").json()["results"]) == 3
    assert len(api("GET", "evidence/?is_valid=false").json()["results"]) == 2
    assert [r["code"] for r in api("GET", "evidence/?state=pending").json()["results"]] == ["NEW"]
    assert api("GET", "evidence/?state=lost").status_code == 400
    assert [r["code"] for r in api("GET", "evidence/?code=OLD").json()["results"]] == ["OLD"]
    assert api("GET", "evidence/999/").status_code == 404


def test_each_verb_needs_its_permission(api):
    document, viewer = make_evidence(), make_staff("marketing.view_evidence", username="v")
    path = f"evidence/{document.pk}/"
    bodies = [
        ("evidence/", said()), (path + "revisions/", said()),
        (path + "decision/", {"to": "withdrawn"}), (path + "uses/", {}),
    ]  # fmt: skip
    for n, (where, body) in enumerate(bodies):
        assert api("POST", where, body, user=viewer, key=f"no{n}").status_code == 403
    nobody = make_staff("shop.view_product", username="n")
    for where in ("evidence/", path):
        assert api("GET", where, user=nobody).status_code == 403
    document.refresh_from_db()
    assert (document.state, EvidenceUse.objects.count()) == ("approved", 0)


def test_a_sentence_of_a_product_names_it_by_code(api):
    document = make_evidence(valid_until=timezone.localdate() + timedelta(days=9))
    Product.objects.create(code="TEA-1", name="Tea")
    use = {"sentence": SENTENCE, "kind": "health", "language": "en", "product": "TEA-1"}
    made = api("POST", f"evidence/{document.pk}/uses/", use).json()
    assert made["uses"][0]["product"] == "TEA-1"
    lost = api("POST", f"evidence/{document.pk}/uses/", use | {"product": "X"}, key="k2")
    assert lost.status_code == 404
