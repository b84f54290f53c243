"""Behind a proxy that ends TLS. In a process of its own: settings are read once."""

import json
import os
import subprocess
import sys

ASK = """
import django, json
django.setup()
from django.test import Client
ask = Client(headers={"host": "shop.example.com"})
plain, tls = ask.get("/login/"), ask.get("/login/", headers={"x-forwarded-proto": "https"})
print(json.dumps({
    "plain": [plain.status_code, plain.get("Location")],
    "tls": [tls.status_code, tls.get("Strict-Transport-Security")],
    "health": ask.get("/healthz").status_code,
}))
"""


def answers(tmp_path, **variables):
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "VAR_DIR": str(tmp_path),
        "DATABASE_URL": f"sqlite:///{tmp_path / 'none.sqlite3'}",
        "ALLOWED_HOSTS": "shop.example.com",
        "PUBLIC_URL": "https://shop.example.com",
    }
    command = [sys.executable, "-c", ASK]
    done = subprocess.run(
        command, env=environment | variables, capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout.splitlines()[-1])


def test_plain_requests_are_sent_to_tls_and_tls_is_served(tmp_path):
    found = answers(tmp_path, TRUST_FORWARDED_PROTO="true", HSTS_SECONDS="3600")
    assert found["plain"] == [301, "https://shop.example.com/login/"]
    assert found["tls"] == [200, "max-age=3600"]
    assert found["health"] == 200


def test_a_client_cannot_claim_tls_when_no_proxy_is_trusted(tmp_path):
    found = answers(tmp_path, HSTS_SECONDS="3600")
    assert found["plain"][0] == 200
    assert found["tls"] == [200, None]  # still plain: no promise that only TLS can keep
