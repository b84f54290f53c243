"""Who may do what. One table: role → permissions; the groups are made from it after each migrate."""

from __future__ import annotations

from fnmatch import fnmatch

VIEW_SHOP = [
    "shop.view_*",
    "inventory.view_*",
    "decisions.view_decision",
    "decisions.view_decisionchange",
]

ROLES: dict[str, list[str]] = {
    "owner": ["*"],
    "catalogue manager": [
        *VIEW_SHOP,
        "shop.*_product",
        "shop.*_variant",
        "shop.*_category",
        "shop.*_brand",
        "shop.*_attribute",
        "shop.*_productimage",
        "shop.add_price",
        "shop.*_sellinghold",
        "shop.*_warehouse",
        "shop.*_kitcomponent",
        "shop.add_stockmovement",
        "shop.change_batch",
        "shop.*_ringfence",
        "decisions.view_job",
        "decisions.add_job",
    ],
    "buyer": [
        *VIEW_SHOP,
        "inventory.*",
        "decisions.decide_decision",
        "decisions.view_modelrun",
        "decisions.view_job",
    ],
    "marketer": [
        *VIEW_SHOP,
        "marketing.*",
        "inventory.*_flashsale",
        "shop.*_couponoffer",
        "shop.change_coupon",
        "shop.moderate_review",
        "language.view_textcall",
        "recommendations.*",
        "decisions.*_experiment",
        "decisions.decide_decision",
        "decisions.view_modelrun",
        "decisions.view_job",
    ],
    "support agent": [
        "shop.view_product",
        "shop.view_variant",
        "shop.view_price",
        "shop.view_stocklevel",
        "shop.view_customer",
        "shop.view_order",
        "shop.change_order",  # cancels on the customer's word
        "shop.view_orderline",
        "shop.view_return",
        "shop.add_return",
        "shop.view_returnline",
        "shop.view_allocation",
        "shop.view_shipment",
        "shop.view_shipmentline",
        "shop.view_payment",
        "shop.view_paymentevent",
        "shop.view_refund",
        "shop.view_review",
        "shop.moderate_review",
        "shop.view_waitlistentry",
        "shop.change_waitlistentry",  # cancels on the person's word
        "shop.view_couponoffer",
        "shop.view_coupon",
        "shop.view_couponmovement",
        "shop.change_coupon",  # takes one back that was shared
        "privacy.view_erasure",
        "privacy.add_erasure",  # she writes to support; the owner decides
        "support.*",
        "decisions.view_decision",
        "decisions.decide_decision",
    ],
    "analyst": ["*.view_*"],
}

# Money out and doors open, and what the owner's word alone lets pass: nobody but the owner changes these.
OWNER_ONLY = [
    "access.*", "auth.*", "admin.*", "sessions.*", "contenttypes.*",
    "marketing.decide_wordingruling",
]  # fmt: skip


def permitted(role: str, permission: str) -> bool:
    """Whether a role holds `app.verb_model`."""
    if role != "owner" and any(fnmatch(permission, pattern) for pattern in OWNER_ONLY):
        return False
    return any(fnmatch(permission, pattern) for pattern in ROLES[role])
