"""The back office of flash sales: the list, the form, the page of one, in both languages."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from inventory.admin.flash_sale_form import lines_of
from inventory.models import FlashSale, PlannedDemand
from inventory.services.flash_sale_clock import settle_flash_sales
from inventory.services.flash_sale_report import report_of
from inventory.services.flash_sales import WantedLine, approve_flash_sale
from tests.factories import make_order
from tests.factories_access import make_staff
from tests.factories_flash_sales import make_elasticity, make_flash_sale, make_sellable, noon

pytestmark = pytest.mark.django_db
LIST = "admin:inventory_flashsale_changelist"


@pytest.fixture
def owner(client) -> Client:
    client.force_login(make_staff(is_superuser=True))
    return client


def page(client: Client, sale: FlashSale, language: str = "en") -> str:
    address = reverse("admin:inventory_flashsale_page", args=[sale.pk])
    answer = client.get(address, headers={"accept-language": language})
    assert answer.status_code == 200
    return answer.content.decode()


def do(client: Client, sale: FlashSale, verb: str):
    return client.post(
        reverse("admin:inventory_flashsale_do", args=[sale.pk]), {"verb": verb}, follow=True
    )


def form(lines: str, **changes) -> dict[str, str]:
    start, end = (timezone.localtime(noon(days)) for days in (2, 3))
    return {
        **{"name": "Late hours", "name_zh": "夜场", "lines": lines},
        **{"starts_at_0": f"{start:%Y-%m-%d}", "starts_at_1": f"{start:%H:%M}"},
        **{"ends_at_0": f"{end:%Y-%m-%d}", "ends_at_1": f"{end:%H:%M}"},
    } | changes


def test_an_empty_list_says_how_to_begin(owner):
    text = "No flash sale yet"
    assert text in owner.get(reverse(LIST)).content.decode()
    make_sellable()
    make_flash_sale()
    found = owner.get(reverse(LIST)).content.decode()
    assert text not in found
    assert "Late hours" in found


def test_lines_are_read_as_they_are_pasted():
    pasted = "TEA-1\t5.00\t50\tMAIN\n\nPOT-1, 4.5, 7\nCUP-1；3；2\n"
    assert lines_of(pasted) == (
        WantedLine("TEA-1", 500, 50, "MAIN"),
        WantedLine("POT-1", 450, 7),
        WantedLine("CUP-1", 300, 2),
    )


def test_a_draft_is_made_and_changed_by_its_form(owner):
    make_elasticity(make_sellable())
    made = owner.post(reverse("admin:inventory_flashsale_add"), form("TEA-1 5.00 50"))
    sale = FlashSale.objects.get()
    assert made["Location"] == reverse("admin:inventory_flashsale_page", args=[sale.pk])
    assert (sale.starts_at, sale.ends_at) == (noon(2), noon(3))
    assert PlannedDemand.objects.get().label_zh == "夜场"
    change = reverse("admin:inventory_flashsale_change", args=[sale.pk])
    assert "TEA-1\t5.00\t50\tMAIN" in owner.get(change).content.decode()
    owner.post(change, form("TEA-1 4.50 20"))
    assert sale.lines.get().price_minor == 450


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("TEA-1 5.00", "Line 1 is not SKU, price, units and warehouse"),
        ("TEA-1 five 50", "Line 1 is not SKU"),
        ("NO 5.00 50", "NO: there is no such SKU."),
    ],
)
def test_what_cannot_be_stands_beside_the_form(owner, lines, said):
    make_sellable()
    answer = owner.post(reverse("admin:inventory_flashsale_add"), form(lines))
    assert said in answer.content.decode()
    assert not FlashSale.objects.exists()


def test_a_draft_says_what_speaks_against_it_and_cannot_be_approved_then(owner):
    make_sellable(units=10)
    sale = make_flash_sale()
    found = page(owner, sale)
    assert "TEA-1: 50 units in MAIN, of which 10 are available." in found
    assert 'value="approve" disabled' in found
    assert "Too little is known" in found
    assert "of which 10 are available" in do(owner, sale, "approve").content.decode()
    sale.refresh_from_db()
    assert sale.is_draft


def test_approved_and_called_off_by_its_buttons(owner):
    make_elasticity(make_sellable())
    sale = make_flash_sale()
    assert "Nothing speaks against approving it." in page(owner, sale)
    assert "Approved: prices and units stand." in do(owner, sale, "approve").content.decode()
    assert "Call it off" in page(owner, sale)
    assert "Called off" in do(owner, sale, "cancel").content.decode()
    assert "Call it off" not in page(owner, sale)


def test_deleted_by_its_button(owner):
    make_elasticity(make_sellable())
    sale = make_flash_sale()
    assert "Deleted" in do(owner, sale, "delete").content.decode()
    assert not FlashSale.objects.exists()
    assert not PlannedDemand.objects.exists()


def test_a_running_sale_shows_what_is_left_sold_and_given_away(owner):
    tea = make_sellable()
    sale = make_flash_sale(start=timezone.now())
    approve_flash_sale(sale)
    settle_flash_sales()
    assert "Nothing has been ordered in its window yet." in page(owner, sale)
    make_order([(tea, 4)], at=timezone.now(), unit_price_minor=500)
    sale.refresh_from_db()
    found = report_of(sale)
    assert (found.left, found.sold, found.revenue_minor) == (50, 4, 2000)
    assert found.at_former_price_minor == 4000
    text = page(owner, sale)
    assert "given away: £20.00" in text
    assert "£20.00" in page(owner, sale, "zh-hans")


def test_the_page_asks_a_fixed_number_of_queries(owner, django_assert_max_num_queries):
    counts = []
    for number in (1, 5):
        skus = [f"T-{number}-{one}" for one in range(number)]
        for sku in skus:
            make_elasticity(make_sellable(sku))
        sale = make_flash_sale(*skus)
        page(owner, sale)
        with django_assert_max_num_queries(60) as asked:
            page(owner, sale)
        counts.append(len(asked))
    assert counts[0] == counts[1]


def test_who_may_only_look_sees_no_buttons_and_is_refused(client):
    make_sellable()
    sale = make_flash_sale()
    client.force_login(make_staff("inventory.view_flashsale"))
    assert "<form method=" not in page(client, sale).split("bk-main")[1]
    for verb in ("approve", "cancel", "delete"):
        assert do(client, sale, verb).status_code == 403
    assert client.post(reverse("admin:inventory_flashsale_add"), {}).status_code == 403
    sale.refresh_from_db()
    assert sale.is_draft


def test_an_unknown_verb_is_refused(owner):
    make_sellable()
    assert do(owner, make_flash_sale(), "burn").status_code == 400
