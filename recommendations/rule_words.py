"""A rule as a sentence, in the reader's language."""

from __future__ import annotations

from datetime import datetime

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from access.figures import significant
from recommendations.models import PriceThan, Rule, RuleAction
from recommendations.words import placement_name
from shop.money import format_money

SKUS_NAMED = 5


def rule_sentence(rule: Rule) -> str:
    """`Home page: pin to place 1 what is SKU TEA-1, until 3 March.`"""
    parts = {
        "place": placement_name(rule.placement.code) if rule.placement else _("everywhere"),
        "action": _action(rule),
        "what": _(" and ").join(_conditions(rule)) or _("everything"),
        "when": _window(rule),
    }
    if rule.page_category:
        said = {"place": parts["place"], "name": rule.page_category}
        parts["place"] = _("%(place)s, on pages of category %(name)s") % said
    text = _("%(place)s: %(action)s %(what)s%(when)s.") % parts
    return text[:1].upper() + text[1:]


def _action(rule: Rule) -> str:
    if rule.action == RuleAction.PIN:
        return _("pin to place %(n)s") % {"n": rule.position or "?"}
    if rule.action == RuleAction.ONLY:
        return _("offer only")
    if rule.action == RuleAction.NEVER:
        return _("never offer")
    verb = _("boost") if rule.action == RuleAction.BOOST else _("bury")
    return f"{verb} × {significant(rule.factor)}" if rule.factor is not None else verb


def _conditions(rule: Rule) -> list[str]:
    found = []
    if rule.skus:
        named = ", ".join(rule.skus[:SKUS_NAMED])
        more = len(rule.skus) - SKUS_NAMED
        named += _(" and %(n)s more") % {"n": more} if more > 0 else ""
        found.append(_("SKU %(skus)s") % {"skus": named})
    if rule.category:
        found.append(_("category %(name)s") % {"name": rule.category})
    if rule.brand:
        found.append(_("brand %(name)s") % {"name": rule.brand})
    if rule.attribute and not rule.same_attribute:
        said = {"name": rule.attribute, "value": rule.attribute_value}
        found.append(_("%(name)s = %(value)s") % said)
    if price := _price(rule):
        found.append(price)
    return found + _of_page(rule)


def _of_page(rule: Rule) -> list[str]:
    found = []
    if rule.same_category:
        found.append(_("in the category of the page's product"))
    if rule.same_brand:
        found.append(_("of the brand of the page's product"))
    if rule.same_attribute and rule.attribute:
        found.append(_("with the %(name)s of the page's product") % {"name": rule.attribute})
    if rule.price_than == PriceThan.CHEAPER:
        found.append(_("cheaper than the page's product"))
    if rule.price_than == PriceThan.DEARER:
        found.append(_("dearer than the page's product"))
    return found


def _price(rule: Rule) -> str:
    lowest, highest = rule.price_from_minor, rule.price_to_minor
    money = {
        "low": "" if lowest is None else format_money(lowest),
        "high": "" if highest is None else format_money(highest),
    }
    if lowest is not None and highest is not None:
        return _("price %(low)s to %(high)s") % money
    if lowest is not None:
        return _("price from %(low)s") % money
    return "" if highest is None else _("price up to %(high)s") % money


def _window(rule: Rule) -> str:
    said = {"a": _moment(rule.starts_at), "b": _moment(rule.ends_at)}
    if rule.starts_at and rule.ends_at:
        return _(", from %(a)s until %(b)s") % said
    if rule.starts_at:
        return _(", from %(a)s on") % said
    return _(", until %(b)s") % said if rule.ends_at else ""


def _moment(at: datetime | None) -> str:
    return date_format(localtime(at), "SHORT_DATETIME_FORMAT") if at else ""
