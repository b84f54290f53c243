"""The rule of a segment as text: parsed with precise errors, and written back.

    stage is at_risk and (monetary_minor >= 20000 or bought_category is tea)
    did view at least 3 times within 30 days and did not purchase within 30 days
    did view category tea at least 3 times within 30 days and bought_sku is not TEA-1 within 90 days

`and` binds closer than `or`; `not` and parentheses as usual. Values with other signs than letters,
digits, `_`, `-` and `.` stand in double quotes. docs/marketing.md describes the language.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from marketing.definitions.rule_check import ABOUT_PRODUCTS, THINGS
from marketing.definitions.rules import FIELDS, Field, RuleError, check_rule
from shop.models.events import EventKind

MAX_LENGTH = 4000
TOKEN = re.compile(r'\s+|(?P<quoted>"[^"]*")|(?P<sign>>=|<=|=|>|<|\(|\))|(?P<word>[\w.\-]+)')
COMPARISONS = {
    ">=": "at_least", "<=": "at_most", "=": "is", ">": "more_than", "<": "less_than",
}  # fmt: skip
SIGNS = {
    "at_least": ">=", "at_most": "<=", "is": "is", "is_not": "is not", "more_than": ">",
    "less_than": "<",
}  # fmt: skip
RESERVED = frozenset({"and", "or", "not", "did", "attribute"})
DECIMAL = r"-?\d{1,12}(\.\d{1,9})?"
BARE = re.compile(r"[\w.\-]+")


class RuleSyntaxError(RuleError):
    """position: 0-based place in the text; expected: what could stand there."""

    def __init__(self, position: int, found: str, expected: str) -> None:
        self.position, self.found, self.expected = position, found, expected
        super().__init__(
            _("At character %(place)s: expected %(expected)s, found %(found)s.")
            % {
                "place": position + 1,
                "expected": expected,
                "found": f"“{found}”" if found else _("the end"),
            }
        )


@dataclass(frozen=True)
class Token:
    kind: str
    text: str
    position: int


def parse(text: str) -> dict:
    """The rule as JSON. Raises RuleSyntaxError, or RuleError for a value that its field refuses."""
    if len(text) > MAX_LENGTH:
        raise RuleError(_("A rule has at most %(most)s characters.") % {"most": MAX_LENGTH})
    if not text.strip():
        return {}
    parser = _Parser(_tokens(text), len(text))
    rule = parser.alternatives()
    if parser.token.kind != "end":
        raise parser.wrong(_("“and”, “or” or the end"))
    rule = rule if set(rule) & {"all", "any", "none"} else {"all": [rule]}
    check_rule(rule)
    return rule


def to_text(rule: dict) -> str:
    """The same rule as text; parse(to_text(rule)) finds the same customers."""
    if not rule:
        return ""
    if "field" in rule:
        within = f" within {rule['days']} days" if "days" in rule else ""
        return f"{rule['field']} {SIGNS[rule['op']]} {_value(rule['value'])}{within}"
    if "did" in rule:
        return _did_text(rule)
    if "attribute" in rule:
        value = rule["value"]
        text = f'"{value}"' if isinstance(value, str) else _value(value)
        return f"attribute {rule['attribute']} {SIGNS[rule['op']]} {text}"
    group, parts = next(iter(rule.items()))
    texts = [to_text(part) for part in parts]
    if group == "none":
        return f"not ({' or '.join(texts)})"
    inner = [
        f"({text})" if len(part.get("any", ())) > 1 or (group == "any" and "all" in part) else text
        for text, part in zip(texts, parts, strict=True)
    ]
    return (" and " if group == "all" else " or ").join(inner)


def _did_text(rule: dict) -> str:
    within = f"within {rule['days']} days"
    named = (f"{kind} {_value(rule[kind])}" for kind in THINGS if kind in rule)
    event = " ".join([rule["did"], *named])
    if (rule["op"], rule["times"]) == ("at_most", 0):
        return f"did not {event} {within}"
    if (rule["op"], rule["times"]) == ("at_least", 1):
        return f"did {event} {within}"
    how = "exactly" if rule["op"] == "is" else rule["op"].replace("_", " ")
    return f"did {event} {how} {rule['times']} times {within}"


def _value(value: Any) -> str:
    text = f"{value:.9f}".rstrip("0") + "0" if isinstance(value, float) else str(value)
    return text if BARE.fullmatch(text) and text.lower() not in RESERVED else f'"{text}"'


def _tokens(text: str) -> list[Token]:
    found, position = [], 0
    while position < len(text):
        match = TOKEN.match(text, position)
        if match is None:
            raise RuleSyntaxError(position, text[position], _("a word, a number or a sign"))
        if match.lastgroup:
            found.append(Token(match.lastgroup, match.group(), position))
        position = match.end()
    return found


class _Parser:
    """Recursive descent; the depth is bounded by the rule's own limit."""

    def __init__(self, tokens: list[Token], length: int) -> None:
        self._tokens = [*tokens, Token("end", "", length)]
        self._place = self._depth = 0

    @property
    def token(self) -> Token:
        return self._tokens[self._place]

    def wrong(self, expected: str) -> RuleSyntaxError:
        return RuleSyntaxError(self.token.position, self.token.text, expected)

    def alternatives(self) -> dict:
        return self._joined("or", "any", self._together)

    def _together(self) -> dict:
        return self._joined("and", "all", self._single)

    def _joined(self, word: str, group: str, part: Any) -> dict:
        parts = [part()]
        while self._take(word):
            parts.append(part())
        return parts[0] if len(parts) == 1 else {group: parts}

    def _single(self) -> dict:
        if self._take("not"):
            self._deeper()
            inner = self._single()
            self._depth -= 1
            return {"none": inner.get("any", [inner])}
        if self._take("("):
            self._deeper()
            inner = self.alternatives()
            self._need(")", _("“)”"))
            self._depth -= 1
            return inner
        if self._take("attribute"):
            return self._attribute()
        return self._did() if self._take("did") else self._comparison()

    def _attribute(self) -> dict:
        """A number is compared as one; words, and numbers in quotes, as they are written."""
        name, op = self._word(), self._operator()
        is_number = self.token.kind == "word" and re.fullmatch(DECIMAL, self.token.text, re.ASCII)
        return {
            "attribute": name,
            "op": op,
            "value": self._decimal() if is_number else self._word(),
        }

    def _deeper(self) -> None:
        self._depth += 1
        if self._depth > 20:
            raise self.wrong(_("fewer parentheses"))

    def _comparison(self) -> dict:
        if self.token.text not in FIELDS:
            raise self.wrong(_("a field, “did”, “not” or “(”"))
        name, op = self._next(), self._operator()
        field = FIELDS[name]
        said = {"field": name, "op": op, "value": self._read_value(field)}
        if field.is_windowed and self._is("within"):
            said["days"] = self._within()
        return said

    def _operator(self) -> str:
        if self._take("is"):
            return "is_not" if self._take("not") else "is"
        if self.token.text in COMPARISONS:
            return COMPARISONS[self._next()]
        raise self.wrong(_("“is”, “is not”, “>=”, “<=”, “>”, “<” or “=”"))

    def _read_value(self, field: Field) -> int | float | str:
        if field.is_fraction:
            return self._decimal()
        return self._number(signed=True) if field.is_number else self._word()

    def _word(self) -> str:
        if self.token.kind == "quoted":
            return self._next()[1:-1]
        if self.token.kind != "word" or self.token.text.lower() in RESERVED:
            raise self.wrong(_("a value"))
        return self._next()

    def _did(self) -> dict:
        negated = self._take("not")
        if self.token.text not in EventKind.values:
            raise self.wrong(_("an event: %(names)s") % {"names": ", ".join(EventKind.values)})
        kind, op, times = self._next(), "at_least", 1
        named = self._things() if kind in ABOUT_PRODUCTS else {}
        if not negated and not self._is("within"):
            op, times = self._times()
        return {
            "did": kind,
            **named,
            "op": "at_most" if negated else op,
            "times": 0 if negated else times,
            "days": self._within(),
        }

    def _things(self) -> dict[str, str]:
        """`sku TEA-1`, `category tea`, `brand leaf`: any of them, each once."""
        named: dict[str, str] = {}
        while kind := next((one for one in THINGS if one not in named and self._take(one)), ""):
            named[kind] = self._word()
        return named

    def _within(self) -> int:
        self._need("within", _("“within”"))
        days = self._number()
        if not (self._take("days") or self._take("day")):
            raise self.wrong(_("“days”"))
        return days

    def _times(self) -> tuple[str, int]:
        if self._take("exactly"):
            op = "is"
        elif self._take("at"):
            if not (self._is("least") or self._is("most")):
                raise self.wrong(_("“least” or “most”"))
            op = f"at_{self._next().lower()}"
        else:
            raise self.wrong(_("“at least”, “at most”, “exactly” or “within”"))
        times = self._number()
        if not (self._take("times") or self._take("time")):
            raise self.wrong(_("“times”"))
        return op, times

    def _number(self, signed: bool = False) -> int:
        if not re.fullmatch(r"-?\d{1,15}" if signed else r"\d{1,15}", self.token.text, re.ASCII):
            raise self.wrong(_("a whole number"))
        return int(self._next())

    def _decimal(self) -> int | float:
        if not re.fullmatch(DECIMAL, self.token.text, re.ASCII):
            raise self.wrong(_("a number like 0.3 or 100"))
        text = self._next()
        return float(text) if "." in text else int(text)

    def _is(self, word: str) -> bool:
        return self.token.kind != "quoted" and self.token.text.lower() == word

    def _take(self, word: str) -> bool:
        if self._is(word):
            self._place += 1
            return True
        return False

    def _need(self, word: str, expected: str) -> None:
        if not self._take(word):
            raise self.wrong(expected)

    def _next(self) -> str:
        text = self.token.text
        self._place += 1
        return text
