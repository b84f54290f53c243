"""Stock is moved in dialogs of the back office: by role, once, refusals shown."""

from datetime import timedelta

import pytest
from django.urls import reverse

from shop.models import Batch, RingFence, StockLevel
from shop.services.stock import stock
from shop.services.stock.batch_order import shop_today
from tests.factories import make_variant, make_warehouse
from tests.factories_access import make_staff

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner(client):
    client.force_login(make_staff(is_superuser=True))
    return client


@pytest.fixture
def level():
    stock.receive(make_variant("TEA-1"), 10, warehouse=make_warehouse(), key="po")
    return StockLevel.objects.get()


def send(client, name, pk, times=1, **body):
    said = {"_form_submitted": "on", "key": "admin:1"} | body
    return [client.post(reverse(f"admin:shop_{name}", args=[pk]), said) for _time in range(times)]


def units(place="MAIN"):
    level = StockLevel.objects.get(warehouse__code=place)
    return level.on_hand, level.ring_fenced


def test_goods_arrive_with_a_batch(owner, level):
    on = (shop_today() + timedelta(days=9)).isoformat()
    send(owner, "stocklevel_receive_goods", level.pk, 2, units=5, batch="LOT-1", expires_on=on)
    batch = Batch.objects.get()
    assert (batch.on_hand, batch.expires_on.isoformat(), units()) == (5, on, (15, 0))


def test_goods_are_transferred_once(owner, level):
    far = make_warehouse("FAR")
    send(owner, "stocklevel_transfer_goods", level.pk, 2, units=4, target=far.pk)
    assert (units(), units("FAR")) == ((6, 0), (4, 0))
    send(owner, "stocklevel_transfer_goods", level.pk, units=9, target=far.pk, key="admin:2")
    assert "Not enough stock" in owner.get(reverse("admin:index")).content.decode()
    assert units() == (6, 0)


def test_units_are_set_aside_and_put_on_sale_again(owner, level):
    send(owner, "stocklevel_set_aside", level.pk, 2, units=3, purpose="flash:7")
    fence = RingFence.objects.get()
    assert (units(), fence.created_by is not None) == ((10, 3), True)
    body = {"action": "put_on_sale", "_selected_action": [str(fence.pk)]}
    owner.post(reverse("admin:shop_ringfence_changelist"), body)
    assert units() == (10, 0)


def test_a_batch_is_written_off_and_its_date_corrected(owner, level):
    stock.receive(level.variant, 5, warehouse=level.warehouse, key="lot", batch="LOT-1")
    batch = Batch.objects.get()
    soon = shop_today() + timedelta(days=1)
    owner.post(reverse("admin:shop_batch_change", args=[batch.pk]), {"expires_on": str(soon)})
    batch.refresh_from_db()
    assert (batch.expires_on, batch.on_hand) == (soon, 5)
    send(owner, "batch_write_off", batch.pk, 2, reason="wet")
    assert units() == (10, 0)


@pytest.mark.parametrize("name", ["stocklevel_transfer_goods", "stocklevel_set_aside"])
def test_a_dialog_is_closed_without_its_permission(client, level, name):
    client.force_login(make_staff("shop.view_stocklevel"))
    [answer] = send(client, name, level.pk, units=1, purpose="x", target=level.warehouse_id)
    assert (answer.status_code, units()) == (403, (10, 0))


def test_writing_off_is_closed_without_its_permission(client, level):
    stock.receive(level.variant, 5, warehouse=level.warehouse, key="lot", batch="LOT-1")
    client.force_login(make_staff("shop.view_batch", "shop.change_batch"))
    [answer] = send(client, "batch_write_off", Batch.objects.get().pk, reason="wet")
    assert (answer.status_code, units()) == (403, (15, 0))
