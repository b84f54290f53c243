"""Change a definition step by step. Pure: each takes a definition and gives a new one back.

What comes out need not be a valid journey yet, a message without words for one; `problem_of` says
what is wrong and at which step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from typing import Any

from django.utils.translation import gettext as _

from marketing.definitions.journey_plan import NAMED, TRIGGERS, step_at, walk
from marketing.definitions.journey_sends import NAMES as NAMES_OF_VARIANTS

Definition = dict[str, Any]
BLANKS: dict[str, dict[str, Any]] = {
    "send": {"send": "email", "texts": {"en": {"subject": "", "body": "{greeting}\n\n\n\n{link}"}}},
    "wait": {"wait": {"days": 1}},
    "when": {"when": {"ordered": True}, "then": [], "otherwise": []},
    "end": {"end": True},
}
NAMES = {"send": "message", "wait": "wait", "when": "branch", "end": "end"}


class EditError(ValueError):
    """Why a step cannot be changed like that; meant for the marketer."""


def add_step(
    definition: Definition, kind: str, *, after: str = "", into: str = ""
) -> tuple[Definition, str]:
    """A blank step behind the step `after`; or as the first of a way: `into` is `branch:then`,
    `branch:otherwise` or empty for the beginning. Returns the definition and the new step's id."""
    if kind not in BLANKS:
        raise EditError(_("There is no such kind of step."))
    new = deepcopy(definition)
    name = _free_name(new, NAMES[kind])
    step = {"id": name, **deepcopy(BLANKS[kind])}
    if after:
        steps, place = _find(new, after)
        steps.insert(place + 1, step)
    elif into:
        branch, _colon, way = into.partition(":")
        steps, place = _find(new, branch)
        if way not in ("then", "otherwise") or "when" not in steps[place]:
            raise EditError(_("There is no such way."))
        steps[place].setdefault(way, []).insert(0, step)
    else:
        new.setdefault("steps", []).insert(0, step)
    return new, name


def move_step(definition: Definition, name: str, by: int) -> Definition:
    """Up (−1) or down (+1) among its neighbours; over the edge of a way it steps out of the branch."""
    new = deepcopy(definition)
    steps, place = _find(new, name)
    if 0 <= place + by < len(steps):
        steps.insert(place + by, steps.pop(place))
        return new
    branch = _branch_of(new, steps)
    if branch is None:
        return new  # the first or the last of all
    outer, where = _find(new, branch)
    outer.insert(where + (1 if by > 0 else 0), steps.pop(place))
    return new


def delete_step(definition: Definition, name: str) -> Definition:
    """A branch goes with what is in it."""
    new = deepcopy(definition)
    steps, place = _find(new, name)
    del steps[place]
    return new


def set_step(definition: Definition, name: str, content: Mapping[str, Any]) -> Definition:
    """What the step says from now on; its ways stay. A new id is followed by whoever asks for it."""
    new = deepcopy(definition)
    steps, place = _find(new, name)
    kept = {way: steps[place][way] for way in ("then", "otherwise") if way in steps[place]}
    steps[place] = {**content, **(kept if "when" in content else {})}
    renamed = str(content.get("id", name))
    if renamed != name:
        for _depth, _way, step in walk(new["steps"]):
            condition = step.get("when", {})
            for word in ("opened", "clicked"):
                if isinstance(condition, dict) and condition.get(word) == name:
                    condition[word] = renamed
    return new


def add_variant(definition: Definition, name: str) -> Definition:
    """Another variant of a message, with the words of the first to begin with; all get the same share.
    Raises EditError beyond four."""
    new = deepcopy(definition)
    steps, place = _find(new, name)
    step = steps[place]
    variants = step.get("variants") or {NAMES_OF_VARIANTS[0]: {"texts": step.get("texts", {})}}
    free = [one for one in NAMES_OF_VARIANTS if one not in variants]
    if "send" not in step or not free:
        raise EditError(_("A message has four variants at most."))
    first = next(iter(variants.values()))
    variants[free[0]] = {"texts": deepcopy(first.get("texts", {}))}
    step.pop("texts", None)
    step["variants"] = _in_equal_parts(variants)
    return new


