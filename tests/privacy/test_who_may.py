"""Who asks, who decides, who takes out; by page, API and command."""

import io
import zipfile

import pytest
from django.contrib.auth.models import Group, User
from django.core.management import CommandError, call_command
from django.test import Client

from privacy.models import Erasure, ErasureState
from privacy.services import erasures
from privacy.services.erasing import erase_person
from privacy.services.erasures import ErasureError
from tests.factories import make_customer, make_order, make_variant
from tests.factories_access import bearer, make_key, make_staff
from tests.factories_marketing import Quiet
from tests.factories_privacy import CODE, EMAIL, erase, make_known_person

pytestmark = pytest.mark.django_db
M = "/api/merchant/v1/"


def of_role(role: str, name: str) -> User:
    user = make_staff(username=name)
    user.groups.set(Group.objects.filter(name=role))
    return User.objects.get(pk=user.pk)


def signed_in(role: str) -> Client:
    client = Client()
    client.force_login(of_role(role, f"{role}-1"))
    return client


def test_support_asks_and_the_owner_decides():
    her = make_known_person()
    agent, owner = signed_in("support agent"), signed_in("owner")
    page = agent.get(f"/privacy/erasure/customer/{her.pk}/")
    assert page.status_code == 200
    assert "Take all of it out" not in page.content.decode()
    assert agent.get(f"/privacy/erasure/customer/{her.pk}/all/").status_code == 403
    wrong = agent.post(f"/privacy/erasure/customer/{her.pk}/ask/", {"code": "X"})
    assert wrong.status_code == 302
    assert not Erasure.objects.exists()
    agent.post(f"/privacy/erasure/customer/{her.pk}/ask/", {"code": CODE, "ground": "consent"})
    [erasure] = Erasure.objects.all()
    assert (erasure.state, erasure.ground, erasure.asked_by.username) == (
        "asked", "consent", "support agent-1",
    )  # fmt: skip
    address = f"/privacy/erasure/{erasure.pk}/decide/"
    assert agent.post(address, {"approve": "1"}).status_code == 403
    assert owner.get(address).status_code == 405
    owner.post(address, {"approve": "1"})
    erasure.refresh_from_db()
    assert (erasure.state, erasure.decided_by.username) == ("running", "owner-1")
    assert her.orders.exists()  # the job has not run here
    assert owner.get(f"/privacy/erasure/{erasure.pk}/change/").status_code == 200


@pytest.mark.parametrize("role", ["buyer", "marketer", "catalogue manager"])
def test_others_see_nothing_of_it(role):
    her = make_known_person()
    client = signed_in(role)
    for address in (f"customer/{her.pk}/", f"customer/{her.pk}/all/", ""):
        assert client.get(f"/privacy/erasure/{address}").status_code == 403


def test_four_eyes(settings):
    settings.DECISIONS_FOUR_EYES = True
    one, other = of_role("owner", "one"), of_role("owner", "other")
    erasure = erasures.ask(make_customer(), by=one)
    with pytest.raises(ErasureError, match="Another person"):
        erasures.approve(erasure, by=one)
    assert erasures.approve(erasure, by=other).state == ErasureState.RUNNING
    assert erasures.approve(erasure, by=other).job_id == erasure.job_id


def test_refused_once_is_nothing_removed_and_approved_once_cannot_be_refused():
    her = make_customer()
    erasure = erasures.refuse(erasures.ask(her))
    with pytest.raises(ErasureError, match="refused"):
        erasures.approve(erasure)
    again = erasures.approve(erasures.ask(her))
    assert again != erasure
    with pytest.raises(ErasureError, match="begun"):
        erasures.refuse(again)


def test_asking_twice_is_one_and_an_order_under_way_is_in_the_way():
    her = make_customer()
    assert erasures.ask(her) == erasures.ask(her)
    busy = make_customer("BUSY")
    make_order([(make_variant("TEA-9"), 1)], customer=busy, state="paid", number="N-1")
    with pytest.raises(ErasureError, match="N-1 is under way"):
        erasures.ask(busy)


def test_by_the_api():
    her = make_known_person()
    owner = Client()
    owner.defaults |= bearer(make_key(user=of_role("owner", "api")).secret)
    seen = owner.get(f"{M}customers/{CODE}/erasure/").json()
    assert seen["obstacles"] == []
    assert {"orders", "tickets", "payments"} <= {line["what"] for line in seen["lines"]}
    data = owner.get(f"{M}customers/{CODE}/data/")
    assert zipfile.is_zipfile(io.BytesIO(b"".join(data.streaming_content)))
    asked = owner.post(f"{M}erasures/", {"customer": CODE}, content_type="application/json").json()
    address = f"{M}erasures/{asked['id']}/"
    owner.post(f"{address}decision/", {"approve": True}, content_type="application/json")
    erase_person(Quiet(), asked["id"])
    shown = owner.get(address).json()
    assert (shown["state"], shown["found"]) == ("proven", [])
    assert shown["pseudonym"].startswith("erased-")
    assert owner.get(f"{M}customers/{CODE}/data/").status_code == 404
    assert EMAIL not in owner.get(f"{M}erasures/").content.decode()
    assert her.code == CODE


def test_by_the_command(capsys):
    make_known_person()
    call_command("erase_customer", CODE)
    assert "Nothing was changed" in capsys.readouterr().out
    call_command("erase_customer", CODE, "--yes")
    assert " 0 found" in capsys.readouterr().out
    call_command("erase_customer", CODE)  # she is gone: the proof again
    assert " 0 found" in capsys.readouterr().out
    with pytest.raises(CommandError, match="no customer"):
        call_command("erase_customer", "NOBODY")


def test_the_search_again_finds_what_a_backup_brought_back(capsys):
    erasure = erase(make_known_person())
    back = make_customer("X-1", email=EMAIL)
    with pytest.raises(CommandError, match="names her"):
        call_command("erase_customer", CODE, "--search", "--email", EMAIL)
    assert "shop_customer.email" in capsys.readouterr().out
    back.delete()
    call_command("erase_customer", CODE, "--search", "--email", EMAIL)
    erasure.refresh_from_db()
    assert erasure.state == ErasureState.PROVEN
