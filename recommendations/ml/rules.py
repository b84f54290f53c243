"""What the merchant wants in one place: which rule fits which product, and what it does to a list."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

PIN, BOOST, BURY, ONLY, NEVER = "pin", "boost", "bury", "only", "never"
# What a boost or a bury without a factor of its own multiplies by.
USUAL_FACTOR = {BOOST: 2.0, BURY: 0.25}
# What a product may have in common with the page's.
SAME = ("category", "brand", "attribute")
CHEAPER, DEARER = "cheaper", "dearer"


@dataclass(frozen=True)
class Facts:
    """What rules, margin and diversity ask of a product that can be sold now.

    category_id, brand_id: 0 for none. margin_minor: price less unit cost, None where no cost is known.
    attributes: code → value, of the product and its SKU. stock_pull: −1 (about to run out) to 1 (all of
    it too much), 0 where the stock is as it should be or nobody knows.
    """

    category_id: int = 0
    brand_id: int = 0
    price_minor: int = 0
    margin_minor: int | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict)
    stock_pull: float = 0.0


@dataclass(frozen=True)
class Within:
    """What a placement's rules leave, as far as it is known before anything is asked.

    only: products outside of these fit no `only` rule; None: any may. never: these are barred.
    """

    only: frozenset[int] | None = None
    never: frozenset[int] = frozenset()


EVERYTHING = Within()


@dataclass(frozen=True)
class Rule:
    """One standing rule. Every condition that is not None must fit; none at all fits everything.

    product_ids: of its SKUs, in the merchant's order. category_ids: with all that lie below.
    position: of a pin, 1 for the first place. factor: of boost and bury. brings: products that join
    the candidates because the rule asks for them. same, price_than, page_categories: what refers to the
    product of the page; `bound` puts that product's own values in their place.
    """

    pk: int
    name: str
    action: str
    product_ids: tuple[int, ...] | None = None
    category_ids: tuple[int, ...] | None = None
    brand_id: int | None = None
    attribute: tuple[str, str] | None = None
    price_from_minor: int | None = None
    price_to_minor: int | None = None
    position: int | None = None
    factor: float | None = None
    brings: tuple[int, ...] = ()
    same: tuple[str, ...] = ()
    price_than: str = ""
    page_categories: tuple[int, ...] | None = None

    @property
    def is_of_page(self) -> bool:
        """Whether it means something on the page of a product alone."""
        return bool(self.same or self.price_than or self.page_categories is not None)

    def as_json(self) -> dict[str, Any]:
        """Only what is said; tuples become lists on their way through JSON."""
        return {name: value for name, value in asdict(self).items() if value not in (None, (), "")}

    @classmethod
    def of_json(cls, row: Mapping[str, Any]) -> Rule:
        given: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in row.items()
        }
        return cls(**given)

    def fits(self, product_id: int, facts: Facts) -> bool:
        """Whether every condition holds for this product."""
        if self.product_ids is not None and product_id not in self.product_ids:
            return False
        if self.category_ids is not None and facts.category_id not in self.category_ids:
            return False
        if self.brand_id is not None and facts.brand_id != self.brand_id:
            return False
        return self._attribute_fits(facts) and self._price_fits(facts)

    def _attribute_fits(self, facts: Facts) -> bool:
        if self.attribute is None:
            return True
        code, wanted = self.attribute
        return _as_text(facts.attributes.get(code)) == wanted.strip().casefold()

    def _price_fits(self, facts: Facts) -> bool:
        lowest, highest = self.price_from_minor, self.price_to_minor
        if lowest is not None and facts.price_minor < lowest:
            return False
        return highest is None or facts.price_minor <= highest


def _as_text(value: Any) -> str | None:
    """As the merchant writes it in a rule: `yes` for a true value, no case, no outer spaces."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value).strip().casefold()


def bound(rule: Rule, pages: Sequence[Facts]) -> list[Rule]:
    """A rule about the page as plain rules: one for each category, brand and value that the page's or
    the cart's products have, none where they have none of it.

    Cheaper is cheaper than the cheapest of them, dearer is dearer than the dearest.
    """
    if rule.page_categories is not None:
        pages = [page for page in pages if page.category_id in rule.page_categories]
    plain = replace(rule, same=(), price_than="", page_categories=None)
    prices = [page.price_minor for page in pages if page.price_minor > 0]
    if rule.price_than and not prices:
        return []
    if rule.price_than == CHEAPER:
        limits = (min(prices) - 1, rule.price_to_minor)
        plain = replace(plain, price_to_minor=min(one for one in limits if one is not None))
    if rule.price_than == DEARER:
        limits = (max(prices) + 1, rule.price_from_minor)
        plain = replace(plain, price_from_minor=max(one for one in limits if one is not None))
    found = (_alike(plain, rule.same, page) for page in pages)
    return list(dict.fromkeys(one for one in found if one is not None))


def _alike(plain: Rule, same: Iterable[str], page: Facts) -> Rule | None:
    """With this page's values as conditions; None where one is unknown or contradicts the rule's own."""
    if "category" in same:
        mine = (page.category_id,)
        if not page.category_id or not set(mine) <= set(plain.category_ids or mine):
            return None
        plain = replace(plain, category_ids=mine)
    if "brand" in same:
        if not page.brand_id or plain.brand_id not in (None, page.brand_id):
            return None
        plain = replace(plain, brand_id=page.brand_id)
    if "attribute" in same and plain.attribute:
        value = _as_text(page.attributes.get(plain.attribute[0]))
        if not value:
            return None
        plain = replace(plain, attribute=(plain.attribute[0], value))
    return plain


def is_allowed(product_id: int, facts: Facts, rules: Iterable[Rule]) -> bool:
    """Never beats all; where there are `only` rules, one of them must fit."""
    wanted: list[bool] = []
    for rule in rules:
        if rule.action == NEVER and rule.fits(product_id, facts):
            return False
        if rule.action == ONLY:
            wanted.append(rule.fits(product_id, facts))
    return not wanted or any(wanted)


def factor_of(
    product_id: int, facts: Facts, rules: Iterable[Rule]
) -> tuple[float, tuple[int, ...]]:
    """What the value is multiplied by, and the keys of the rules that say so."""
    total, said = 1.0, []
    for rule in rules:
        if rule.action in USUAL_FACTOR and rule.fits(product_id, facts):
            total *= USUAL_FACTOR[rule.action] if rule.factor is None else rule.factor
            said.append(rule.pk)
    return total, tuple(said)


def pins(
    order: Sequence[int], facts: Mapping[int, Facts], rules: Iterable[Rule], limit: int
) -> dict[int, tuple[int, int]]:
    """Place (from 0) → (product, rule): each pin takes the first product that fits and is free.

    Where a pin names SKUs, their order counts, else the list's. Of two pins for one place the rule
    that was made first has it.
    """
    taken: dict[int, tuple[int, int]] = {}
    used: set[int] = set()
    for rule in rules:
        place = (rule.position or 1) - 1
        if rule.action != PIN or place in taken or place >= limit:
            continue
        offered = order if rule.product_ids is None else rule.product_ids
        for product_id in offered:
            known = facts.get(product_id)
            if known is not None and product_id not in used and rule.fits(product_id, known):
                taken[place] = (product_id, rule.pk)
                used.add(product_id)
                break
    return taken
