"""Every list and form of the back office opens, fits the screen and asks no foreign host."""

import os
from pathlib import Path

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow]
SHOTS = os.environ.get("SHOTS", "")
WIDER_THAN_SCREEN = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def sidebar_links(page, shop) -> list[str]:
    links = page.eval_on_selector_all(
        "nav a[href], #nav-sidebar a[href]", "as => as.map(a => a.href)"
    )
    own = {link for link in links if link.startswith(shop.url) and "logout" not in link}
    return sorted(own | {f"{shop.url}/"})


def keep_picture(page, name: str) -> None:
    """With SHOTS=folder the pages are kept to be looked at."""
    if SHOTS:
        Path(SHOTS).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=f"{SHOTS}/{name}.png", full_page=True)


@pytest.mark.parametrize(("width", "locale"), [(1440, "en-GB"), (390, "zh-CN")])
def test_every_list_and_a_form_of_each_opens_and_fits(shop, sign_in, width, locale):
    page = sign_in("owner", width=width, locale=locale)
    links = sidebar_links(page, shop)
    assert len(links) > 15
    for link in links:
        page.goto(link)
        name = link.removeprefix(shop.url).strip("/").replace("/", "-") or "brief"
        keep_picture(page, f"{width}-{name}")
        assert page.evaluate(WIDER_THAN_SCREEN) <= 0, f"{link} is wider than {width} px"
        first_row = page.query_selector("#result_list tbody th a, #result_list tbody td a")
        if first_row:
            page.goto(f"{shop.url}{first_row.get_attribute('href')}")
            keep_picture(page, f"{width}-{name}-form")
            assert page.evaluate(WIDER_THAN_SCREEN) <= 0, f"{page.url} is wider than {width} px"


def test_roles_see_only_their_own_lists(shop, sign_in):
    page = sign_in("support")
    assert page.goto(f"{shop.url}/access/apikey/").status == 403
    assert page.goto(f"{shop.url}/marketing/campaign/").status == 403
    assert page.goto(f"{shop.url}/support/ticket/").status == 200
    shop.complaints.clear()  # a refused page is also a console error of the browser
