"""A whole small shop in a folder of its own, served by real processes, and a real browser."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.factories_crowd import LONG

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = (
    shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
)
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip


@dataclass
class Shop:
    """Where the demo shop answers, who may sign in, and what the browser complained of."""

    url: str
    password: str
    var: Path
    complaints: list[str] = field(default_factory=list)


def pytest_collection_modifyitems(items) -> None:
    if CHROMIUM is None:
        for item in items:
            if "browser" in item.keywords:
                item.add_marker(pytest.mark.skip(reason="skipped: no Chromium here"))


@pytest.fixture(scope="session")
def shop(tmp_path_factory) -> Iterator[Shop]:
    """`manage.py demo`, smaller, then `manage.py up`: what a user runs."""
    var = tmp_path_factory.mktemp("shop")
    port = _free_port()
    url = f"http://127.0.0.1:{port}"
    env = {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "BROKER_URL")}
    env |= {"VAR_DIR": str(var), "PUBLIC_URL": url, "LOG_LEVEL": "WARNING"}
    demo = [sys.executable, "manage.py", "demo", "--products", "60", "--customers", "500"]
    done = subprocess.run(
        [*demo, "--days", "300"], cwd=ROOT, env=env, capture_output=True, text=True, timeout=1800
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    with (var / "up.log").open("w") as log:
        up = subprocess.Popen(
            [sys.executable, "manage.py", "up", "--port", str(port)],
            cwd=ROOT, env=env, stdout=log, stderr=subprocess.STDOUT,
        )  # fmt: skip
        try:
            _wait_for(f"{url}/healthz", up)
            yield Shop(url, (var / "demo_password").read_text().strip(), var)
        finally:
            up.terminate()
            up.wait(timeout=180)


@pytest.fixture(scope="module")
def browser() -> Iterator:
    """Closed with its module: while it is open an event loop runs in this process, and Django
    refuses the database to whoever is called inside one."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def sign_in(shop, browser):
    """`sign_in("owner", width=390, locale="zh-CN")` gives a page; complaints fail the test."""
    contexts = []

    def _sign_in(user: str = "owner", *, width: int = 1440, locale: str = "en-GB"):
        context = browser.new_context(viewport={"width": width, "height": 900}, locale=locale)
        contexts.append(context)
        context.set_default_timeout(1_000 * LONG)
        page = context.new_page()
        page.on("console", lambda m: _note_error(shop, m))
        page.on("pageerror", lambda e: shop.complaints.append(f"{page.url}: {e}"))
        page.on("request", lambda r: _note_foreign(shop, r.url))
        page.on("response", lambda r: _note_broken(shop, r))
        page.goto(shop.url)
        page.fill("input[name=username]", user)
        page.fill("input[name=password]", shop.password)
        page.press("input[name=password]", "Enter")
        page.wait_for_url(f"{shop.url}/")
        return page

    shop.complaints.clear()
    yield _sign_in
    for context in contexts:
        context.close()
    assert shop.complaints == []


def _note_error(shop: Shop, message) -> None:
    if message.type == "error":
        shop.complaints.append(f"{message.location.get('url')}: {message.text}")


def _note_foreign(shop: Shop, url: str) -> None:
    if not url.startswith((shop.url, "data:", "blob:")):
        shop.complaints.append(f"asks a foreign host: {url}")


def _note_broken(shop: Shop, response) -> None:
    if response.status >= 500:
        shop.complaints.append(f"{response.status} {response.url}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _wait_for(url: str, process: subprocess.Popen, seconds: float = 300) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        assert process.poll() is None, "the server stopped"
        try:
            with urllib.request.urlopen(url, timeout=60):
                return
        except OSError:  # refused, reset, or not in time
            time.sleep(0.3)
    raise AssertionError(f"{url} did not answer within {seconds} s")
