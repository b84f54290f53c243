"""What the fields of a journey's step hold, and the step that comes of what was typed."""

from __future__ import annotations

from math import isfinite
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext_lazy

from marketing.definitions.journey_plan import EXITS, TRIGGERS, UNITS, walk
from marketing.definitions.journey_sends import (
    GIVE,
    LANGUAGES,
    NAMES,
    PLAIN,
    USUALLY_EXPLORED,
    WITHHOLD,
    copies_in,
)
from marketing.models import Channel, Market, Segment, Tier
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
    "review_form": gettext_lazy("to the form for her review (only where a review is due)"),
    "review": gettext_lazy("to where it is reviewed, if the shop has such a page"),
}
WITHOUT_WORDS = {
    WITHHOLD: gettext_lazy("nobody gets the discount"),
    GIVE: gettext_lazy("everybody gets the discount"),
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
            "copies": [
                _copy_form(step, name, texts) for name, texts in copies_in(step) if name != PLAIN
            ],
            "may_add": len(step.get("variants", {})) < len(NAMES),
            "gate": _gate_form(step),
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
        "segment": trigger.get("segment", ""),
        "tiers": Tier.objects.select_related("programme").order_by("code")[:OFFERED],
        "tier": trigger.get("tier", ""),
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
        held = _share(data.get("held_out", "").strip())
        share = {"holdout_rate": held} if held else {}
        share |= {"coupon": code} if (code := data.get("coupon", "").strip()) else {}
        share |= {"link": to} if (to := data.get("link", "product")) != "product" else {}
        share |= {"where_it_pays": _gate(data)} if data.get("gate") else {}
        return {"id": name, "send": data.get("channel", ""), **share, **_copies(before, data)}
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


def _copies(before: dict[str, Any], data: QueryDict) -> dict[str, Any]:
    """The single text, or every variant that the step had, each with its share."""
    if "variants" not in before:
        return {"texts": _texts(data, "")}
    return {
        "variants": {
            name: {
                "share": _share(data.get(f"share-{name}", "").strip()),
                "texts": _texts(data, f"{name}-"),
            }
            for name in before["variants"]
        }
    }


def _texts(data: QueryDict, prefix: str) -> dict[str, dict[str, str]]:
    return {
        language: {"subject": data.get(f"subject-{prefix}{language}", "").strip(), "body": body}
        for language in LANGUAGES
        if (body := data.get(f"body-{prefix}{language}", "").replace("\r\n", "\n")).strip()
        or data.get(f"subject-{prefix}{language}", "").strip()
    }


def _gate(data: QueryDict) -> dict[str, Any]:
    plain = _texts(data, f"{PLAIN}-")
    return {
        "explore_rate": _share(data.get("explore", "").strip()),
        "without_model": data.get("without_model", WITHHOLD),
        **({PLAIN: plain} if plain else {}),
    }


def _copy_form(step: dict[str, Any], name: str, texts: Any) -> dict[str, Any]:
    """prefix: of the names of its fields. share: empty of a single text."""
    given = step.get("variants", {}).get(name, {})
    return {
        "name": name,
        "prefix": f"{name}-" if name else "",
        "share": _percent(given.get("share", "")) if given else "",
        "texts": [
            {"language": language, **{"subject": "", "body": "", **texts.get(language, {})}}
            for language in LANGUAGES
        ],
    }


def _gate_form(step: dict[str, Any]) -> dict[str, Any]:
    gate = step.get("where_it_pays")
    known = gate if isinstance(gate, dict) else {}
    return {
        "is_on": gate is not None,
        "explore": _percent(known.get("explore_rate", USUALLY_EXPLORED)),
        "choices": WITHOUT_WORDS.items(),
        "without_model": known.get("without_model", WITHHOLD),
        "plain": _copy_form({}, PLAIN, known.get(PLAIN, {})),
    }


def _share(percent: str) -> float | str:
    """Of a percentage as typed; what is no number stays, and the check names it."""
    try:
        share = float(percent.replace(",", ".") or 0) / 100
    except ValueError:
        return percent
    return round(share, 6) if isfinite(share) else percent


def _percent(share: Any) -> Any:
    return f"{100 * share:g}" if isinstance(share, int | float) else share
