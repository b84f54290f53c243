"""Documents with the sentences that they prove, and acquisition costs, as their importers read them."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Min, Prefetch, QuerySet

from marketing.models import AcquisitionCost, Evidence, EvidenceUse
from shop.exporters.registry import Row, exporter
from shop.money import from_minor

SAID = ("title", "url", "excerpt", "valid_from", "valid_until", "state", "keeps_uses")
COLUMNS = (
    "code", "revision", *SAID, "file", "added_at", "decided_at", "sentence", "kind", "language",
    "sku", "attached_at",
)  # fmt: skip


def evidence() -> QuerySet[Evidence]:
    sku = Min("product__variants__sku")
    return Evidence.objects.prefetch_related(
        Prefetch("uses", EvidenceUse.objects.annotate(sku=sku).order_by("pk"))
    )


def left_out() -> list[str]:
    lost = EvidenceUse.objects.filter(product__isnull=False, product__variants=None).count()
    files = Evidence.objects.exclude(file="").count()
    return [
        *([f"{lost} sentences about products that have no SKU"] if lost else []),
        *([f"{files} files below VAR_DIR/evidence: copy the folder"] if files else []),
    ]


@exporter("evidence", evidence, COLUMNS, left_out=left_out)
def evidence_rows(page: list[Evidence]) -> Iterable[Row]:
    """First the document's own row, then one per sentence."""
    for one in page:
        key: Row = {"code": one.code, "revision": one.revision}
        yield (
            key
            | {name: getattr(one, name) for name in SAID}
            | {
                "file": one.file.name if one.file else None,
                "added_at": one.created_at,
                "decided_at": one.decided_at,
            }
        )
        for use in one.uses.all():
            if use.product_id is None or use.sku is not None:
                named = ("sentence", "kind", "language", "sku", "attached_at")
                yield key | {name: getattr(use, name) for name in named}


def acquisition_costs() -> QuerySet[AcquisitionCost]:
    return AcquisitionCost.objects.select_related("channel")


@exporter("acquisition_costs", acquisition_costs, ("month", "channel", "amount", "source"))
def acquisition_cost_rows(page: list[AcquisitionCost]) -> Iterable[Row]:
    for one in page:
        yield {
            "month": one.month,
            "channel": one.channel.code if one.channel else None,
            "amount": from_minor(one.amount_minor),
            "source": one.source,
        }
