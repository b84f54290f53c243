"""Tier programmes in the back office, through the API and in files; what a tier gives and brought."""

from __future__ import annotations

import json
from datetime import timedelta
from uuid import uuid4

import numpy as np
import pytest
from django.test import Client

from decisions.text import sentence
from marketing.models import Tier, TierGift, TierMove, TierProgramme
from marketing.pages.tiers import payback_page
from marketing.services.audiences.targeting import TargetingError
from marketing.services.tiers import gifts, payback
from marketing.services.tiers.looks import look
from shop.exporters.run import export_file
from shop.importers.run import Options, import_file
from shop.models import Coupon
from tests.factories import NOW
from tests.factories_access import make_staff
from tests.factories_coupons import make_offer
from tests.factories_tiers import BRONZE, DAY, SILVER, make_programme, make_spender, spend

pytestmark = pytest.mark.django_db
TYPED = {
    "name": "Friends", "name_zh": "本店之友", "code": "friends", "figure": "net_spend",
    "window_days": "365", "grace_days": "30", "starts_on": "2026-01-01", "ends_on": "",
    "tier0-name": "Bronze", "tier0-code": "bronze", "tier0-enter_at": "100.50", "tier0-stay_at": "80",
    "tier1-name": "Silver", "tier1-code": "silver", "tier1-enter_at": "300", "tier1-stay_at": "",
}  # fmt: skip


@pytest.fixture
def marketer(client: Client) -> Client:
    rights = ["view", "add", "change", "decide"]
    names = [f"marketing.{one}_tierprogramme" for one in rights]
    lists = ["marketing.view_tiermembership", "marketing.view_tiermove"]
    client.force_login(make_staff(*names, *lists, "shop.view_customer"))
    return client


def test_preview_before_saving_then_start_and_stop(marketer):
    make_spender("A", 20_000)
    page = marketer.post("/marketing/tierprogramme/add/", TYPED | {"verb": "preview"})
    assert page.context["preview"]["figures"][0][1] == "1"
    assert not TierProgramme.objects.exists()
    marketer.post("/marketing/tierprogramme/add/", TYPED | {"verb": "save"})
    programme = TierProgramme.objects.get()
    rows = programme.tiers.values_list("code", "rank", "enter_at", "stay_at")
    assert list(rows) == [("bronze", 1, 10_050, 8_000), ("silver", 2, 30_000, 30_000)]
    address = f"/marketing/tierprogramme/{programme.pk}/do/"
    marketer.post(address, {"verb": "start"})
    programme.refresh_from_db()
    assert programme.state == "live"
    look(programme, NOW)
    shown = marketer.get(f"/marketing/tierprogramme/{programme.pk}/page/").content.decode()
    assert "£200.00" in shown
    ledger = marketer.get(f"/marketing/tierprogramme/{programme.pk}/ledger.csv").content.decode()
    assert "A,,bronze,net_spend,200.00,1" in ledger
    marketer.post(address, {"verb": "stop"})
    programme.refresh_from_db()
    assert programme.state == "stopped"


def test_wrong_terms_are_said_and_nothing_is_saved(marketer):
    wrong = TYPED | {"tier0-stay_at": "900", "verb": "save"}
    page = marketer.post("/marketing/tierprogramme/add/", wrong)
    assert "Tier 1" in page.context["problem"]
    page = marketer.post("/marketing/tierprogramme/add/", TYPED | {"name": "", "verb": "save"})
    assert page.context["form"].head.errors
    assert not TierProgramme.objects.exists()


def test_who_may_only_look_changes_nothing(client):
    programme = make_programme(live=False)
    client.force_login(make_staff("marketing.view_tierprogramme"))
    page = f"/marketing/tierprogramme/{programme.pk}/page/"
    assert client.get(page).status_code == 200
    assert client.post(page, TYPED | {"verb": "save"}).status_code == 403
    do = f"/marketing/tierprogramme/{programme.pk}/do/"
    assert client.post(do, {"verb": "start"}).status_code == 403


def test_a_page_costs_the_same_however_many_moved(marketer, django_assert_max_num_queries):
    programme = make_programme()
    for n in range(25):
        make_spender(f"C{n}", 40_000)
    look(programme, NOW)
    with django_assert_max_num_queries(18):
        marketer.get(f"/marketing/tierprogramme/{programme.pk}/page/")


def api(client, method, address, data=None):
    return client.generic(
        method, f"/api/merchant/v1/{address}", data=json.dumps(data or {}),
        content_type="application/json", headers={"Idempotency-Key": str(uuid4())},
    )  # fmt: skip


TERMS = {
    "name": "Friends", "figure": "net_spend", "starts_on": "2026-01-01",
    "tiers": [{"code": "bronze", "name": "Bronze", "enter_at": 10_000, "stay_at": 8_000}],
}  # fmt: skip


