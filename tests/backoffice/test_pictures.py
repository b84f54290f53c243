"""Product pictures are served, run no script, and nothing outside their folder is."""

import pytest


@pytest.fixture
def folder(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"
    (settings.MEDIA_ROOT / "products").mkdir(parents=True)
    (tmp_path / "secret_key").write_text("secret")
    return settings.MEDIA_ROOT


@pytest.mark.django_db
def test_a_picture_is_served_and_may_run_nothing(client, folder):
    (folder / "products" / "tea.svg").write_text("<svg/>")
    answer = client.get("/media/products/tea.svg")
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/svg+xml")
    assert "sandbox" in answer["Content-Security-Policy"]
    answer.close()


@pytest.mark.parametrize(
    "path", ["../secret_key", "products/../../secret_key", "%2e%2e/secret_key", ""]
)
def test_nothing_else_is(client, folder, path):
    answer = client.get(f"/media/{path}")
    assert answer.status_code in (302, 400, 404)  # 302: the address is the admin's, sign in first
    assert b"secret" not in getattr(answer, "content", b"")
