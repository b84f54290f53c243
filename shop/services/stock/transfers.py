"""Goods that move from one warehouse to another; their batches travel along."""

from __future__ import annotations

from typing import NamedTuple, Unpack

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from shop.models import MovementKind, StockLevel, StockMovement, Variant, Warehouse
from shop.services.stock.batches import batch_named, open_batch
from shop.services.stock.kits import refuse_kit
from shop.services.stock.movements import Change, StockError, post, post_parts
from shop.services.stock.stock import Note


class TransferError(StockError):
    """The goods cannot go there."""


class Transfer(NamedTuple):
    """The two sides of it, piece by piece: what left `source`, what arrived in `target`."""

    out: list[StockMovement]
    into: list[StockMovement]


def transfer(
    variant: Variant,
    units: int,
    *,
    source: Warehouse,
    target: Warehouse,
    key: str,
    batch: str = "",
    **note: Unpack[Note],
) -> Transfer:
    """Available units leave one warehouse and are in the other, in one transaction.

    From the batch that was named, else first expired first; expired units stay. The same key
    again returns the first transfer. Raises InsufficientStockError when fewer are available,
    ExpiredStockError when only expired ones are left, BatchError when the batch is known over
    there with another date.
    """
    if units <= 0:
        raise TransferError(_("The number of units must be above zero."))
    if source == target:
        raise TransferError(_("The goods are in this warehouse already."))
    refuse_kit(variant)
    goods = batch_named(variant, source, batch)
    leaving = Change(
        variant.pk,
        source.pk,
        MovementKind.TRANSFER,
        f"{key}:out",
        on_hand=-units,
        batch_id=goods.pk if goods else None,
        **note,
    )
    _open_level(variant, target)
    with transaction.atomic():
        _lock_both(variant, source, target)
        out = post_parts(leaving)
        into = [_arrive(piece, target, key, number, note) for number, piece in enumerate(out)]
    return Transfer(out, into)


def _open_level(variant: Variant, target: Warehouse) -> None:
    """Committed before the goods move: who waits for them must see where they went.

    A row that is new within the transfer is invisible to a buyer whose statement waits for the
    other row; he would be refused although the units are there.
    """
    if not StockLevel.objects.filter(variant=variant, warehouse=target).exists():
        place = StockLevel(variant=variant, warehouse=target)
        StockLevel.objects.bulk_create([place], ignore_conflicts=True)


def _lock_both(variant: Variant, source: Warehouse, target: Warehouse) -> None:
    """In the order of their primary key: of two transfers in opposite directions, one waits."""
    levels = StockLevel.objects.filter(variant=variant, warehouse__in=(source, target))
    list(levels.order_by("pk").select_for_update())


def _arrive(
    piece: StockMovement, target: Warehouse, key: str, number: int, note: Note
) -> StockMovement:
    batch_id = None
    if piece.batch is not None:
        travels = open_batch(piece.variant, target, piece.batch.code, piece.batch.expires_on)
        batch_id = travels.pk
    return post(
        Change(
            piece.variant_id,
            target.pk,
            MovementKind.TRANSFER,
            f"{key}:in" if number == 0 else f"{key}:in#{number}",
            on_hand=-piece.on_hand_delta,
            batch_id=batch_id,
            **note,
        )
    )
