"""What a message of a journey says: the SKUs it is about are read at the last moment, the right
ones or none, and every word is proven again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache, lru_cache
from typing import Any
from urllib.parse import quote

from django.conf import settings

from language.claims import Fact, check_copy
from marketing.definitions.journey_plan import (
    ABOUT_SKUS,
    Plan,
    PlanError,
    fallback_language,
    read_plan,
)
from marketing.delivery.messages import Text
from marketing.models import (
    WITHHELD,
    Enrolment,
    JourneyVersion,
    PullState,
    Send,
    SkipReason,
)
from marketing.services.journeys.carts import open_carts
from marketing.services.journeys.journey_review import pulled_steps, reviews_of
from marketing.services.journeys.review_requests import (
    form_link,
    lines_still_open,
    variants_to_review,
)
from marketing.services.journeys.wishes import who_refused
from marketing.services.sending.coupons import with_coupons
from marketing.services.sending.guards import Asked
from marketing.services.sending.recommended import with_recommended
from marketing.texts.coupons import coupon_facts
from marketing.texts.facts import (
    ShopFigures,
    evidence_facts,
    figures_of,
    ruling_facts,
    shop_facts,
    variant_facts,
)
from marketing.texts.recommended import recommended_facts
from shop.models import CouponOffer, OfferState, OrderLine, Variant

FEATURED = 3


class JourneyMessages:
    """Steps of journeys as a source of words: what each is about is read at the last moment."""

    def __init__(self, channel: str):
        self.channel = channel
        self._plans: dict[int, Plan] = {}
        self._lines: dict[int, OrderLine] = {}  # of orders whose review is asked for
        self._said: dict[Hashable, Text | SkipReason] = {}  # by one call of `words`

    def plan_of(self, send: Send) -> Plan:
        version = send.road.version
        if version.pk not in self._plans:
            self._plans[version.pk] = read_plan(version.definition)
        return self._plans[version.pk]

    def asked(self, sends: Sequence[Send]) -> Asked:
        stops = {
            send.customer_id: send.road.entered_at
            for send in sends
            # Who has ordered since needs no coupon to order.
            if "ordered" in self.plan_of(send).exits or self.offer_code(send)
        }
        wished = {send.customer_id for send in sends if send.was_wished}
        return Asked(self.channel, stops, frozenset(wished))

    def words(self, sends: Sequence[Send], at: datetime) -> Mapping[int, Text | SkipReason | None]:
        """None of a message that was pulled since it was taken in hand: a person decides."""
        asking = [one for one in sends if self.plan_of(one).trigger == "review_due"]
        self._lines = lines_still_open(asking, at)
        subjects, offers = _subjects(sends, self, at, self._lines), self._offers(sends)
        pulled = pulled_steps({send.road.version_id for send in sends})
        refused = self._refused(sends)
        shown = [one for some in subjects.values() if isinstance(some, list) for one in some]
        known, self._said = figures_of(shown, at), {}
        rulings = cache(ruling_facts)  # of the whole shop: read once, if at all
        found: dict[int, Text | SkipReason | None] = {}
        for send in sends:
            match pulled.get((send.road.version_id, send.step, send.copy_name)):
                case PullState.HELD:
                    found[send.pk] = None
                case PullState.SKIPPED:
                    found[send.pk] = SkipReason.PULLED
                case _ if send.pk in refused:
                    found[send.pk] = SkipReason.NO_CONSENT
                case _:
                    offer = offers.get(self.offer_code(send))
                    beside = Beside(offer, None, self.channel, known, rulings)
                    found[send.pk] = self._words(send, subjects[send.pk], beside, at)
        about = {
            pk: [one.sku for one in some] for pk, some in subjects.items() if isinstance(some, list)
        }
        # Products first: who can be shown none gets no letter, and no coupon in vain.
        found = with_recommended(sends, found, at, about=about)
        return self._with_coupons(sends, found, offers, at)

    def _refused(self, sends: Sequence[Send]) -> set[int]:
        """Sends that are chosen for her, who said no to that since she entered."""
        by_trigger: dict[str, list[Send]] = defaultdict(list)
        for send in sends:
            by_trigger[self.plan_of(send).trigger].append(send)
        return {
            send.pk
            for trigger, group in by_trigger.items()
            for refused in [who_refused(trigger, {send.customer_id for send in group})]
            for send in group
            if send.customer_id in refused
        }

    def offer_code(self, send: Send) -> str:
        """Of the coupon that the message gives; empty: none, or withheld from her."""
        if send.discount in WITHHELD:
            return ""
        return self.plan_of(send).step(send.step).data.get("coupon", "")

    def _offers(self, sends: Sequence[Send]) -> dict[str, CouponOffer]:
        """By code, those in force."""
        codes = {code for send in sends if (code := self.offer_code(send))}
        if not codes:
            return {}
        live = CouponOffer.objects.filter(code__in=codes, state=OfferState.LIVE)
        return {offer.code: offer for offer in live.order_by("pk")}

    def _with_coupons(
        self,
        sends: Sequence[Send],
        found: dict[int, Text | SkipReason | None],
        offers: Mapping[str, CouponOffer],
        at: datetime,
    ) -> dict[int, Text | SkipReason | None]:
        """Once per journey, step and customer: who leaves cart after cart gets no second one."""
        groups: dict[tuple[str, str], list[Send]] = defaultdict(list)
        texts = {pk: text for pk, text in found.items() if isinstance(text, Text)}
        for send in sends:
            if send.pk in texts and (code := self.offer_code(send)):
                groups[code, f"journey:{send.road.journey_id}:{send.step}"].append(send)
        for code, occasion in sorted(groups):
            group = groups[code, occasion]
            own = {send.pk: texts[send.pk] for send in group}
            found |= with_coupons(offers[code], group, own, occasion=occasion, at=at)
        return found

    def label(self, send: Send) -> dict[str, Any]:
        """The exposure in the event log: with her variant and its chance, and with her chance of the
        discount where only some get it."""
        said: dict[str, Any] = {"journey": send.road.journey_id, "step": send.step}
        if send.arm:
            said |= {"variant": send.arm, "propensity": send.arm_propensity}
        if send.discount:
            said |= {"discount": send.discount, "discount_propensity": send.discount_propensity}
        return said

    def _words(
        self, send: Send, featured: list[Variant] | SkipReason, beside: Beside, at: datetime
    ) -> Text | SkipReason:
        """The same for whoever gets the same copy in the same language about the same SKUs: it is
        proven once for all of them."""
        if isinstance(featured, SkipReason):
            return featured
        step = self.plan_of(send).step(send.step).data
        # Her very copy or none: another variant's words would make the draw a lie.
        texts = step["copies"].get(send.copy_name)
        if texts is None:
            return SkipReason.PULLED
        link = review_link_to(featured) if step["link"] == "review" else link_to(featured)
        if step["link"] == "review_form":
            link = form_link(send, self._lines)
        language, skus = send.customer.language, tuple(one.pk for one in featured)
        copy = (send.road.version_id, send.step, send.copy_name, self.offer_code(send))
        alike = (*copy, language, skus, link)
        if alike not in self._said:
            beside = replace(beside, link=link)
            self._said[alike] = words_about(texts, language, featured, at, beside)
        return self._said[alike]


@lru_cache(maxsize=1024)
def read_copies(version_id: int) -> None:
    """What the texts of a version state, read before anybody is locked, once a process: the first one
    loads the model that reads them, for seconds in which a customer who orders would wait."""
    version = JourneyVersion.objects.get(pk=version_id)
    with suppress(PlanError):  # said where its messages are decided on
        reviews_of(read_plan(version.definition))


@dataclass(frozen=True)
class Beside:
    """What a message has beside its SKUs: the coupon that it gives, where it leads (None: to the
    first SKU), its channel (empty for somebody who is no customer: nothing can be chosen for her);
    figures that were read already; where rulings on wordings are read, by language."""

    offer: CouponOffer | None = None
    link: str | None = None
    channel: str = ""
    known: ShopFigures | None = None
    rulings: Callable[[str], list[Fact]] = ruling_facts


NOTHING_BESIDE = Beside()


def words_about(
    texts: Mapping[str, Mapping[str, str]],
    language: str,
    featured: list[Variant],
    at: datetime,
    beside: Beside = NOTHING_BESIDE,
) -> Text | SkipReason:
    """The text in that language, the shop's own or any, every claim proven by the facts of now."""
    if language not in texts:
        language = fallback_language(texts)
    link = link_to(featured) if beside.link is None else beside.link
    facts = shop_facts(language) + variant_facts(featured, language, at, beside.known)
    facts += coupon_facts(beside.offer, language, at) + recommended_facts(beside.channel, language)
    if link:
        facts.append(Fact("link", "link", link, "settings:STOREFRONT_URL"))
    text = texts[language]
    # Rulings and documents are asked only where the message's own facts are not enough.
    if not _is_proven(text, facts):
        ruled = facts + beside.rulings(language)
        if not _is_proven(text, ruled) and not _is_proven(
            text, ruled + evidence_facts(featured, language, at)
        ):
            return SkipReason.NOTHING_TRUE
    return Text(text["subject"], text["body"], language, facts, link_url=link)


