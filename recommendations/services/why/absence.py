"""Why is this SKU not in the list? Of all that can keep a product away, the first that did."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from recommendations.ml.policy import Settings
from recommendations.ml.rules import BURY, NEVER, ONLY, Rule
from recommendations.services import ranking
from recommendations.services.asking import Ask
from recommendations.services.gates import Offer, offers, price_kind_of, why_not
from recommendations.services.serving import Decided
from shop.models import Variant
from shop.models.catalogue import in_reader_language

DEEPEST = 20_000  # candidates looked through for its place


@dataclass(frozen=True)
class Absence:
    """text: the whole answer in the reader's language. place: where it stands in the answer, if it does.
    rules: those that keep it away."""

    sku: str
    name: str
    text: str
    place: int | None = None
    rules: tuple[Rule, ...] = ()


def why_absent(sku: str, ask: Ask, at: datetime, decided: Decided, settings: Settings) -> Absence:
    """What keeps this SKU's product out of what was decided; or that nothing does."""
    variant = Variant.objects.select_related("product").filter(sku=sku).first()
    if variant is None:
        return Absence(sku, "", _("There is no such SKU."))
    product_id = variant.product_id
    name = in_reader_language(variant.product.name, variant.product.name_zh)
    for place, row in enumerate(decided.chosen, start=1):
        if decided.found.product_ids[row.index] == product_id:
            shown = decided.offers[product_id].sku
            text = _("It is shown, in place %(place)s.") % {"place": place}
            if shown != sku:
                text = _("Its product is shown, in place %(place)s, as %(sku)s.")
                text %= {"place": place, "sku": shown}
            return Absence(sku, name, text, place)
    kept_out = _kept_out(product_id, decided.inputs) or _gate(product_id, ask, at)
    if kept_out:
        return Absence(sku, name, kept_out)
    channel_id, kind = ask.channel.pk if ask.channel else None, price_kind_of(ask.placement)
    offered = offers([product_id], at, channel_id=channel_id, price_kind=kind, with_attributes=True)
    rules = _first_of_each(rules_against(product_id, offered.get(product_id), settings))
    text = _ruled_out(rules) or _too_far_down(product_id, decided, rules)
    return Absence(sku, name, text, None, rules)


def _first_of_each(rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
    return tuple({rule.pk: rule for rule in rules}.values())


def rules_against(product_id: int, offer: Offer | None, settings: Settings) -> tuple[Rule, ...]:
    """Those that keep it away, or push it down."""
    if offer is None:
        return ()
    facts = offer.facts
    return tuple(
        rule
        for rule in settings.rules
        if (rule.action == NEVER and rule.fits(product_id, facts))
        or (rule.action == ONLY and not rule.fits(product_id, facts))
        or (rule.action == BURY and rule.fits(product_id, facts))
    )


def _kept_out(product_id: int, inputs: dict) -> str:
    """Out of the candidates before anything was weighed."""
    if product_id in inputs["anchors"]:
        return _("It is what the page, the cart or the order is about.")
    if product_id in inputs["exclude"]:
        return _("The shop asked to leave it out (exclude).")
    if product_id not in ranking.bought(inputs):
        return ""
    days = dict(inputs.get("again", ())).get(product_id, inputs["settings"]["hide_bought_days"])
    at = next((row[2] for row in inputs["history"] if row[0] == product_id), None)
    if at is None:
        return _("The customer has bought it, and what was bought is not offered again.")
    day = date_format(localtime(datetime.fromtimestamp(at, UTC)), "DATE_FORMAT")
    if days is None:
        return _("Bought on %(day)s, and what was bought is not offered again.") % {"day": day}
    text = _("Bought on %(day)s, and what was bought is not offered for %(days)s days.")
    return text % {"day": day, "days": days}


def _gate(product_id: int, ask: Ask, at: datetime) -> str:
    channel_id, kind = ask.channel.pk if ask.channel else None, price_kind_of(ask.placement)
    offered = offers([product_id], at, channel_id=channel_id, price_kind=kind)
    if product_id in offered:
        return ""
    stopped = why_not([product_id], at, channel_id=channel_id, price_kind=kind)
    return _("It cannot be sold here now: %(gate)s.") % {"gate": _(stopped[product_id])}


def _ruled_out(rules: tuple[Rule, ...]) -> str:
    never = [rule.name for rule in rules if rule.action == NEVER]
    if never:
        return _("The rule “%(rule)s” never offers it.") % {"rule": never[0]}
    only = [rule.name for rule in rules if rule.action == ONLY]
    if only:
        return _("The rule “%(rule)s” offers only other products.") % {"rule": only[0]}
    return ""


def _too_far_down(product_id: int, decided: Decided, rules: tuple[Rule, ...]) -> str:
    """Its place among all candidates; that of the sources, before rules and variety move it."""
    inputs, model = decided.inputs, decided.model
    found = decided.found
    if product_id not in found.product_ids:
        # By her scores of now: the night's list has an end.
        whole = {name: inputs[name] for name in inputs if name not in ("within", "list_alone")}
        found = ranking.pool(whole | {"listed": []}, model, DEEPEST)
    said = {"n": len(decided.chosen), "rule": rules[0].name if rules else ""}
    if product_id in found.product_ids:
        said["place"] = found.product_ids.index(product_id) + 1
        if rules:
            text = _("It is candidate %(place)s, “%(rule)s” pushes it down, and %(n)s are shown.")
        else:
            text = _("It is candidate %(place)s, and %(n)s are shown: others come before it.")
        return text % said
    if model is not None and model.recommender.item_idx(ranking.keys([product_id]))[0] < 0:
        return _("The model does not know it yet: nobody had bought it when it was trained.")
    return _("None of the sources of this placement brings it.")
