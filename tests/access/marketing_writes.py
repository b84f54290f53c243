"""Journeys, documents and frozen lists that writes of the API are tried on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from marketing.definitions.journey_library import READY_MADE
from marketing.models import Audience, Campaign, Journey
from marketing.services.audiences import frozen
from marketing.services.campaigns import campaigns, copy_arms
from marketing.services.journeys import journeys
from tests.access.writes import NUMBERS, Write
from tests.factories import make_customer, make_variant
from tests.factories_content import make_evidence, make_ruling
from tests.factories_marketing import Quiet, make_campaign, make_reachable, make_segment
from tests.marketing.test_variants import add_text


def journey() -> Journey:
    made = Journey.objects.create(code=f"j-{next(NUMBERS)}", name="A journey")
    journeys.save_version(made, READY_MADE[0].definition)
    return made


def live_journey() -> Journey:
    made = journey()
    return journeys.go_live(made, made.versions.get())


def journey_version() -> Write:
    definition = READY_MADE[1].definition
    other = {"definition": definition | {"exits": []}}
    return Write({"code": journey().code}, {"definition": definition}, other)


def kept_list() -> Audience:
    number = next(NUMBERS)
    make_customer(f"L-{number}")
    made = frozen.ask_frozen(frozen.Freeze(f"List {number}", {}), key=f"list-{number}")
    frozen.write_members(Quiet(), made.pk)
    return Audience.objects.get(pk=made.pk)


def frozen_list() -> Write:
    body = {"name": "Tea", "segments": [make_segment(code=f"s-{next(NUMBERS)}").code]}
    return Write({}, body, body | {"name": "Coffee"})


def own_segment() -> str:
    return make_segment(code=f"s-{next(NUMBERS)}").code


def new_segment() -> Write:
    body = {"code": f"s-{next(NUMBERS)}", "name": "Tea", "text": "bought_category is tea"}
    return Write({}, body, body | {"name": "Coffee"})


def segments_asked(most: int) -> Write:
    codes = [make_segment(code=f"s-{next(NUMBERS)}").code for _n in range(most)]
    return Write({}, {"segments": codes}, {"segments": ["everybody"]})


def segment_writes(merchant: str) -> dict[str, Callable[[], Write]]:
    """And what customers said of themselves, which segments ask."""
    said = {"name": "shoe-size", "kind": "number", "purpose": "analytics", "source": "quiz"}
    return {
        f"POST {merchant}segments/": new_segment,
        f"PATCH {merchant}segments/{{code}}/": lambda: Write(
            {"code": own_segment()}, {"text": "frequency > 2"}, {"name": "B"}
        ),
        f"DELETE {merchant}segments/{{code}}/": lambda: Write({"code": own_segment()}),
        f"POST {merchant}segment-counts/": lambda: Write(
            {}, {"text": "frequency > 2"}, {"text": ""}
        ),
        f"POST {merchant}segment-figures/": lambda: segments_asked(1),
        f"POST {merchant}segment-comparisons/": lambda: segments_asked(2),
        f"POST {merchant}customers/{{code}}/attributes/": lambda: Write(
            {"code": make_customer(f"CA-{next(NUMBERS)}").code},
            *({**said, "value": value} for value in ("42", "43")),
        ),
    }


def list_campaign() -> Write:
    body = {"name": "Spring", "goal": "announce"}
    return Write({"id": kept_list().pk}, body, body | {"goal": "thank"})


def document() -> dict[str, Any]:
    said = {"title": "Report", "excerpt": "Brass.", "valid_from": "2026-01-01"}
    return said | {"code": f"W-{next(NUMBERS)}", "url": "https://lab.example/7"}


def revision() -> Write:
    body = document()
    body.pop("code")
    return Write({"id": make_evidence().pk}, body, body | {"title": "Another"})


def use() -> Write:
    body = {"sentence": "The spout is brass", "kind": "specification", "language": "en"}
    return Write({"id": make_evidence().pk}, body, body | {"language": "zh"})


def ruling() -> Write:
    body = {"sentence": _wording(), "language": "en", "reason": "It states nothing."}
    return Write({}, body, body | {"language": "zh"})


def ruling_decision() -> Write:
    made = make_ruling(_wording(), state="pending")
    return Write({"id": made.pk}, {"to": "approved"}, {"to": "withdrawn"})


def _wording() -> str:
    """Each another one, and no figure in it."""
    letters = str.maketrans("0123456789", "aeioulmnrs")
    return f"It sings la {str(next(NUMBERS)).translate(letters)}"


def _draft_campaign() -> Campaign:
    number = next(NUMBERS)
    make_reachable(3, prefix=f"V{number}")
    variant = make_variant(f"V-{number}", name="Copper Kettle")
    return make_campaign(variant=variant, segment=make_segment(code=f"vseg-{number}"))


def campaign_variants() -> Write:
    shares = [{"name": "A", "share": 0.5}, {"name": "B", "share": 0.5}]
    body = {"variants": shares}
    return Write({"id": _draft_campaign().pk}, body, body | {"allocation": "thompson"})


def variant_stop() -> Write:
    campaign = _draft_campaign()
    copy_arms.set_arms(campaign, copy_arms.Wish({"A": 0.5, "B": 0.5}))
    add_text(campaign, "B")
    campaigns.propose_campaign(campaign)
    Campaign.objects.filter(pk=campaign.pk).update(state="paused")
    body = {"variant": "B", "to": "stopped"}
    return Write({"id": campaign.pk}, body, body | {"variant": "A"})
