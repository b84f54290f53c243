"""Everything that is held on a person, as files in one archive: JSON and CSV, table by table.

Streamed: no table is held in memory, and nothing is written on the server.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from django.apps import apps
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Model, QuerySet

from access.spreadsheets import lines_of
from privacy.registry.base import Subject
from privacy.registry.holdings import HOLDINGS
from privacy.services.subjects import read_subject
from shop.models import (
    CouponMovement,
    Customer,
    OrderLine,
    OrderTransition,
    Payment,
    Refund,
    ReturnLine,
    Shipment,
    ShipmentLine,
)
from support.models import Draft, Handoff, Message, Ticket

CHUNK = 500
# Not about her: how the row is kept, or the house's own secrets about others.
LEFT_OUT = {"request_sha256", "once_key", "open_key", "idempotency_key", "lease_token"}


class _Sink(io.RawIOBase):
    """What a ZipFile writes, until somebody takes it."""

    def __init__(self) -> None:
        self._blocks: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, block: Any) -> int:
        self._blocks.append(bytes(block))
        return len(block)

    def take(self) -> bytes:
        taken, self._blocks = b"".join(self._blocks), []
        return taken


def archive_of(customer: Customer, *, at: datetime) -> Iterator[bytes]:
    """A ZIP archive, block by block: `about.json`, and each table as `.json` lines and as `.csv`."""
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:  # type: ignore[call-overload]
        counts: dict[str, int] = {}
        for model, rows in held_on(customer):
            label = model._meta.label_lower
            fields = _fields(model)
            for ending, lines in (("jsonl", _json), ("csv", _csv)):
                with archive.open(f"{label}.{ending}", "w") as file:
                    for number, line in enumerate(lines(rows, fields)):
                        file.write(line)
                        counts[label] = number if ending == "csv" else number + 1
                        yield sink.take()
        about = {"customer": customer.code, "as_of": at, "rows": counts}
        archive.writestr("about.json", json.dumps(about, cls=DjangoJSONEncoder, indent=1))
        yield sink.take()
    yield sink.take()


def held_on(customer: Customer) -> Iterator[tuple[type[Model], QuerySet]]:
    """Each table in which something stands about her, with her rows. The registry's, and what hangs on
    them; a table once."""
    subject = read_subject(customer)
    yield Customer, Customer.objects.filter(pk=customer.pk)
    seen: dict[str, QuerySet] = {}
    for holding in HOLDINGS:
        model = apps.get_model(holding.model)
        seen[holding.model] = seen.get(holding.model, model._base_manager.none()) | _all_of(
            model, holding.rows(subject)
        )
    # A holding knows only what it has still to do, such as a note that is not empty yet.
    seen |= {model._meta.label: rows for model, rows in _hanging(customer, subject)}
    for label, rows in seen.items():
        if rows.exists():
            yield apps.get_model(label), rows


def _all_of(model: type[Model], rows: QuerySet) -> QuerySet:
    """As a condition on keys, so that two holdings of one table can be put together."""
    return model._base_manager.filter(pk__in=rows.order_by().values("pk"))


def _hanging(customer: Customer, subject: Subject) -> Iterator[tuple[type[Model], QuerySet]]:
    tickets = Ticket.objects.filter(number__in=list(subject.tickets))
    yield OrderTransition, OrderTransition.objects.filter(order__customer=customer)
    yield Shipment, Shipment.objects.filter(order__customer=customer)
    yield Refund, Refund.objects.filter(order__customer=customer)
    yield CouponMovement, CouponMovement.objects.filter(coupon__customer=customer)
    yield OrderLine, OrderLine.objects.filter(order__customer=customer)
    yield Payment, Payment.objects.filter(order__customer=customer)
    yield ShipmentLine, ShipmentLine.objects.filter(shipment__order__customer=customer)
    yield ReturnLine, ReturnLine.objects.filter(parent__customer=customer)
    yield Message, Message.objects.filter(ticket__in=tickets)
    yield Draft, Draft.objects.filter(ticket__in=tickets)
    yield Handoff, Handoff.objects.filter(ticket__in=tickets)


def _fields(model: type[Model]) -> list[str]:
    return [field.attname for field in model._meta.fields if field.attname not in LEFT_OUT]


def _rows(rows: QuerySet, fields: list[str]) -> Iterable[tuple]:
    return rows.order_by("pk").values_list(*fields).iterator(chunk_size=CHUNK)


def _json(rows: QuerySet, fields: list[str]) -> Iterator[bytes]:
    for row in _rows(rows, fields):
        said = dict(zip(fields, row, strict=True))
        yield json.dumps(said, cls=DjangoJSONEncoder, ensure_ascii=False).encode() + b"\n"


def _csv(rows: QuerySet, fields: list[str]) -> Iterator[bytes]:
    yield from _lines([fields])
    yield from _lines([_cell(value) for value in row] for row in _rows(rows, fields))


def _cell(value: Any) -> Any:
    if isinstance(value, dict | list):
        return json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False)
    if isinstance(value, datetime):
        return value.isoformat()
    return value


def _lines(rows: Iterable[Iterable[Any]]) -> Iterator[bytes]:
    yield from (line.encode() for line in lines_of(rows))