def drop_variant(definition: Definition, name: str, variant: str) -> Definition:
    """The others share what it had; the last one left is a single text. Who is under way keeps hers:
    a version that went live does not change."""
    new = deepcopy(definition)
    steps, place = _find(new, name)
    step = steps[place]
    left = {key: one for key, one in step.get("variants", {}).items() if key != variant}
    if len(left) > 1:
        step["variants"] = _in_equal_parts(left)
    elif left:
        del step["variants"]
        step["texts"] = next(iter(left.values())).get("texts", {})
    return new


def _in_equal_parts(variants: Mapping[str, Any]) -> dict[str, Any]:
    """With shares that sum to 1 exactly."""
    names = sorted(variants)
    share = round(1 / len(names), 4)
    shares = dict.fromkeys(names, share) | {names[-1]: round(1 - share * (len(names) - 1), 4)}
    return {
        name: {"share": shares[name], "texts": variants[name].get("texts", {})} for name in names
    }


def set_start(
    definition: Definition,
    trigger: Mapping[str, Any],
    exits: list[str],
    market: str | None = None,
) -> Definition:
    """market: whose rules its texts are held to; None: as before; empty: those of all markets, and
    the key goes."""
    new = deepcopy(definition) | {"trigger": dict(trigger), "exits": list(exits)}
    if market is not None:
        new.pop("market", None)
    return {"market": market, **new} if market else new


def step_of(definition: Definition, name: str) -> dict[str, Any]:
    """Raises EditError when it is not there (any more)."""
    steps, place = _find(definition, name)
    return steps[place]


def problem_of(definition: Definition, check: Callable[[Any], Any]) -> dict[str, str] | None:
    """The first thing that is wrong, with the step it lies in; None for a journey that can be saved.

    check: raises an error that knows its `place` and `problem`, or its `step`.
    """
    try:
        check(definition)
    except Exception as error:
        if not hasattr(error, "place"):
            raise
        place = str(error.place)
        step = getattr(error, "step", "") or step_at(definition, place)
        start = "start" if place.startswith(("trigger", "exits", "market")) else ""
        return {
            "step": step or start,
            "place": place,
            "text": str(getattr(error, "problem", error)),
        }
    return None


def trigger_from(
    name: str, numbers: Mapping[str, str], before: Mapping[str, Any]
) -> dict[str, Any]:
    """A trigger from a form's fields; whatever else the same trigger had stays. A number that is none
    stays as it was typed, for the check to name."""
    known = TRIGGERS.get(name, {})
    kept = {k: v for k, v in before.items() if k not in known} if before.get("on") == name else {}
    typed = {key: _number(numbers[key]) for key in known if numbers.get(key, "").strip()}
    if (key := NAMED.get(name)) and numbers.get(key, "").strip():
        typed[key] = numbers[key].strip()
    return {**kept, "on": name, **typed}


def _number(text: str) -> int | str:
    return int(text) if text.strip().isdecimal() else text.strip()


def _lists(steps: list[dict]) -> Iterator[list[dict]]:
    yield steps
    for step in steps:
        for way in ("then", "otherwise"):
            if isinstance(step.get(way), list):
                yield from _lists(step[way])


def _find(definition: Definition, name: str) -> tuple[list[dict], int]:
    for steps in _lists(definition.get("steps", [])):
        for place, step in enumerate(steps):
            if step.get("id") == name:
                return steps, place
    raise EditError(_("There is no step “%(step)s” any more.") % {"step": name})


def _branch_of(definition: Definition, steps: list[dict]) -> str | None:
    for _depth, _way, step in walk(definition.get("steps", [])):
        if any(step.get(way) is steps for way in ("then", "otherwise")):
            return str(step["id"])
    return None


def _free_name(definition: Definition, base: str) -> str:
    taken = {str(step.get("id")) for _depth, _way, step in walk(definition.get("steps", []))}
    names = [base, *(f"{base}-{number}" for number in range(2, len(taken) + 3))]
    return next(name for name in names if name not in taken)
