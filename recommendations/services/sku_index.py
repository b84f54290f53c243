"""Where SKUs lead, kept with the model: so a request knows its page's product before it asks.

It is a hint. What the database says of the SKU at the moment of the request is compared with it, and
counts (guesses.py).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recommendations.columns import Wanted, columns_of
from shop.models import Variant


@dataclass(frozen=True)
class SkuIndex:
    """codes: bytes (k,), UTF-8, ascending, each once. items: int32 (k,), the product's index."""

    codes: np.ndarray
    items: np.ndarray

    def item(self, sku: str) -> int:
        """−1 for a SKU that the model did not see."""
        code = sku.encode()
        if len(code) > self.codes.itemsize:  # numpy would widen all of them to compare
            return -1
        place = int(self.codes.searchsorted(code))
        known = place < len(self.codes) and self.codes[place] == code
        return int(self.items[place]) if known else -1


def sku_index_of(product_ids: np.ndarray) -> SkuIndex:
    """The SKUs of these products (database keys, ascending) as they are now."""
    read = columns_of(Variant.objects.all(), Wanted({"product": "product_id"}, {}, {"sku": "sku"}))
    place = np.minimum(np.searchsorted(product_ids, read["product"]), len(product_ids) - 1)
    known = np.flatnonzero(product_ids[place] == read["product"])
    codes = np.array([read["sku"][row].encode() for row in known.tolist()], dtype=np.bytes_)
    order = np.argsort(codes, kind="stable")
    return SkuIndex(codes[order], place[known][order].astype(np.int32))
