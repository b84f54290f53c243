"""From approval to the shelf: one way through, every step once, refusals change nothing."""

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.core.exceptions import PermissionDenied

from decisions.kinds import CannotCarryOutError
from decisions.services import receipts as decisions
from inventory.models import PurchaseOrder, PurchaseOrderLine, Receipt
from inventory.services import purchase_orders as service
from shop.models import Product, StockLevel, StockMovement
from tests.factories import make_variant, make_warehouse
from tests.factories_inventory import AS_OF, Silent, make_forecast, make_item, make_supplier

pytestmark = pytest.mark.django_db


@pytest.fixture
def order():
    tea = make_variant("TEA-1")
    order = PurchaseOrder.objects.create(
        number="PO-1",
        key="k",
        supplier=make_supplier(),
        warehouse=make_warehouse(),
        currency="GBP",
        cycle_on=AS_OF.date(),
    )
    make_item(tea, order.supplier, supplier_sku="L-77")
    PurchaseOrderLine.objects.create(
        order=order, variant=tea, suggested_units=24, units=24, unit_cost_minor=400
    )
    return order


@pytest.fixture
def sent(order):
    service.approve_purchase_order(order)
    return service.send_purchase_order(order)


def test_each_step_is_kept_with_who_did_it(order):
    buyer = User.objects.create(username="buyer")
    service.approve_purchase_order(order, by=buyer)
    service.send_purchase_order(order, by=buyer)
    steps = order.transitions.values_list("from_state", "to_state", "by__username")
    assert list(steps) == [("suggested", "approved", "buyer"), ("approved", "sent", "buyer")]


def test_sending_mails_text_and_csv_once(sent):
    service.send_purchase_order(sent)
    [message] = mail.outbox
    assert message.to == ["leaf@example.com"]
    assert "24 × TEA-1" in message.body
    name, content, _kind = message.attachments[0]
    assert name == "PO-1.csv"
    assert content.splitlines()[1] == "TEA-1,L-77,Product TEA-1,24,4.00,GBP"


def test_a_mail_server_that_is_away_leaves_the_order_approved(order, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    service.approve_purchase_order(order)
    with pytest.raises(service.NotSendableError):
        service.send_purchase_order(order)
    order.refresh_from_db()
    assert (order.state, order.sent_at) == ("approved", None)


def test_it_cannot_be_sent_before_it_is_approved(order):
    with pytest.raises(service.WrongStateError):
        service.send_purchase_order(order)
    assert mail.outbox == []


def test_part_then_the_rest(sent):
    line = sent.lines.get()
    service.receive_purchase_order(sent, {line.pk: 10}, key="truck-1")
    assert sent.state == "partly_received"
    service.receive_purchase_order(sent, {line.pk: 14}, key="truck-2")
    assert sent.state == "received"
    assert StockLevel.objects.get().on_hand == 24
    assert list(StockMovement.objects.values_list("reference", flat=True)) == ["po:PO-1"] * 2


def test_the_same_delivery_twice_is_booked_once(sent):
    line = sent.lines.get()
    for _twice in range(2):
        service.receive_purchase_order(sent, {line.pk: 24}, key="truck-1")
    assert Receipt.objects.count() == 1
    assert StockLevel.objects.get().on_hand == 24


def test_too_much_is_refused_and_nothing_is_booked(sent):
    line = sent.lines.get()
    with pytest.raises(service.OverReceiptError, match="25 arrived, but only 24"):
        service.receive_purchase_order(sent, {line.pk: 25}, key="truck-1")
    sent.refresh_from_db()
    assert sent.state == "sent"
    assert not Receipt.objects.exists()
    assert not StockMovement.objects.exists()


def test_a_line_of_another_order_is_refused(sent):
    with pytest.raises(service.PurchaseOrderError):
        service.receive_purchase_order(sent, {sent.lines.get().pk + 99: 1}, key="truck-1")


def test_nothing_is_received_on_an_order_that_was_not_sent(order):
    with pytest.raises(service.WrongStateError):
        service.receive_purchase_order(order, {order.lines.get().pk: 1}, key="truck-1")


def test_the_rest_can_be_cancelled(sent):
    service.receive_purchase_order(sent, {sent.lines.get().pk: 10}, key="truck-1")
    service.cancel_purchase_order(sent, note="discontinued")
    assert sent.state == "cancelled"
    assert StockLevel.objects.get().on_hand == 10


def test_lines_are_closed_once_the_order_is_sent(sent):
    with pytest.raises(service.WrongStateError):
        service.set_line_units(sent.lines.get(), 48, by=None)
    assert sent.lines.get().units == 24


def test_an_order_without_units_cannot_be_approved(order):
    service.set_line_units(order.lines.get(), 0, by=None)
    with pytest.raises(service.PurchaseOrderError):
        service.approve_purchase_order(order)


def test_approving_needs_the_buyers_permission():
    from inventory.services.replenishment import plan_replenishment

    tea = make_variant("TEA-1")
    make_item(tea, make_supplier())
    make_forecast(tea)
    plan_replenishment(AS_OF, seed=1, progress=Silent())
    order = PurchaseOrder.objects.get()
    with pytest.raises(PermissionDenied):
        service.approve_purchase_order(order, by=User.objects.create(username="nobody"))
    order.refresh_from_db()
    assert order.state == "suggested"
    owner = User.objects.create_superuser("owner")
    service.approve_purchase_order(order, by=owner)
    assert (order.state, order.decision.state) == ("approved", "approved")
    with pytest.raises(decisions.DecisionClosedError):
        decisions.approve(order.decision, owner)


def test_an_order_edited_down_to_nothing_is_not_sent_and_not_claimed(order):
    service.approve_purchase_order(order)
    service.set_line_units(order.lines.get(), 0, by=None)
    with pytest.raises(service.NotSendableError):
        service.send_purchase_order(order)
    order.refresh_from_db()
    assert (order.state, order.sent_at, mail.outbox) == ("approved", None, [])


def test_a_name_is_no_formula_in_the_suppliers_spreadsheet(order):
    Product.objects.update(name="=HYPERLINK(1)")
    service.approve_purchase_order(order)
    service.send_purchase_order(order)
    [message] = mail.outbox
    assert ",'=HYPERLINK(1)," in message.attachments[0][1]


def test_a_supplier_with_another_currency_brings_his_own_costs(order):
    PurchaseOrder.objects.update(supplier=None)
    order.refresh_from_db()
    green = make_variant("GREEN-1")
    PurchaseOrderLine.objects.create(
        order=order, variant=green, suggested_units=1, units=1, unit_cost_minor=300
    )
    dragon = make_supplier("DRAGON", currency="CNY")
    tea = order.lines.get(variant__sku="TEA-1").variant
    make_item(tea, dragon, unit_cost_minor=3_600, is_preferred=False)
    order = service.assign_supplier(order, dragon, by=None)
    assert order.currency == "CNY"
    costs = dict(order.lines.values_list("variant__sku", "unit_cost_minor"))
    assert costs == {"TEA-1": 3_600, "GREEN-1": None}


def test_the_brief_can_show_why_an_order_is_not_approved():
    assert issubclass(service.PurchaseOrderError, CannotCarryOutError)