def test_programs_do_the_same(marketer):
    make_spender("A", 20_000)
    said = TERMS | {"code": "friends"}
    assert api(marketer, "POST", "tiers/preview/", said).json()["entered"] == 1
    assert api(marketer, "POST", "tiers/", said).status_code == 201
    assert api(marketer, "POST", "tiers/", said).status_code == 201  # the same wish again
    other = TERMS | {"grace_days": 5}
    assert api(marketer, "PUT", "tiers/friends/", other).json()["revision"] == 2
    assert api(marketer, "POST", "tiers/friends/decision/", {"to": "live"}).status_code == 200
    look(TierProgramme.objects.get(), NOW)
    [member] = api(marketer, "GET", "tiers/friends/members/").json()["results"]
    assert (member["customer"], member["tier"]) == ("A", "bronze")
    [move] = api(marketer, "GET", "tiers/friends/moves/?customer=A").json()["results"]
    assert (move["value"], move["trace"]["kept_orders"]) == (20_000, 1)
    then = "customers/A/tiers/?at=2026-01-01T00:00:00Z"
    assert api(marketer, "GET", then).json()["results"] == []
    assert api(marketer, "GET", "tiers/friends/payback/").json() == {
        "tiers": [],
        "counted_at": None,
    }
    bad = TERMS | {"tiers": [TERMS["tiers"][0] | {"stay_at": 90_000}]}
    assert api(marketer, "PUT", "tiers/friends/", bad).status_code == 409


def with_offer(**terms):
    offer = make_offer("WELCOME", **terms)
    silver = type(SILVER)("silver", "Silver", 30_000, 25_000, offer_code=offer.code)
    return make_programme(tiers=(BRONZE, silver), window_days=30, grace_days=0), offer


def test_a_rise_gives_one_coupon_however_often_one_looks(monkeypatch):
    programme, _offer = with_offer(once_per_customer=False)
    ana = make_spender("A", 40_000, at=NOW - DAY)
    assert look(programme, NOW)["coupons"] == 1
    assert look(programme, NOW)["coupons"] == 0
    look(programme, NOW + 40 * DAY)  # out
    spend(ana, 40_000, at=NOW + 41 * DAY)
    look(programme, NOW + 42 * DAY)  # and in again
    reasons = list(TierGift.objects.order_by("pk").values_list("reason", flat=True))
    assert (Coupon.objects.count(), reasons) == (1, ["", "had_one"])


def test_uses_and_stops_are_said():
    programme, offer = with_offer(most_uses=1)
    make_spender("A", 40_000)
    make_spender("B", 40_000)
    assert look(programme, NOW)["coupons"] == 1
    assert sorted(TierGift.objects.values_list("reason", flat=True)) == ["", "used_up"]
    type(offer).objects.update(state="stopped")
    make_spender("C", 40_000)
    look(programme, NOW + DAY)
    assert TierGift.objects.latest("pk").reason == "stopped"


class Proven:
    """Stands for a live model: only whether it expects more or less than nothing matters here."""

    run = None

    def __init__(self, pays: set[int]):
        self.pays = pays

    def expected_minor(self, customer_ids):
        return np.array([50.0 if pk in self.pays else -50.0 for pk in customer_ids])


def test_a_proven_model_decides_and_an_unproven_one_does_not(monkeypatch):
    programme, _offer = with_offer()
    ana, ben = make_spender("A", 40_000), make_spender("B", 40_000)
    monkeypatch.setattr(gifts, "targeting_of_offer", lambda offer, at: Proven({ana.pk}))
    assert look(programme, NOW)["coupons"] == 1
    found = dict(TierGift.objects.values_list("move__customer_id", "reason"))
    assert found == {ana.pk: "", ben.pk: "not_paying"}

    def unproven(offer, at):
        raise TargetingError(sentence("not proven"))

    monkeypatch.setattr(gifts, "targeting_of_offer", unproven)
    make_spender("C", 40_000)
    assert look(programme, NOW + DAY)["coupons"] == 1


def test_terms_come_back_from_a_file_and_drop_no_tier(tmp_path):
    programme = make_programme(live=False)
    export_file("tiers", tmp_path / "t.csv")
    before = (tmp_path / "t.csv").read_bytes()
    assert import_file("tiers", tmp_path / "t.csv", options=Options()).unchanged == 3
    text = before.decode().replace("300.00", "310.00")
    lines = [line for line in text.splitlines() if "gold" not in line]
    (tmp_path / "t.csv").write_text("\n".join(lines) + "\n")
    import_file("tiers", tmp_path / "t.csv", options=Options())
    assert Tier.objects.get(code="silver").enter_at == 31_000
    assert programme.tiers.count() == 3
    Tier.objects.all().delete()
    programme.delete()
    (tmp_path / "t.csv").write_bytes(before)
    import_file("tiers", tmp_path / "t.csv", options=Options())
    export_file("tiers", tmp_path / "again.csv")
    assert (tmp_path / "again.csv").read_bytes() == before
    assert TierProgramme.objects.get().state == "draft"


def test_the_payback_waits_then_says_that_nobody_can_tell():
    programme = make_programme()
    for n in range(6):
        make_spender(f"C{n}", 8_000 + 1_000 * n)
    look(programme, NOW)
    assert not payback.count_payback(programme, NOW + 89 * DAY)
    assert not payback_page(programme)["is_counted"]
    assert payback.count_payback(programme, NOW + 91 * DAY)
    assert not payback.count_payback(programme, NOW + 92 * DAY)  # every seven days
    [row] = payback_page(programme)["rows"]
    assert row["refused"].startswith("Cannot tell: too few customers")
    assert (row["below"], row["above"]) == ("2", "4")


def test_a_forecast_has_nobody_to_be_put_beside():
    programme = make_programme(figure="value_low")
    TierProgramme.objects.update(first_checked_at=NOW)
    programme.refresh_from_db()
    payback.count_payback(programme, NOW + timedelta(days=91))
    assert payback_page(programme)["refused"].startswith("Cannot tell: what was foreseen")
    assert not TierMove.objects.exists()
