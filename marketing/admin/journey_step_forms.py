"""What the fields of a journey's step hold, and the step that comes of what was typed."""

from __future__ import annotations

from math import isfinite
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext_lazy

from marketing.definitions.journey_plan import EXITS, LANGUAGES, NAMED, TRIGGERS, UNITS, walk
from marketing.models import Channel, Market, Segment
from marketing.pages.journeys import EXIT_WORDS, trigger_choices
from shop.models import CouponOffer, OfferState

OFFERED = 200  # segments and coupon offers to choose from
CONDITION_WORDS = {
    "ordered": gettext_lazy("she has ordered"),
    "not_ordered": gettext_lazy("she has not ordered"),
    "opened": gettext_lazy("she opened a message"),
    "clicked": gettext_lazy("she followed the link in a message"),
    "in_segment": gettext_lazy("she is in a segment"),
}
LINK_WORDS = {
    "product": gettext_lazy("to the product"),
    "review": gettext_lazy("to where it is reviewed, if the shop has such a page"),
}
NUMBER_WORDS = {
    "minutes": gettext_lazy("minutes"),
    "hours": gettext_lazy("hours"),
    "days": gettext_lazy("days"),
    "views": gettext_lazy("views"),
    "percent": gettext_lazy("percent"),
}


def step_form(definition: dict[str, Any], step: dict[str, Any]) -> dict[str, Any]:
    """What the fields of a step hold."""
    form: dict[str, Any] = {"id": step["id"]}
    if "send" in step:
        form |= {
            "channels": Channel.choices,
            "channel": step["send"],
            "held_out": _percent(step.get("holdout_rate", 0)),
            "coupon": step.get("coupon", ""),
            "links": LINK_WORDS.items(),
            "link": step.get("link", "product"),
            "offers": CouponOffer.objects.filter(state=OfferState.LIVE)[:OFFERED],
            "texts": [
                {
                    "language": language,
                    **{"subject": "", "body": "", **step["texts"].get(language, {})},
                }
                for language in LANGUAGES
            ],
        }
    elif "wait" in step:
        form["numbers"] = [
            {"name": unit, "label": NUMBER_WORDS[unit], "value": step["wait"].get(unit, "")}
            for unit in reversed(UNITS)
        ]
    elif "when" in step:
        [(word, value)] = step["when"].items()
        form |= {
            "words": CONDITION_WORDS.items(),
            "word": "not_ordered" if word == "ordered" and value is False else word,
            "value": value,
            "messages": [
                one["id"] for _d, _w, one in walk(definition.get("steps", [])) if "send" in one
            ],
            "segments": Segment.objects.order_by("code")[:OFFERED],
        }
    return form


def start_form(definition: dict[str, Any]) -> dict[str, Any]:
    trigger = definition.get("trigger", {})
    return {
        "names": trigger_choices(),
        "on": trigger.get("on", ""),
        "segments": Segment.objects.order_by("code")[:OFFERED],
        "segment": trigger.get(NAMED["segment_entered"], ""),
        "market": definition.get("market", ""),
        "markets": Market.choices,
        "numbers": [
            {
                "name": key, "label": NUMBER_WORDS.get(key, key), "least": least, "most": most,
                "value": trigger.get(key, default),
            }
            for key, (least, most, default) in TRIGGERS.get(trigger.get("on", ""), {}).items()
        ],
        "exits": [
            {"name": name, "label": EXIT_WORDS[name], "is_on": name in definition.get("exits", [])}
            for name in EXITS
        ],
    }  # fmt: skip


def content_from(before: dict[str, Any], data: QueryDict) -> dict[str, Any]:
    """A step from its form. What is no number stays as typed: the check names it."""
    name = data.get("id", "").strip() or before["id"]
    if "send" in before:
        texts = {
            language: {"subject": data.get(f"subject-{language}", "").strip(), "body": body}
            for language in LANGUAGES
            if (body := data.get(f"body-{language}", "").replace("\r\n", "\n")).strip()
            or data.get(f"subject-{language}", "").strip()
        }
        held = _share(data.get("held_out", "").strip())
        share = {"holdout_rate": held} if held else {}
        share |= {"coupon": code} if (code := data.get("coupon", "").strip()) else {}
        share |= {"link": to} if (to := data.get("link", "product")) != "product" else {}
        return {"id": name, "send": data.get("channel", ""), **share, "texts": texts}
    if "wait" in before:
        typed = {unit: data.get(unit, "").strip() for unit in UNITS}
        return {
            "id": name,
            "wait": {
                unit: int(text) if text.isdecimal() else text
                for unit, text in typed.items()
                if text
            },
        }
    if "end" in before:
        return {"id": name, "end": True}
    word = data.get("word", "")
    value: Any = {"ordered": True, "not_ordered": False, "in_segment": data.get("segment", "")}.get(
        word, data.get("message", "")
    )
    return {"id": name, "when": {"ordered" if word == "not_ordered" else word: value}}


def _share(percent: str) -> float | str:
    """Of a percentage as typed; what is no number stays, and the check names it."""
    try:
        share = float(percent.replace(",", ".") or 0) / 100
    except ValueError:
        return percent
    return round(share, 6) if isfinite(share) else percent


def _percent(share: Any) -> Any:
    return f"{100 * share:g}" if isinstance(share, int | float) else share
