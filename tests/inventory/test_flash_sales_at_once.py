"""Two people approve two sales of one SKU in the same moment: one stands, the other is refused."""

import threading

import pytest
from django.db import connection

from inventory.models import FlashSale
from inventory.services import flash_sales as service
from shop.models import Price, PriceKind
from tests.factories_crowd import Meeting
from tests.factories_flash_sales import make_flash_sale, make_sellable

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]


def approve_both(monkeypatch) -> list[str]:
    """Each waits after its checks until the other has made its own, or cannot."""
    make_sellable()
    sales = [make_flash_sale(), make_flash_sale()]
    both_checked, real = Meeting(), service.why_not

    def checked(*args):
        found = real(*args)
        both_checked.wait()
        return found

    monkeypatch.setattr(service, "why_not", checked)
    said: list[str] = []

    def one(sale: FlashSale) -> None:
        try:
            said.append(str(service.approve_flash_sale(sale).state))
        except service.FlashSaleError as refusal:
            said.append(str(refusal))
        finally:
            connection.close()

    threads = [threading.Thread(target=one, args=(sale,)) for sale in sales]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(said)


def test_one_of_two_sales_of_a_sku_stands(monkeypatch):
    refused, stands = approve_both(monkeypatch)
    assert (stands, "another flash price" in refused) == ("approved", True)
    assert Price.objects.filter(kind=PriceKind.FLASH).count() == 1


def test_without_the_lock_both_would(monkeypatch):
    monkeypatch.setattr(service, "_wait_for_rivals", lambda lines: None)
    assert approve_both(monkeypatch) == ["approved", "approved"]
    assert Price.objects.filter(kind=PriceKind.FLASH).count() == 2


def test_the_same_sale_approved_twice_at_once_stands_once(monkeypatch):
    make_sellable()
    sale = make_flash_sale()
    said: list[str] = []

    def one() -> None:
        try:
            said.append(str(service.approve_flash_sale(sale).state))
        finally:
            connection.close()

    threads = [threading.Thread(target=one) for _number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert said == ["approved"] * 4
    assert Price.objects.filter(kind=PriceKind.FLASH).count() == 1
