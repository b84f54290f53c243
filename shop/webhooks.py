"""What the shop tells others: docs/webhooks.md is written from here.

No name, mail or address of a person: a receiver that needs them asks the merchant API with a key.
"""

from django.utils.translation import gettext_lazy as _

from outbox.kinds import Field, MessageKind, register

SKU = Field("string", "The SKU.", "TEA-1")
TIME = "time (ISO 8601, UTC)"

_order = {
    "number": Field("string", "The order's number.", "4071223345"),
    "state": Field("string", "Where the order is now.", "paid"),
    "customer": Field("string or null", "The customer's code; null for a guest.", "C-17"),
    "currency": Field("string", "ISO 4217.", "GBP"),
    "total_minor": Field("integer", "What the order costs, in minor units.", 2598),
    "happened_at": Field(TIME, "When this step was made.", "2026-03-02T09:00:00+00:00"),
}

for name, label, when in [
    ("order.placed", _("order placed"), "An order was placed."),
    ("order.paid", _("order paid"), "The whole order is paid."),
    ("order.shipped", _("order shipped"), "The last units of the order left a warehouse."),
    ("order.delivered", _("order delivered"), "The order arrived."),
    ("order.cancelled", _("order cancelled"), "The order was cancelled and its stock given back."),
]:
    register(MessageKind(name, label, when, _order))
