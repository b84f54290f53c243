"""Export from a list of the back office: asked for, made by a job, fetched by the one who asked."""

from __future__ import annotations

import os
import time

import pytest
from django.contrib.auth.models import Group, User

from decisions.models import Job
from decisions.services.jobs import run_job
from shop.services.exports import KEPT_DAYS, export_path, remove_old_exports
from tests.factories import make_customer

pytestmark = pytest.mark.django_db
PAGES = {
    "products": "/shop/product/export/",
    "customers": "/shop/customer/export/",
    "orders": "/shop/order/export/",
    "stock": "/shop/stocklevel/export/",
}


@pytest.fixture(autouse=True)
def own_folder(settings, tmp_path):
    settings.VAR_DIR = tmp_path


def sign_in(client, role: str, name: str = "ann") -> User:
    user = User.objects.create_user(name, password="x", is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    client.force_login(user)
    return user


def make_file(client, kind: str = "customers", **chosen) -> Job:
    chosen = {"format": "backroom", "key": "one"} | chosen
    assert client.post(PAGES[kind], chosen).status_code == 302
    return run_job(Job.objects.latest("pk").pk)


@pytest.mark.parametrize("kind", PAGES)
def test_a_list_has_its_button_and_its_page_makes_a_file(client, kind):
    sign_in(client, "owner")
    assert PAGES[kind] in client.get(PAGES[kind].removesuffix("export/")).content.decode()
    for form in ("backroom", "shopify", "woocommerce"):
        job = make_file(client, kind, format=form, key=form)
        assert job.state == "succeeded", job.error
        page = client.get(PAGES[kind]).content.decode()
        assert f"?file={job.pk}" in page


def test_the_file_is_fetched_as_it_was_made(client):
    sign_in(client, "owner")
    make_customer(name="=1+1")
    job = make_file(client, excel="1")
    answer = client.get(PAGES["customers"], {"file": job.pk})
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    assert "'=1+1" in text
    assert f"customers-backroom-{job.pk}.csv" in answer["Content-Disposition"]
    assert export_path(job.pk).read_bytes().startswith(b"\xef\xbb\xbf")


def test_two_clicks_make_one_file(client):
    sign_in(client, "owner")
    for _click in range(2):
        client.post(PAGES["customers"], {"format": "shopify", "key": "the page's own"})
    assert Job.objects.filter(kind="export_data").count() == 1


@pytest.mark.parametrize("role", ["buyer", "marketer", "support agent", "analyst"])
def test_who_may_start_no_jobs_takes_no_files_out(client, role):
    sign_in(client, role)
    assert client.get(PAGES["customers"]).status_code == 403
    assert client.post(PAGES["customers"], {"format": "backroom"}).status_code == 403
    assert PAGES["customers"] not in client.get("/shop/product/").content.decode()
    assert not Job.objects.exists()


def test_nobody_fetches_the_file_of_somebody_else(client):
    sign_in(client, "owner")
    job = make_file(client)
    sign_in(client, "catalogue manager", "bo")
    assert client.get(PAGES["customers"], {"file": job.pk}).status_code == 404
    assert f"?file={job.pk}" not in client.get(PAGES["customers"]).content.decode()


@pytest.mark.parametrize("number", ["0", "-1", "x", "9" * 40, ""])
def test_an_odd_number_finds_nothing(client, number):
    sign_in(client, "owner")
    assert client.get(PAGES["orders"], {"file": number}).status_code == 404


def test_a_format_that_there_is_not_is_refused(client):
    sign_in(client, "owner")
    client.post(PAGES["orders"], {"format": "../../etc"})
    assert not Job.objects.exists()


def test_old_files_go(client):
    sign_in(client, "owner")
    job = make_file(client)
    old = time.time() - (KEPT_DAYS + 1) * 86_400
    os.utime(export_path(job.pk), (old, old))
    assert remove_old_exports() == 1
    assert "no longer kept" in client.get(PAGES["customers"]).content.decode()


def test_a_job_that_runs_twice_leaves_one_whole_file(client):
    sign_in(client, "owner")
    make_customer()
    job = make_file(client)
    first = export_path(job.pk).read_bytes()
    Job.objects.filter(pk=job.pk).update(state="queued", attempt=0)
    assert run_job(job.pk).state == "succeeded"
    assert export_path(job.pk).read_bytes() == first
    assert [path.name for path in export_path(job.pk).parent.iterdir()] == [f"{job.pk}.csv"]
