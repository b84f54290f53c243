"""What a file changed, told as a change by hand is: messages, and whoever shows the facts.

Both are written in the chunk's own transaction. A trial run tells nobody: it would hold live
campaigns until its end, and take everything back.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any

import polars as pl
from django.utils import timezone

from outbox.services import is_heard, publish_many
from shop.fact_listeners import facts_changed, ratings_changed
from shop.models import Channel, Price, Product, Variant
from shop.services.announcements import product_message
from shop.services.prices import price_message

from .run import ImportRun
from .write import rows_of

PRODUCTS = 1_000  # read at a time for their messages
STANDING = ["channel", "kind", "amount_minor", "currency", "valid_from", "valid_until"]
PLACE = ["variant_id", "channel_id", "kind"]


def tell_prices(added: pl.DataFrame, run: ImportRun) -> None:
    """added: rows of the price ledger by the database's names, with `id`, that are in it now.

    History says nothing to anybody: only what holds now of its kind, or will, is told.
    """
    if run.options.dry_run or added.is_empty():
        return
    now = timezone.now()
    if "valid_until" in added.columns:
        added = added.filter(pl.col("valid_until").is_null() | (pl.col("valid_until") > now))
    facts_of(added["variant_id"])
    if is_heard("price.changed"):
        publish_many("price.changed", _price_messages(added, now))


def _price_messages(added: pl.DataFrame, now: datetime) -> Iterator[tuple[str, dict[str, Any]]]:
    rows = rows_of(Price, "variant", added["variant_id"], STANDING)
    begun = rows.filter(pl.col("valid_from") <= now)
    begun = begun.filter(pl.col("valid_until").is_null() | (pl.col("valid_until") > now))
    newest = begun.sort("valid_from", "id").unique(PLACE, keep="last")
    told = pl.concat([newest, rows.filter(pl.col("valid_from") > now)])
    told = told.join(added.select("id"), on="id", how="semi").sort("id")
    skus = dict(Variant.objects.in_bulk(told["variant_id"].unique().to_list()))
    channels = dict(Channel.objects.values_list("pk", "code"))
    for row in told.iter_rows(named=True):
        key, named = row.pop("id"), skus[row.pop("variant_id")].sku
        yield (
            f"price:{key}",
            price_message(sku=named, channel=channels.get(row.pop("channel_id")), **row),
        )


def tell_products(product_ids: Collection[int], touched: Collection[int], run: ImportRun) -> None:
    """product_ids: new or changed in the table of products. touched: whose SKUs alone are new or
    changed; they are from now on products that changed, as after a change by hand."""
    if run.options.dry_run:
        return
    now, every = timezone.now(), sorted({*product_ids, *touched})
    heard = is_heard("product.changed")
    for start in range(0, len(every), PRODUCTS):
        some = every[start : start + PRODUCTS]
        alone = [pk for pk in some if pk not in product_ids]
        Product.objects.filter(pk__in=alone).update(updated_at=now)
        if heard:
            publish_many("product.changed", _product_messages(some))


def _product_messages(product_ids: list[int]) -> Iterator[tuple[str, dict[str, Any]]]:
    on_sale: dict[int, list[str]] = {}
    rows = Variant.objects.filter(product__in=product_ids, is_active=True).order_by("sku")
    for product_id, sku in rows.values_list("product_id", "sku"):
        on_sale.setdefault(product_id, []).append(sku)
    for product in Product.objects.filter(pk__in=product_ids).order_by("pk"):
        yield product_message(product, on_sale.get(product.pk, []))


def tell_ratings(product_ids: pl.Series, run: ImportRun) -> None:
    """product_ids: of reviews that are new, changed or moved here or away."""
    if not run.options.dry_run:
        ratings_changed(product_ids.unique().sort().to_list())


def facts_of(variant_ids: pl.Series) -> None:
    """Live copy that features these SKUs and is not true any more is pulled with the change."""
    changed = variant_ids.drop_nulls().unique().sort().to_list()
    if changed:
        facts_changed(changed)
