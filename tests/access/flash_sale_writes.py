"""Flash sales that writes of the API are tried on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from inventory.models import FlashSale
from inventory.services.flash_sales import approve_flash_sale
from tests.access.writes import NUMBERS, Write
from tests.factories_flash_sales import make_flash_sale, make_sellable, noon


def _sale() -> FlashSale:
    sku = f"FS-{next(NUMBERS)}"
    make_sellable(sku)
    return make_flash_sale(sku)


def _body() -> dict[str, Any]:
    sku = f"FS-{next(NUMBERS)}"
    make_sellable(sku)
    line = {"sku": sku, "price_minor": 500, "units": 5}
    window = {"starts_at": noon(2).isoformat(), "ends_at": noon(3).isoformat()}
    return {"name": "Late hours", "lines": [line]} | window


def _created() -> Write:
    body = _body()
    return Write({}, body, body | {"name": "Early hours"})


def _changed() -> Write:
    body = _body()
    return Write({"id": _sale().pk}, body, body | {"name": "Early hours"})


AT = "/api/merchant/v1/flash-sales/"
FLASH_SALE_WRITES: dict[str, Callable[[], Write]] = {
    f"POST {AT}": _created,
    f"PUT {AT}{{id}}/": _changed,
    f"DELETE {AT}{{id}}/": lambda: Write({"id": _sale().pk}),
    f"POST {AT}{{id}}/approval/": lambda: Write({"id": _sale().pk}),
    f"POST {AT}{{id}}/cancellation/": lambda: Write({"id": approve_flash_sale(_sale()).pk}),
}
