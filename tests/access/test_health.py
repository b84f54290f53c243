"""Health, readiness, metrics and the published schema."""

import subprocess
import sys

import pytest
from django.urls import resolve


def test_alive_asks_nobody(client):
    assert client.get("/healthz").content == b"ok\n"


@pytest.mark.django_db
def test_ready_says_what_it_checked(client):
    answer = client.get("/readyz")
    assert answer.status_code == 200
    body = answer.json()
    assert body["checks"] == {"database": "ok", "broker": "ok", "migrations": "ok"}
    assert set(body["back_ends"]) == {
        "lightgbm",
        "torch",
        "torch_cuda",
        "implicit",
        "implicit_cuda",
    }


@pytest.mark.django_db
def test_not_ready_without_a_broker(client, settings):
    settings.CELERY_BROKER_TRANSPORT_OPTIONS = {"data_folder_out": "/nowhere"}
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["checks"]["broker"].startswith("failed")


def test_the_web_process_imports_no_numeric_library():
    code = (
        "import django, sys; django.setup(); import config.urls;"
        "from config.health import back_ends; back_ends();"
        "print([m for m in ('torch','lightgbm','implicit','sklearn','polars') if m in sys.modules])"
    )
    found = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**__import__("os").environ, "DJANGO_SETTINGS_MODULE": "config.settings"},
    )
    assert found.stdout.strip() == "[]"


@pytest.mark.django_db
def test_metrics_count_requests_by_route(client, settings):
    client.get("/healthz")
    text = client.get("/metrics").content.decode()
    assert 'backroom_http_requests_total{method="GET",route="healthz",status="200"}' in text
    assert "backroom_oldest_queued_job_seconds 0" in text
    settings.METRICS_TOKEN = "secret"
    assert client.get("/metrics").status_code == 401
    assert client.get("/metrics", headers={"Authorization": "Bearer secret"}).status_code == 200


@pytest.mark.django_db
def test_the_schema_is_published_and_its_page_needs_no_foreign_host(client):
    assert client.get("/api/schema/").status_code == 200
    page = client.get("/api/docs/").content.decode()
    assert "https://" not in page
    assert "http://" not in page


def test_an_unknown_api_address_is_not_a_sign_in_page():
    assert resolve("/api/nowhere/").func.__name__ == "no_such_address"
