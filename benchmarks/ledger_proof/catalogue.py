"""Load what a proof sells: `python -m benchmarks.ledger_proof.catalogue < spec` in the proof's
environment. The spec is JSON, `{"SKU": units}`; prints the keys of a storefront and of an owner.
"""

from __future__ import annotations

import json
import sys

UNLIMITED = 10**8


def main() -> None:
    import django

    django.setup()
    from django.contrib.auth.models import Group, User

    from access.services.keys import issue_key

    _load(json.load(sys.stdin))
    owner, made = User.objects.get_or_create(username="proof-owner", is_staff=True)
    if made:
        owner.groups.add(Group.objects.get(name="owner"))
    storefront = issue_key("proof shop", rate_per_minute=UNLIMITED)
    merchant = issue_key("proof owner", user=owner, rate_per_minute=UNLIMITED)
    print(json.dumps({"storefront": storefront.secret, "owner": merchant.secret}))


def _load(units_by_sku: dict[str, int]) -> None:
    from shop.models import Product, Variant
    from shop.services.prices import set_price
    from shop.services.stock import stock
    from shop.services.stock.warehouses import first_warehouse

    place = first_warehouse()
    for sku, units in units_by_sku.items():
        product = Product.objects.create(code=f"P-{sku}", name=f"Proof {sku}")
        variant = Variant.objects.create(product=product, sku=sku)
        set_price(variant, 1000, key=f"proof:{sku}", source="proof")
        stock.receive(variant, units, warehouse=place, key=f"proof:receive:{sku}")


if __name__ == "__main__":
    main()
