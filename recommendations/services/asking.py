"""Who looks where."""

from __future__ import annotations

from dataclasses import dataclass

from shop.models import Channel, Customer

MAX_LIMIT = 50


@dataclass(frozen=True)
class Ask:
    """Who looks where.

    customer, or her code: an unknown code counts as none. skus: the product page's SKU, or the
    cart's. order: the number of the order that was just placed. session: of a visitor who is
    nobody's customer yet, only this visit counts, once it has events. channel: whose prices count
    beside those for all channels.
    """

    placement: str = "home"
    customer: Customer | None = None
    visitor: str = ""
    skus: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    limit: int = 10
    order: str = ""
    session: str = ""
    channel: Channel | None = None
    code: str = ""

    def subject(self, customer_code: str) -> str:
        if customer_code and (self.customer or self.code):
            return f"customer:{customer_code}"
        if self.visitor:
            return f"visitor:{self.visitor}"
        return f"sku:{self.skus[0]}" if self.skus else "anybody"
