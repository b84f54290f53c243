"""Write a product's description, and tell others of it in the same transaction."""

from __future__ import annotations

from django.db import transaction

from shop.models import Product
from shop.services.announcements import announce_product

FIELDS = {"en": "description", "zh": "description_zh"}


def set_description(product: Product, language: str, text: str) -> bool:
    """False when it says so already, and nothing is told to anybody."""
    field = FIELDS[language]
    with transaction.atomic():
        held = Product.objects.select_for_update().get(pk=product.pk)
        if getattr(held, field) == text:
            return False
        setattr(held, field, text)
        held.save(update_fields=[field, "updated_at"])
        announce_product(held)
    return True
