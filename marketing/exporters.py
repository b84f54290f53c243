"""Documents with the sentences that they prove, and acquisition costs, as their importers read them."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Min, Prefetch, QuerySet

from marketing.models import AcquisitionCost, Evidence, EvidenceUse, Tier, TierMove
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


def tiers() -> QuerySet[Tier]:
    return Tier.objects.select_related("programme")


TIER_TERMS = ("figure", "window_days", "grace_days", "starts_on", "ends_on")
TIER_COLUMNS = (
    "programme", "programme_name", "programme_name_zh", *TIER_TERMS, "tier", "tier_name",
    "tier_name_zh", "enter_at", "stay_at", "offer_code",
)  # fmt: skip


def ledgers_left_out() -> list[str]:
    moves = TierMove.objects.count()
    return [f"{moves} moves between tiers: each programme's page has its ledger"] if moves else []


@exporter("tiers", tiers, TIER_COLUMNS, left_out=ledgers_left_out)
def tier_rows(page: list[Tier]) -> Iterable[Row]:
    for one in page:
        programme = one.programme
        money = programme.is_money
        yield {name: getattr(programme, name) for name in TIER_TERMS} | {
            "programme": programme.code,
            "programme_name": programme.name,
            "programme_name_zh": programme.name_zh,
            "tier": one.code,
            "tier_name": one.name,
            "tier_name_zh": one.name_zh,
            "enter_at": from_minor(one.enter_at) if money else one.enter_at,
            "stay_at": from_minor(one.stay_at) if money else one.stay_at,
            "offer_code": one.offer_code,
        }
