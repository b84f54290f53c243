"""All that is held on a person is taken out, and nothing of anybody else."""

import csv
import io
import json
import zipfile
from itertools import pairwise

import pytest
from django.core.management import call_command
from django.utils import timezone

from privacy.registry.holdings import HOLDINGS
from privacy.services.held import archive_of
from privacy.services.subjects import read_subject
from shop.models import Event
from shop.services.events.event_log import append_events
from tests.factories_privacy import EMAIL, NAME, VISITOR, event, make_known_person

pytestmark = pytest.mark.django_db


def unpacked(blocks) -> dict[str, str]:
    archive = zipfile.ZipFile(io.BytesIO(b"".join(blocks)))
    assert archive.testzip() is None
    return {name: archive.read(name).decode() for name in archive.namelist()}


def test_every_table_is_there_and_nobody_else():
    her = make_known_person()
    files = unpacked(archive_of(her, at=timezone.now()))
    said = json.loads(files["about.json"])["rows"]
    who = read_subject(her)
    assert said.keys() >= {one.model.lower() for one in HOLDINGS if one.rows(who).exists()}
    assert said.keys() >= {"shop.orderline", "shop.couponmovement", "shop.refund", "shop.payment"}
    assert said["shop.event"] == 2
    assert said["support.message"] == 1
    for name, text in files.items():
        assert "OTHER-1" not in text, name
    assert json.loads(files["shop.customer.jsonl"])["email"] == EMAIL
    [row] = csv.DictReader(io.StringIO(files["support.message.csv"]))
    assert NAME in row["body"]


def test_csv_and_json_say_the_same_and_no_cell_is_run():
    her = make_known_person()
    her.reviews.update(body="=1+1\n茶")
    files = unpacked(archive_of(her, at=timezone.now()))
    [row] = csv.DictReader(io.StringIO(files["shop.review.csv"], newline=""))
    assert row["body"].replace("\r\n", "\n") == "'=1+1\n茶"
    assert json.loads(files["shop.review.jsonl"])["body"] == "=1+1\n茶"
    assert int(row["id"]) == json.loads(files["shop.review.jsonl"])["id"]


def test_it_is_streamed_row_by_row():
    her = make_known_person()
    append_events([event(1000 + n, her, VISITOR, query=f"q{n}" * 20) for n in range(1500)])
    blocks = list(archive_of(her, at=timezone.now()))
    assert len(blocks) > 3000
    assert max(map(len, blocks)) < 200_000
    assert Event.objects.of_customer(her.pk).count() == 1502
    assert all(isinstance(a, bytes) for a, _b in pairwise(blocks))


def test_the_command_writes_the_file(tmp_path):
    make_known_person()
    call_command("export_customer", "CANARY-1", str(tmp_path / "her.zip"))
    assert zipfile.is_zipfile(tmp_path / "her.zip")
    assert [path.name for path in tmp_path.iterdir()] == ["her.zip"]
