"""A day in the back office: read the brief, open a receipt, edit and approve, answer."""

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_the_brief_shows_the_night_and_opens_a_receipt_beside_the_card(shop, sign_in):
    page = sign_in("owner")
    assert page.locator("[data-night] summary").inner_text().strip()
    cards = page.locator("[data-decision]")
    assert 1 <= cards.count() <= 10
    headline = cards.first.locator("h3").inner_text()
    cards.first.locator("[data-open]").click()
    receipt = page.locator("[data-receipt]")
    receipt.locator("header h2").wait_for()
    assert headline in receipt.inner_text()
    assert page.url == f"{shop.url}/"


def test_the_brief_is_worked_by_keyboard(shop, sign_in):
    page = sign_in("owner")
    page.keyboard.press("j")
    page.keyboard.press("a")
    dialog = page.locator("dialog[open]")
    assert dialog.locator("button").first.is_visible()
    page.keyboard.press("Escape")
    assert page.locator("dialog[open]").count() == 0


def test_a_refusal_wants_a_reason(shop, sign_in):
    page = sign_in("owner")
    cards = page.locator("[data-decision]")
    before = cards.count()
    headline = cards.last.locator("h3").inner_text()
    cards.last.locator("[data-verb=refuse]").click()
    dialog = page.locator("dialog[open]")
    dialog.locator("button[class*=primary]").click()
    assert dialog.is_visible()  # the browser insists on the reason
    dialog.locator("textarea").fill("not this week")
    dialog.locator("button[class*=primary]").click()
    page.wait_for_load_state()
    shown = page.locator("[data-decision] h3").all_inner_texts()
    assert headline not in shown
    assert len(shown) >= min(before - 1, 1)
