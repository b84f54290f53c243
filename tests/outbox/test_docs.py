"""docs/webhooks.md cannot lie: its kinds are the register's, its examples check real deliveries."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from django.conf import settings as configured

from outbox.handbook import with_kinds
from outbox.kinds import all_kinds
from outbox.models import Endpoint
from outbox.services import courier, endpoints
from tests.factories_outbox import Receiver, make_endpoint, make_messages

PAGE = Path(configured.BASE_DIR) / "docs" / "webhooks.md"


def code(language: str) -> str:
    return re.search(rf"```{language}\n(.*?)```", PAGE.read_text(), re.S)[1]


def python_check():
    names: dict = {}
    exec(code("python"), names)
    return names["is_genuine"]


def js_check(secret: str, header: str, body: bytes, now: float | None = None) -> bool:
    ask = (
        "process.stdout.write(String(isGenuine(a[0],a[1],Buffer.from(a[2],'hex'),a[3]??undefined)))"
    )
    script = f"{code('js')}\nconst a = JSON.parse(process.argv[1]);{ask}"
    given = json.dumps([secret, header, body.hex(), now])
    done = subprocess.run(["node", "-e", script, given], capture_output=True, text=True, check=True)
    return done.stdout == "true"


CHECKS = [
    pytest.param(python_check, id="python"),
    pytest.param(
        lambda: js_check,
        id="js",
        marks=pytest.mark.skipif(shutil.which("node") is None, reason="no Node.js here"),
    ),
]


def test_the_page_lists_the_kinds_of_the_code():
    assert with_kinds(PAGE.read_text()) == PAGE.read_text(), "run manage.py write_webhook_docs"
    assert {"order.placed", "price.changed", "stock.sold_out"} <= {k.name for k in all_kinds()}


@pytest.mark.django_db
@pytest.mark.parametrize("check", CHECKS)
def test_the_example_accepts_what_arrives_and_nothing_else(check, settings):
    settings.WEBHOOK_ALLOW_PRIVATE = True
    is_genuine = check()
    with Receiver() as there:
        endpoint = make_endpoint(there.url)
        old = endpoint.secret
        make_messages(1)
        courier.deliver_due()
        new = endpoints.rotate_secret(endpoint).secret
        make_messages(1, start=1)
        courier.deliver_due()
        first, second = there.received
    header, at = first.headers["Backroom-Signature"], None
    at = int(re.match(r"t=(\d+),", header)[1])
    assert is_genuine(old, header, first.body)
    assert is_genuine(old, header, first.body, at + 299)
    assert not is_genuine(old, header, first.body, at + 301)  # played again later
    assert not is_genuine(old, header, first.body, at - 301)
    assert not is_genuine(old, header, first.body + b" ")
    assert not is_genuine(new, header, first.body)
    assert not is_genuine(old, header.replace(f"t={at}", f"t={at + 1}"), first.body)
    for odd in ("", "t=,v1=", "v1=00", f"t={at}", "t=x,v1=é", ",,="):
        assert not is_genuine(old, odd, first.body)
    # Rotated with overlap: the receiver may know either secret.
    both = second.headers["Backroom-Signature"]
    assert both.count("v1=") == 2
    assert is_genuine(old, both, second.body)
    assert is_genuine(new, both, second.body)


@pytest.mark.django_db
def test_after_the_overlap_only_the_new_secret_signs(settings):
    settings.WEBHOOK_ALLOW_PRIVATE = True
    endpoint = make_endpoint("http://127.0.0.1:9/")
    stale = Endpoint.objects.get()
    new = endpoints.rotate_secret(endpoint, overlap_hours=0).secret
    assert endpoint.signing_secrets(endpoint.previous_secret_until) == [new]
    with pytest.raises(endpoints.SecretMovedError):
        endpoints.rotate_secret(stale)
