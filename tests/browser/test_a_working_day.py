"""A day in the back office: read the brief, open a receipt, edit and approve, answer."""

import re
import time

import pytest

HEADLINE = ".bk-decision-head h3"
pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_the_brief_shows_the_night_and_opens_a_receipt_beside_the_card(shop, sign_in):
    page = sign_in("owner")
    assert page.locator("[data-night] summary").inner_text().strip()
    cards = page.locator("[data-decision]")
    assert 1 <= cards.count() <= 13  # ten by money, and three that have no figure
    headline = cards.first.locator(HEADLINE).inner_text()
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
    dialog.locator("button").first.wait_for()
    page.keyboard.press("Escape")
    dialog.wait_for(state="detached")


def test_a_refusal_wants_a_reason(shop, sign_in):
    page = sign_in("owner")
    cards = page.locator("[data-decision]")
    before = cards.count()
    headline = cards.last.locator(HEADLINE).inner_text()
    cards.last.locator("[data-verb=refuse]").click()
    dialog = page.locator("dialog[open]")
    dialog.locator("button[class*=primary]").click()
    assert dialog.is_visible()  # the browser insists on the reason
    dialog.locator("textarea").fill("not this week")
    with page.expect_navigation():
        dialog.locator("button[class*=primary]").click()
    shown = page.locator(f"[data-decision] {HEADLINE}").all_inner_texts()
    assert headline not in shown
    assert len(shown) >= min(before - 1, 1)


def card_saying(page, words: str):
    return page.locator("[data-decision]").filter(has_text=re.compile(words)).first


def test_a_buyer_edits_a_purchase_order_and_approves_it_on_the_brief(shop, sign_in):
    page = sign_in("buyer")
    card = card_saying(page, r"Order \d+ units")
    card.locator("[data-edit]").click()
    units = page.locator("input[name$='-units']").first
    asked = int(units.input_value()) + 12
    units.fill(str(asked))
    with page.expect_navigation():
        page.locator("button[name=_continue], input[name=_continue]").first.click()
    assert page.locator("input[name$='-units']").first.input_value() == str(asked)
    order_page = page.url
    page.goto(shop.url)
    card = card_saying(page, r"Order \d+ units")
    headline = card.locator(HEADLINE).inner_text()
    card.locator("[data-verb=approve]").click()
    assert headline in page.locator("dialog[open]").inner_text()  # it names what it costs
    with page.expect_navigation():
        page.locator("dialog[open] button[class*=primary]").click()
    assert headline not in page.locator(f"[data-decision] {HEADLINE}").all_inner_texts()
    page.goto(order_page)
    assert page.get_by_text("approved").first.is_visible()


def test_a_marketer_approves_a_campaign_and_it_is_sent_once_to_each(shop, sign_in):
    """On the campaign's own page: the brief holds ten decisions, and money comes first there."""
    page = sign_in("marketer")
    page.goto(f"{shop.url}/marketing/campaign/?state__exact=proposed")
    with page.expect_navigation():
        page.locator("a[href$='/path/']").first.click()
    page.locator("summary", has_text="Approve").click()
    button = page.locator("button[value=approve]")
    count = int(re.search(r"\d+", button.inner_text())[0])
    with page.expect_navigation():
        button.click()
    until = time.monotonic() + 300
    while time.monotonic() < until and not _sent(page):
        time.sleep(0.5)
        page.reload()
    sends = page.locator("section[aria-labelledby=mk-sends]")
    words, numbers = sends.locator("dt").all_inner_texts(), sends.locator("dd").all_inner_texts()
    came_to = {word: int(number) for word, number in zip(words, numbers, strict=True)}
    assert came_to["sent"] == _letters(shop.var / "mail") > 0
    assert came_to["sent"] + came_to.get("skipped", 0) == count


def _sent(page) -> bool:
    return page.locator("header.mk-head .bk-label").inner_text().endswith("· sent")


def _letters(folder) -> int:
    """Mails in the files of the embedded mail backend: one To line in each."""
    if not folder.exists():
        return 0
    texts = [path.read_text(errors="replace") for path in folder.iterdir()]
    return sum(len(re.findall(r"(?m)^To: ", text)) for text in texts)


def test_an_agent_changes_a_draft_and_sends_it(shop, sign_in):
    page = sign_in("support")
    page.goto(f"{shop.url}/support/ticket/inbox/")
    body = page.locator("[data-body]")
    body.wait_for()
    body.fill(body.input_value() + "\nThank you for your patience. Ann")
    page.locator("[data-ask]").click()
    with page.expect_navigation():
        page.locator("[data-send]").click()
    page.get_by_text("Thank you for your patience. Ann").first.wait_for()


def test_the_brief_speaks_chinese(shop, sign_in):
    page = sign_in("owner", locale="zh-CN")
    assert "决策" in page.locator("[data-brief]").inner_text()
    words = page.locator("[data-brief] button, [data-brief] .bk-label").all_inner_texts()
    assert words
    assert [word for word in words if re.search("[A-Za-z]{3}", word)] == []
