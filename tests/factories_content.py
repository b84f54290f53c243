"""Briefs, documents and people who may use them."""

from __future__ import annotations

from datetime import date, timedelta

from django.utils import timezone

from decisions.services import jobs
from marketing.models import Brief, Evidence, EvidenceState, EvidenceUse, WordingRuling
from marketing.services.content import briefs
from marketing.texts.wordings import one_sentence
from shop.models import Attribute, Variant
from tests.factories import make_stock, make_variant


def make_kettle(**attributes) -> Variant:
    """KET-1 at £40.00, of copper, 1.7 litres."""
    variant = make_variant("KET-1", name="Copper Kettle", price_minor=4000)
    make_stock(variant, 1000)
    Attribute.objects.get_or_create(
        code="material", defaults={"name": "Material", "name_zh": "材质"}
    )
    Attribute.objects.get_or_create(
        code="capacity", defaults={"name": "Capacity", "name_zh": "容量", "unit": "l"}
    )
    product = variant.product
    product.name_zh = "铜壶"
    product.attributes = {"material": "copper", "capacity": 1.7} | attributes
    product.save()
    return Variant.objects.select_related("product").get(pk=variant.pk)


def make_brief(*, key: str | None = None, variant: Variant | None = None, **fields) -> Brief:
    """Its job is queued, not run."""
    wish = briefs.Wish(
        {"channel": "email", "goal": "announce", "language": "en"} | fields,
        [variant or make_kettle()],
        key=key,
    )
    return briefs.create_brief(wish)


def write(brief: Brief) -> Brief:
    """Run the job of its newest round."""
    assert brief.job is not None
    jobs.run_job(brief.job.pk)
    return Brief.objects.select_related("job", "segment", "campaign").get(pk=brief.pk)


def make_evidence(days: int | None = 30, **fields) -> Evidence:
    today = timezone.localdate()
    options = {
        "title": "Test report 7",
        "url": "https://lab.example/7",
        "excerpt": "The spout is solid brass.",
        "valid_from": today - timedelta(days=10),
        "valid_until": None if days is None else today + timedelta(days=days),
        "state": EvidenceState.APPROVED,
    }
    return Evidence.objects.create(**(options | fields))


def make_use(sentence: str, evidence: Evidence | None = None, **fields) -> EvidenceUse:
    options = {"kind": "specification", "language": "en"}
    return EvidenceUse.objects.create(
        evidence=evidence or make_evidence(), sentence=sentence, **(options | fields)
    )


def make_ruling(sentence: str, **fields) -> WordingRuling:
    said, words = one_sentence(sentence)
    options = {"language": "en", "reason": "It states nothing.", "state": "approved"}
    return WordingRuling.objects.create(sentence=said, words=words, **(options | fields))


def yesterday() -> date:
    return timezone.localdate() - timedelta(days=1)
