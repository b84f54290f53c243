"""Which sources may fill a placement, and which do so usually, in order."""

from __future__ import annotations

SOURCES = (
    "personal",
    "session",
    "similar",
    "bought_together",
    "taken_instead",
    "on_flash",
    "category",
    "popular",
)
# What stands earlier is offered first, the fallbacks last.
ORDER = {
    "home": ("personal", "category", "popular"),
    "product": ("similar", "bought_together", "category", "popular"),
    "similar": ("similar", "category", "popular"),
    "complementary": ("bought_together", "personal", "popular"),
    "cart": ("bought_together", "similar", "category", "popular"),
    "post_purchase": ("bought_together", "personal", "category", "popular"),
    "email": ("personal", "category", "popular"),
    "substitute": ("taken_instead", "similar", "category"),
    "flash_sale": ("on_flash",),
}
# Where a page, a cart or an order says what the list is about.
ABOUT_PRODUCTS = frozenset(
    {"product", "similar", "complementary", "cart", "post_purchase", "substitute"}
)
# Where only what its own sources name may stand: nothing of the whole shop fills the list.
NOTHING_ELSE = frozenset({"substitute", "flash_sale"})
