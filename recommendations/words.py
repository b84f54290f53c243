"""What placements and sources are called by a merchant."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from decisions.text import words

PLACEMENTS: dict[str, Any] = {
    "home": _("home page"),
    "product": _("product page"),
    "similar": _("product page: similar"),
    "complementary": _("product page: goes with it"),
    "cart": _("cart"),
    "post_purchase": _("after the purchase"),
    "email": _("e-mail"),
    "substitute": _("sold out: instead of it"),
    "flash_sale": _("flash sale"),
}
SOURCES: dict[str, Any] = {
    "personal": _("own taste"),
    "session": _("this visit"),
    "similar": _("similar products"),
    "bought_together": _("bought together"),
    "taken_instead": _("taken when it was sold out"),
    "on_flash": _("in the flash sale"),
    "category": _("popular in the category"),
    "popular": _("popular in the shop"),
    "shop_wide": _("sold or new lately"),
    "rule": _("a rule of yours"),
    "pinned": _("a rule of yours"),
}


def placement_name(code: str) -> str:
    """In the reader's language; a code nobody has named reads as words."""
    return str(PLACEMENTS.get(code) or words(code))


def source_name(code: str) -> str:
    return str(SOURCES.get(code) or words(code))