def _is_proven(text: Mapping[str, str], facts: list[Fact]) -> bool:
    return all(
        claim.is_supported
        for part in ("subject", "body")
        for claim in check_copy(text[part], facts, slots_only=True)
    )


def link_to(featured: Sequence[Variant]) -> str:
    """The page of the first SKU, else the shop; empty where the shop has no address."""
    if not settings.STOREFRONT_URL:
        return ""
    base = settings.STOREFRONT_URL.rstrip("/")
    return f"{base}/products/{featured[0].sku}" if featured else f"{base}/"


def review_link_to(featured: Sequence[Variant]) -> str:
    """Where the first SKU is reviewed, if the shop has said where; else as above."""
    if not settings.STOREFRONT_REVIEW_URL or not featured:
        return link_to(featured)
    return settings.STOREFRONT_REVIEW_URL.replace("{sku}", quote(featured[0].sku, safe=""))


def ordered_it(enrolments: Sequence[Enrolment]) -> set[int]:
    """Keys of those who ordered a SKU that their journey is about since they entered."""
    if not enrolments:
        return set()
    lines = OrderLine.objects.sold().filter(
        order__customer__in={one.customer_id for one in enrolments},
        order__placed_at__gte=min(one.entered_at for one in enrolments),
    )
    bought = list(lines.values_list("order__customer_id", "variant_id", "order__placed_at"))
    return {
        one.pk
        for one in enrolments
        for customer_id, variant_id, placed_at in bought
        if customer_id == one.customer_id
        and placed_at >= one.entered_at
        and variant_id in one.context.get("variants", [])
    }


