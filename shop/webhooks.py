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
    ("order.part_shipped", _("order partly shipped"), "The first, not the last, units left."),
    ("order.shipped", _("order shipped"), "All that will be sent of the order has left."),
    ("order.delivered", _("order delivered"), "The order arrived."),
    ("order.cancelled", _("order cancelled"), "The order was cancelled and its stock given back."),
]:
    register(MessageKind(name, label, when, _order))

register(
    MessageKind(
        "stock.available",
        _("in stock again"),
        "A SKU of which nothing was available can be sold again. Looked for once a minute.",
        {
            "sku": SKU,
            "available_units": Field("integer", "Available now, over all warehouses.", 12),
            "happened_at": Field(TIME, "When it was noticed.", "2026-03-02T09:00:00+00:00"),
        },
    )
)
register(
    MessageKind(
        "stock.sold_out",
        _("sold out"),
        "Nothing of a SKU is available any more. Looked for once a minute, so that a last unit "
        "that goes in and out of carts does not chatter.",
        {
            "sku": SKU,
            "available_units": Field("integer", "Always 0.", 0),
            "happened_at": Field(TIME, "When it was noticed.", "2026-03-02T09:00:00+00:00"),
        },
    )
)
register(
    MessageKind(
        "price.changed",
        _("price changed"),
        "A price was added to the ledger, or a reduction ends sooner than it was set for "
        "(`valid_until` has moved; equal to `valid_from`: it was called off). It may begin later: see "
        "`valid_from`. Of the prices in an imported file those that hold now or will.",
        {
            "sku": SKU,
            "kind": Field("string", "`list`, `campaign` or `flash`.", "campaign"),
            "channel": Field("string or null", "The channel's code; null for all.", None),
            "currency": Field("string", "ISO 4217.", "GBP"),
            "amount_minor": Field("integer", "The price in minor units.", 1299),
            "valid_from": Field(TIME, "From when it holds.", "2026-03-02T09:00:00+00:00"),
            "valid_until": Field(
                f"{TIME} or null", "Until when; null: until the next.", "2026-03-09T09:00:00+00:00"
            ),
        },
    )
)
register(
    MessageKind(
        "product.changed",
        _("product changed"),
        "A product or one of its SKUs was changed or added, by a person in the back office or by an "
        "imported file.",
        {
            "code": Field("string", "The product's code.", "P-TEA"),
            "name": Field("string", "Its name.", "Jasmine Tea"),
            "state": Field("string", "`active`, `draft` or `archived`.", "active"),
            "skus": Field("list of strings", "Its SKUs that are active.", ["TEA-1", "TEA-2"]),
            "updated_at": Field(TIME, "When it was changed.", "2026-03-02T09:00:00+00:00"),
        },
    )
)

_return = {
    "number": Field("string", "The return's number.", "R-1001"),
    "order": Field("string", "The order's number.", "4071223345"),
    "currency": Field("string", "ISO 4217.", "GBP"),
    "refund_minor": Field("integer", "What goes back for the goods, in minor units.", 1299),
    "reason": Field("string", "As the shop's staff wrote it.", "too small"),
    "happened_at": Field(TIME, "When the goods came back.", "2026-03-09T10:30:00+00:00"),
}
register(MessageKind("return.created", _("goods returned"), "Goods came back.", _return))

_refund = {
    "number": Field("string", "The refund's number.", "4071223345-C"),
    "order": Field("string", "The order's number.", "4071223345"),
    "currency": Field("string", "ISO 4217.", "GBP"),
    "amount_minor": Field("integer", "What the customer gets back, in minor units.", 1299),
    "tax_minor": Field("integer", "Of it, returned tax.", 216),
    "happened_at": Field(TIME, "When it was decided.", "2026-03-09T10:30:00+00:00"),
}
register(
    MessageKind("refund.created", _("refund due"), "The shop owes the customer money.", _refund)
)
