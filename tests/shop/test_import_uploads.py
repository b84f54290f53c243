"""A person hands in a file: kept, imported by a job, its rejects given back to whoever may see them."""

import pytest
from django.contrib.auth.models import Group
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from decisions.jobs import CancelledError
from decisions.models import Job
from decisions.services.jobs import create_job, run_job
from shop.models import Customer, Product
from shop.services import uploads

CUSTOMERS = b"customer_code,email\nC1,ann@example.com\nC 2,bob@example.com\n"
TOKEN = "0f4f5a6e-7f0a-4a52-a5f5-0a2f9f3b8f11"


@pytest.fixture
def var(settings, tmp_path):
    settings.VAR_DIR = tmp_path
    return tmp_path


@pytest.fixture
def owner(admin_client, var):
    return admin_client


def hand_in(client, content=CUSTOMERS, *, what="customers/backroom", token=TOKEN, **more):
    file = SimpleUploadedFile(more.pop("name", "people.csv"), content)
    data = {"file": file, "what": what, "token": token, **more}
    return client.post(reverse("imports:index"), data)


def page(client, name, job):
    return client.get(reverse(f"imports:{name}", args=[job.pk]))


def test_a_file_becomes_a_job_and_its_rejects_come_back(owner):
    answer = hand_in(owner)
    job = run_job(Job.objects.get().pk)
    assert answer.url == reverse("imports:report", args=[job.pk])
    assert Customer.objects.values_list("code", flat=True).get() == "C1"
    said = page(owner, "report", job).content.decode()
    assert "2 rows were read: 1 new, 0 changed, 0 unchanged, 1 rejected." in said
    assert "customer_code has a space or a slash" in said
    back = page(owner, "rejects", job)
    assert back["Content-Disposition"] == f'attachment; filename="{job.pk}-people.rejects.csv"'
    assert (back["X-Content-Type-Options"], back["Content-Type"]) == ("nosniff", "text/csv")
    text = b"".join(back.streaming_content).decode("utf-8-sig")
    assert text.splitlines()[1] == "3,customer_code,C 2,has a space or a slash,C 2,bob@example.com"


def test_the_repaired_rejects_are_all_accepted(owner):
    hand_in(owner)
    job = run_job(Job.objects.get().pk)
    repaired = b"".join(page(owner, "rejects", job).streaming_content).replace(b",C 2,", b",C2,")
    hand_in(owner, repaired, token=TOKEN.replace("0f", "1f"))
    done = run_job(Job.objects.latest("pk").pk)
    assert (done.result["new"], done.result["rejected"]) == (1, 0)


def test_a_trial_run_writes_nothing_until_a_person_says_so(owner):
    hand_in(owner, dry_run="on")
    trial = run_job(Job.objects.get().pk)
    assert trial.result["new"] == 1
    assert not Customer.objects.exists()
    assert "trial run: nothing is written" in page(owner, "report", trial).content.decode()
    for _twice in range(2):
        owner.post(reverse("imports:write", args=[trial.pk]))
    (real,) = Job.objects.exclude(pk=trial.pk)
    run_job(real.pk)
    assert Customer.objects.count() == 1


def test_a_form_sent_twice_is_one_job_and_a_file_twice_changes_nothing(owner):
    hand_in(owner)
    hand_in(owner)
    hand_in(owner, token=TOKEN.replace("0f", "2f"))  # the same file while the first still waits
    first = run_job(Job.objects.get().pk)
    hand_in(owner, token=TOKEN.replace("0f", "3f"))
    again = run_job(Job.objects.exclude(pk=first.pk).get().pk)
    assert (again.result["new"], again.result["unchanged"]) == (0, 1)
    assert "The same file was imported before" in page(owner, "report", again).content.decode()


@pytest.mark.parametrize(
    ("content", "says"),
    [(b"", "is empty"), (b"PK\x03\x04....", "save the sheet as CSV"), (b"a,b\n1,2\n", "lacks the")],
)
def test_a_file_that_cannot_be_used_says_why_and_is_not_tried_again(owner, content, says):
    hand_in(owner, content)
    job = run_job(Job.objects.get().pk)
    assert (job.state, job.attempt) == ("failed", 1)
    assert says in page(owner, "report", job).content.decode()


def test_too_large_a_file_is_refused_with_what_to_do(owner, settings, var):
    settings.IMPORT_MAX_MB = 0
    answer = hand_in(owner)
    assert answer.status_code == 400
    assert "Pack it with gzip" in answer.content.decode()
    assert not Job.objects.exists()
    assert not list(var.glob("uploads/*"))


def test_a_name_is_never_a_path(owner, var):
    hand_in(owner, name='..%2f"x\r\n.csv')
    job = run_job(Job.objects.get().pk)
    assert {path.parent for path in var.rglob("*.csv")} == {var / "rejects", var / "uploads"}
    back = page(owner, "rejects", job)
    assert b"C 2" in b"".join(back.streaming_content)


def test_a_job_that_is_stopped_keeps_what_is_in_the_shop(owner, monkeypatch):
    monkeypatch.setattr("shop.importers.source.CHUNK_ROWS", 1)
    job, _created = create_job("import_data", _kept(owner))
    seen = []

    def stop_after_the_first_part(self, done, total=0, note=""):
        seen.append(done)
        if done:
            raise CancelledError

    monkeypatch.setattr("decisions.services.leases.Lease.__call__", stop_after_the_first_part)
    done = run_job(job.pk)
    assert done.state == "cancelled"
    assert Customer.objects.filter(code="C1").exists()


def _kept(client) -> dict:
    hand_in(client)
    job = Job.objects.get()
    payload = job.payload
    job.delete()
    return payload


def test_roles_bring_in_their_own_kinds_only(client, django_user_model, owner):
    hand_in(owner)
    job = run_job(Job.objects.get().pk)
    manager = django_user_model.objects.create_user("manager", password="x", is_staff=True)
    manager.groups.add(Group.objects.get(name="catalogue manager"))
    client.force_login(manager)
    listed = client.get(reverse("imports:index")).content.decode()
    assert "products/backroom" in listed
    assert "customers/backroom" not in listed
    assert "people.csv" not in listed
    assert hand_in(client).status_code == 400
    for name in ("report", "live", "rejects"):
        assert page(client, name, job).status_code == 403
    hand_in(
        client, b"sku,name\nT1,Tea\n", what="products/backroom", token=TOKEN.replace("0f", "4f")
    )
    run_job(Job.objects.latest("pk").pk)
    assert Product.objects.get().code == "T1"


def test_old_uploads_are_removed(var, settings, owner):
    hand_in(owner)
    assert uploads.prune_uploads() == 0
    settings.JOB_DAYS = -1
    assert uploads.prune_uploads() == 1