def _subjects(
    sends: Sequence[Send], source: JourneyMessages, at: datetime, lines: Mapping[int, OrderLine]
) -> dict[int, list[Variant] | SkipReason]:
    """Per send the SKUs that it shows now, the first first; or why it says nothing."""
    plans = {send.pk: source.plan_of(send) for send in sends}
    of_carts = [send for send in sends if plans[send.pk].trigger == "cart_left"]
    carts = open_carts({send.customer_id for send in of_carts}, at)
    exits = [send.road for send in sends if "ordered_it" in plans[send.pk].exits]
    bought = ordered_it(exits)
    wanted: dict[int, list[int] | SkipReason] = {}
    for send in sends:
        if send.enrolment_id in bought:
            wanted[send.pk] = SkipReason.BOUGHT
        elif send in of_carts:
            cart = carts.get(send.customer_id)
            same = cart is not None and f"cart:{cart.began_with}" == send.road.key
            wanted[send.pk] = cart.newest_first if cart and same else SkipReason.TOO_LATE
        elif plans[send.pk].trigger == "review_due":
            wanted[send.pk] = variants_to_review(send, lines) or SkipReason.TOO_LATE
        else:
            wanted[send.pk] = send.road.context.get("variants", [])
    keys = {pk for found in wanted.values() if isinstance(found, list) for pk in found}
    variants = Variant.objects.filter(pk__in=keys).select_related("product").in_bulk()
    sellable = set(Variant.objects.sellable(at).filter(pk__in=keys).values_list("pk", flat=True))
    return {
        pk: _shown(found, plans[pk].trigger, variants, sellable) for pk, found in wanted.items()
    }


def _shown(
    found: list[int] | SkipReason, trigger: str, variants: Mapping[int, Variant], sellable: set[int]
) -> list[Variant] | SkipReason:
    if isinstance(found, SkipReason):
        return found
    if trigger not in ABOUT_SKUS:
        return [variants[pk] for pk in found if pk in variants][:FEATURED]
    # Of the whole product nothing is offered in its place: the right SKU, or none.
    return [variants[pk] for pk in found if pk in sellable][:FEATURED] or SkipReason.SOLD_OUT
