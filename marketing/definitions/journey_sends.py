"""What a message of a journey says to whom: its texts, its variants, and whom its discount is for.

    {"id": "offer", "send": "email", "coupon": "CART20", "holdout_rate": 0.1,
     "variants": {"A": {"share": 0.5, "texts": {"en": …}}, "B": {"share": 0.5, "texts": {"en": …}}},
     "where_it_pays": {"explore_rate": 0.1, "plain": {"en": …}, "without_model": "withhold"}}

Pure, as journey_plan.py, which reads the rest of a definition.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext as _

from marketing.definitions.plan_reading import PlanError, mapping, share

CHANNELS = ("email", "sms", "push")
LANGUAGES = ("en", "zh")
LINKS = ("product", "review", "review_form")  # where {link} of a message leads
NAMES = ("A", "B", "C", "D")  # of variants, as of a campaign's
LEAST_SHARE = 0.05  # of a variant, as of a campaign's
PLAIN = "plain"  # the copy without the discount
LEAST_EXPLORED, MOST_EXPLORED, USUALLY_EXPLORED = 0.01, 0.5, 0.1
WITHHOLD, GIVE = "withhold", "give"
KNOWN = {"id", "send", "texts", "variants", "holdout_rate", "coupon", "link", "where_it_pays"}
Texts = Mapping[str, Mapping[str, str]]


def read_send(step: dict, place: str) -> dict[str, Any]:
    """channel, link, holdout_rate, perhaps coupon; shares: variant → share, empty where there is a
    single text; copies: name → texts, of a single text under the empty name; gate: whom the
    discount is for, None: everybody. Raises PlanError."""
    mapping(step, place, KNOWN)
    if step["send"] not in CHANNELS:
        raise PlanError(f"{place}.send", _("Channels are email, sms and push."))
    shares, copies = _copies(step, step["send"], place)
    held = share(step.get("holdout_rate", 0.0), f"{place}.holdout_rate")
    if step.get("link", "product") not in LINKS:
        raise PlanError(f"{place}.link", _("One of: %(names)s.") % {"names": ", ".join(LINKS)})
    data = {"channel": step["send"], "holdout_rate": held, "link": step.get("link", "product")}
    if "coupon" in step:
        data["coupon"] = _offer_code(step["coupon"], f"{place}.coupon")
        if not held:
            message = _("A message with a coupon holds a share out: nothing else measures it.")
            raise PlanError(f"{place}.holdout_rate", message)
    gate = _gate(step, place) if "where_it_pays" in step else None
    if gate and gate["plain"]:
        copies[PLAIN] = gate["plain"]
    return data | {"shares": shares, "copies": copies, "gate": gate}


def copies_in(step: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """(name, texts) of every copy of a step as it is written, a draft's too: the single text under
    the empty name, variants under theirs, the copy without the discount as `plain`."""
    variants, gate = step.get("variants"), step.get("where_it_pays")
    if isinstance(variants, dict):
        for name, one in variants.items():
            yield str(name), one.get("texts", {}) if isinstance(one, dict) else {}
    else:
        yield "", step.get("texts", {})
    if isinstance(gate, dict) and PLAIN in gate:
        yield PLAIN, gate[PLAIN]


def unasked_copy(data: Mapping[str, Any]) -> tuple[str, Texts]:
    """Name and texts for somebody of whom nothing is known, a guest: without a discount, else the
    first."""
    copies: Mapping[str, Texts] = data["copies"]
    name = PLAIN if PLAIN in copies else next(iter(copies))
    return name, copies[name]


def _copies(step: dict, channel: str, place: str) -> tuple[dict[str, float], dict[str, Texts]]:
    if ("texts" in step) == ("variants" in step):
        if "texts" not in step:
            raise PlanError(place, _("“%(name)s” is missing.") % {"name": "texts"})
        raise PlanError(f"{place}.variants", _("Either “texts” or “variants”."))
    if "texts" in step:
        return {}, {"": _texts(step["texts"], channel, f"{place}.texts")}
    where = f"{place}.variants"
    found = mapping(step["variants"], where, {*NAMES})
    if len(found) < 2:
        raise PlanError(where, _("Two to four variants, A to D."))
    shares: dict[str, float] = {}
    copies: dict[str, Texts] = {}
    for name in sorted(found):
        one, there = found[name], f"{where}.{name}"
        mapping(one, there, {"share", "texts"}, needs=("share", "texts"))
        shares[name] = share(one["share"], f"{there}.share", LEAST_SHARE, 1.0)
        copies[name] = _texts(one["texts"], channel, f"{there}.texts")
    if abs(math.fsum(shares.values()) - 1) > 1e-6:
        raise PlanError(where, _("The shares of the variants must add up to 100 %."))
    _refuse_gaps(copies, where)
    return shares, copies


def _refuse_gaps(copies: Mapping[str, Texts], place: str) -> None:
    """A reader of a language that one variant lacks would get another text than the draw says."""
    wanted = set().union(*copies.values())
    for name, texts in copies.items():
        for missing in sorted(wanted - set(texts)):
            said = _("Variant %(arm)s has no text in “%(language)s”, which another variant has.")
            values = {"arm": name, "language": missing}
            raise PlanError(f"{place}.{name}.texts", said % values)


def _gate(step: dict, place: str) -> dict[str, Any]:
    where = f"{place}.where_it_pays"
    found = mapping(step["where_it_pays"], where, {"explore_rate", PLAIN, "without_model"})
    if "coupon" not in step:
        raise PlanError(where, _("There is no discount in it: name a coupon."))
    explored = found.get("explore_rate", USUALLY_EXPLORED)
    rate = share(explored, f"{where}.explore_rate", LEAST_EXPLORED, MOST_EXPLORED)
    without = found.get("without_model", WITHHOLD)
    if without not in (WITHHOLD, GIVE):
        raise PlanError(f"{where}.without_model", _("“withhold” or “give”."))
    plain = _texts(found[PLAIN], step["send"], f"{where}.{PLAIN}") if PLAIN in found else None
    return {"explore_rate": rate, "without_model": without, PLAIN: plain}


def _offer_code(found: Any, place: str) -> str:
    if not isinstance(found, str) or not re.fullmatch(r"[^\s/]{1,40}", found):
        raise PlanError(place, _("The code of a coupon offer, without spaces."))
    return found


def _texts(found: Any, channel: str, place: str) -> dict[str, dict[str, str]]:
    mapping(found, place, set(LANGUAGES))
    if not found:
        raise PlanError(place, _("A text in one language at least is needed."))
    for language, text in found.items():
        where = f"{place}.{language}"
        mapping(text, where, {"subject", "body"}, needs=("body",))
        for part, limit in (("subject", 200), ("body", 5000)):
            words = text.get(part, "")
            if not isinstance(words, str) or len(words) > limit:
                raise PlanError(
                    f"{where}.{part}", _("A text of at most %(n)s characters.") % {"n": limit}
                )
        if not text["body"].strip() or (channel != "sms" and not text.get("subject", "").strip()):
            raise PlanError(where, _("A subject and a text are needed."))
    return {language: {"subject": "", **text} for language, text in found.items()}
