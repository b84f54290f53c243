"""Import a case and hold it against its promises."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

from django.db import models

from benchmarks.fuzzing.cases import CLOCK, KNOWN, REPAIRED_EVERY, Case, Fault, one_line

# Many rows of a file name these, and the last one says what they are called: a broken row that is
# still a row may be that one. What is promised is that they are there.
NAMED_BY_MANY = {"Category": ["code"], "Brand": ["code"], "Attribute": ["code"]}


def import_case(case: Case, folder: Path) -> str:
    """Import the case and hold it against its promises; raises Fault. Returns what came of it."""
    from django.db import transaction

    from shop.importers.run import Options

    path = folder / case.name
    path.write_bytes(case.content)
    reference, expected = land_intact_rows(case, folder)
    with transaction.atomic():
        options = Options(rejects=folder / "rejects.csv")
        (folder / "rejects.csv").unlink(missing_ok=True)
        report, sentence = _imported(case, path, options)
        outcome = _judge_refusal(case, sentence)
        if report is not None:
            outcome = _judge_report(case, report, folder / "rejects.csv", reference)
            if case.is_table:
                _judge_what_landed(expected)
                if case.seed % REPAIRED_EVERY == 0:
                    _judge_repair(case, report, folder, reference)
        transaction.set_rollback(True)
    return outcome


def _imported(case: Case, path: Path, options: Any, *, hours: int = 0) -> tuple[Any, str]:
    """The same clock for every import: a price without a date holds from now."""
    from shop.importers.encodings import UnusableFileError
    from shop.importers.run import import_file

    at = CLOCK + timedelta(hours=hours)
    try:
        with patch("shop.importers.run.timezone.now", return_value=at):
            return import_file(case.kind, path, format=case.format, options=options), ""
    except UnusableFileError as error:
        return None, str(error)


def land_intact_rows(case: Case, folder: Path) -> tuple[Any, Counter]:
    """The report of a plain file of the intact rows, and what it put into the database."""
    from django.db import transaction

    from shop.importers.run import Options

    intact = [row for row in case.rows if row.is_intact]
    if not case.is_table or case.refused or not intact:
        return None, Counter()
    path = folder / "intact.csv"
    lines = [
        one_line(case.header, ";"),
        *(one_line(list(row.cells.values()), ";") for row in intact),
    ]
    path.write_text("\n".join(lines), encoding="utf-8")
    with transaction.atomic():
        report, sentence = _imported(case, path, Options())
        if report is None:
            raise Fault(f"the intact rows alone are refused: {sentence}")
        landed = everything()
        transaction.set_rollback(True)
    # What stood before is not theirs: a broken row may name it too (" S1 ") and rightly change it.
    return report, landed - everything()


def _judge_refusal(case: Case, sentence: str) -> str:
    if not sentence:
        return ""
    if case.refused is False:
        raise Fault(f"refused as a whole: {sentence}")
    if "\n" in sentence or len(sentence) > 600 or not sentence.endswith("."):
        raise Fault(f"no clear sentence: {sentence!r}")
    return "refused"


def _judge_report(case: Case, report: Any, rejects: Path, reference: Any) -> str:
    if case.refused:
        raise Fault("a file that is no table was imported")
    if report.rows_read != report.new + report.changed + report.unchanged + report.rejected:
        raise Fault(f"rows do not add up: {report.as_dict()}")
    lines = [int(row["line"]) for row in _read_rejects(rejects)] if report.rejected else []
    if len(set(lines)) != report.rejected:
        raise Fault(f"{report.rejected} rejected, {len(set(lines))} lines in the rejects file")
    if not case.is_table:
        return "imported"
    if report.rows_read != len(case.rows):
        raise Fault(f"{len(case.rows)} rows in the file, {report.rows_read} read")
    unknown = set(lines) - {row.line for row in case.rows}
    intact = {row.line for row in case.rows if row.is_intact} & set(lines)
    if unknown or (intact and reference and not reference.rejected):
        raise Fault(f"lines {sorted(unknown)} are no rows; intact lines {sorted(intact)} rejected")
    return "imported with rejects" if report.rejected else "imported"


def _judge_what_landed(expected: Counter) -> None:
    lost = expected - everything()
    if lost:
        raise Fault(f"intact rows are lost: {list(lost)[:3]}")


def _judge_repair(case: Case, report: Any, folder: Path, reference: Any) -> None:
    """The rejects with every broken row put right: all accepted, and the second time unchanged."""
    from shop.importers.run import Options

    if not report.rejected or reference is None or reference.rejected:
        return
    rows = {row.line: row for row in case.rows}
    path = folder / "repaired.csv"
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*_rejects_header(folder / "rejects.csv"), *case.header])
        for line in sorted({int(said["line"]) for said in _read_rejects(folder / "rejects.csv")}):
            row = rows[line]
            writer.writerow([line, "", "", "", *(row.repaired or row.cells).values()])
    first, sentence = _imported(case, path, Options(), hours=1)
    again, _sentence = _imported(case, path, Options(), hours=2)
    if first is None or first.rejected:
        raise Fault(f"repaired rejects are refused: {sentence or first.as_dict()}")
    if again.new or again.changed or again.rejected:
        raise Fault(f"the second import of repaired rejects changes: {again.as_dict()}")


def _rejects_header(path: Path) -> list[str]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return next(csv.reader(file))[:4]


def _read_rejects(path: Path) -> list[dict[str, str]]:
    csv.field_size_limit(1_000_000)
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def everything() -> Counter:
    """Every row of the shop without ids and times of writing, to be compared as values."""
    found: Counter = Counter()
    for model, names in _tables():
        for values in model.objects.order_by().values_list(*names):
            found[model.__name__, *map(str, values)] += 1
    return found


def _tables() -> Iterator[tuple[Any, list[str]]]:
    from django.apps import apps

    for label in ("shop", "inventory", "support", "marketing"):
        for model in apps.get_app_config(label).get_models():
            plain = [f.name for f in model._meta.concrete_fields if _is_plain(f)]
            names = NAMED_BY_MANY.get(model.__name__, plain)
            if names:
                yield model, names


def _is_plain(field: Any) -> bool:
    is_clock = isinstance(field, models.DateTimeField) and (field.has_default() or field.auto_now)
    is_random = isinstance(field, models.UUIDField)
    return not (field.primary_key or field.is_relation or is_clock or is_random)


def add_what_rows_refer_to() -> None:
    """Twenty SKUs, suppliers, customers and orders, for the codes that the rows of other files name."""
    from django.utils import timezone

    from inventory.models import Supplier
    from shop.models import Channel, Customer, Order, OrderLine, Product, Variant, Warehouse
    from shop.services.stock import stock

    shelf = Warehouse.objects.create(code="MAIN", name="Main")
    Channel.objects.create(code="web", name="Web")
    for place in range(1, KNOWN + 1):
        product = Product.objects.create(code=f"P{place}", name=f"Product {place}")
        variant = Variant.objects.create(product=product, sku=f"S{place}")
        stock.receive(variant, 1_000, warehouse=shelf, key=f"fuzz:{place}")  # for batches
        Variant.objects.create(product=product, sku=f"K{place}", tracks_stock=False)
        Variant.objects.create(product=product, sku=f"woo-{place}")
        Supplier.objects.create(code=f"F{place}", name=f"Supplier {place}", lead_time_days=14)
        customer = Customer.objects.create(code=f"C{place}")
        order = Order.objects.create(
            number=f"H{place}", customer=customer, currency="GBP", items_minor=5_000,
            total_minor=5_000, placed_at=timezone.now(), is_history=True, state="delivered",
        )  # fmt: skip
        OrderLine.objects.create(
            order=order, position=1, variant=variant, units=4, unit_price_minor=1_250,
            total_minor=5_000,
        )  # fmt: skip
