"""Recommend to one person in one place, now; every answer leaves a receipt.

The order of things, on every placement (docs/recommendations.md):
candidates by source in the placement's order → what the person has bought is taken out → gates at
the moment of the request → rules, margin, diversity, exploration → a reason for each, from its real
score.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from django.utils import timezone
from django.utils.translation import gettext, gettext_noop

from decisions.models import DecisionState, Experiment
from decisions.services.receipt_writer import record_soon
from decisions.services.receipts import Proposal
from decisions.text import sentence
from recommendations.ml.chains import NOTHING_ELSE
from recommendations.ml.policy import Placed, Settings
from recommendations.models import KIND
from recommendations.services import ranking
from recommendations.services.asking import Ask
from recommendations.services.gates import Offer, names_of, offers, price_kind_of, rows_of
from recommendations.services.guesses import GUESSED, guess_of
from recommendations.services.inputs import request_inputs
from recommendations.services.live_model import Serving, serving_of_arm, serving_of_request
from recommendations.services.meaning.page_rules import for_page
from recommendations.services.newcomers import shop_wide_products
from recommendations.services.placements import (
    experiment_at,
    run_of_arm,
    settings_at,
    with_arm,
)
from recommendations.services.reading import (
    Foreseen,
    Read,
    may_be_listed,
    read_request,
    with_history,
)
from recommendations.services.trials import Trial, record_exposure, trial_of
from shop.models.catalogue import in_reader_language

# Candidates asked for at once; those after the first only where too few can be sold.
POOL_SIZES = (GUESSED, 200, 2_000, 20_000)

HEADLINE = gettext_noop("%(count)s products recommended on %(placement)s")
BECAUSE_BOUGHT = gettext_noop("Because you bought %(name)s")
BECAUSE_SEEN = gettext_noop("Because you looked at %(name)s")
SIMILAR = gettext_noop("Similar to %(name)s")
BOUGHT_TOGETHER = gettext_noop("Often bought with %(name)s")
IN_CATEGORY = gettext_noop("Popular in this category")
POPULAR = gettext_noop("Popular with other customers")
NEW = gettext_noop("In the shop now")
NEXT = gettext_noop("Goes with what you looked at last")
INSTEAD = gettext_noop("Others who found %(name)s sold out took this")
ON_FLASH = gettext_noop("On offer for a short time")
SELECTED = gettext_noop("Selected by the shop")
REASONS = {
    "bought": BECAUSE_BOUGHT,
    "seen": BECAUSE_SEEN,
    "similar": SIMILAR,
    "bought_together": BOUGHT_TOGETHER,
    "category": IN_CATEGORY,
    "popular": POPULAR,
    "shop_wide": NEW,
    "session": NEXT,
    "taken_instead": INSTEAD,
    "on_flash": ON_FLASH,
    "rule": SELECTED,
}


class Item(NamedTuple):
    """One recommended product. reason: msgid, params and the names that fill it."""

    offer: Offer
    source: str
    score: float
    reason: dict

    @property
    def reason_text(self) -> str:
        return reason_text(self.reason)

    @property
    def product_because(self) -> tuple[str, str]:
        """The name in the reason and its Chinese form; empty where it names no product."""
        params = self.reason["params"]
        return params.get("name", ""), params.get("name_zh", "")


@dataclass(frozen=True)
class Answer:
    items: list[Item]
    receipt_id: uuid.UUID
    run_id: int | None


def reason_of(row: dict, named: dict[int, tuple[str, str]]) -> dict:
    """The stored sentence for one ranked row; `named` holds the names of what it is because of."""
    names = named.get(row["because"] or 0)
    params = {"name": names[0], "name_zh": names[1]} if names else {}
    return sentence(REASONS[row["reason"]], **params)


def reason_text(reason: dict) -> str:
    """The sentence in the reader's language, with the product's name in it too."""
    params = reason["params"]
    name = in_reader_language(params.get("name", ""), params.get("name_zh", ""))
    return gettext(reason["msgid"]) % {"name": name}


@dataclass(frozen=True)
class Decided:
    """What a request comes to, before anything of it is written or worded."""

    read: Read
    inputs: dict
    output: dict
    offers: dict[int, Offer]
    dropped: list[int]
    found: ranking.Pool
    chosen: list[Placed]
    model: Serving | None
    trial: Trial | None = None


def recommend(ask: Ask, *, at: datetime | None = None, settings: Settings | None = None) -> Answer:
    """What to show. Nothing that cannot be sold at `at` (now) is ever in it.

    settings: in the place of the placement's own, for a preview (services/placements.py).
    """
    at = at or timezone.now()
    receipt_id = uuid.uuid4()
    running = None if settings else experiment_at(ask.placement, at)
    settings = settings or settings_at(ask.placement, at)
    decided = decide(ask, at, settings, str(receipt_id), running)
    if decided.trial:
        record_exposure(decided.trial, decided.read.customer_id, ask.visitor, at)
    items = _items(decided)
    record_soon(_receipt(ask, decided, items), receipt_id)
    return Answer(items, receipt_id, decided.model.run.pk if decided.model else None)


def items_now(ask: Ask, at: datetime) -> list[Item]:
    """What `recommend` would show outside an experiment, for a preview: no receipt is left."""
    return _items(decide(ask, at, settings_at(ask.placement, at), str(uuid.uuid4())))


def decide(
    ask: Ask,
    at: datetime,
    settings: Settings,
    seed: str,
    running: Experiment | None = None,
    *,
    in_full: bool = False,
) -> Decided:
    """Candidates → gates → rules, money, diversity, exploration → reasons. Reads, writes nothing.

    One journey to the database for all that is known of the person, with the gates of a published
    list or of candidates that could be foreseen; else one more for the gates. More only where most
    of the candidates cannot be sold. in_full: to be explained. Her history is asked for, also where the
    night wrote down what follows from it, and nothing is tried out.
    """
    guess = None if running else guess_of(ask, settings, at, may_be_listed(ask, settings))
    foreseen = Foreseen(guess.found.product_ids, guess.most) if guess else None
    brief = running is None and not in_full
    read = read_request(ask, settings, at, foreseen, may_be_brief=brief)
    trial = trial_of(running, read.customer_id, ask.visitor) if running else None
    model = serving_of_request(read.live)
    if trial:
        settings = with_arm(settings, trial.settings)
        trial, model = _of_arm(trial, model, at)
    if in_full and settings.exploration_rate:
        settings = replace(settings, exploration_rate=0.0)
    settings = for_page(settings, read.page_products(ask.skus), ask, at)
    inputs = request_inputs(ask, settings, read, model, at, seed)
    if trial:
        inputs["trial"] = trial.as_json
        decided = _deepened(ask, at, settings, read, inputs, model)
        return replace(decided, trial=trial)
    if inputs["listed"] and read.offered is not None:
        alone = _of_list(read, inputs, settings, model)
        if alone is not None:
            return alone
    if read.because is not None:
        read = with_history(ask, at, read)
        inputs = request_inputs(ask, settings, read, model, at, seed)
    if guess and read.foreseen is not None and model is guess.model:
        found = guess.pool(inputs)
        offered = guess.offers(read.foreseen, found, inputs["limit"])
        if offered is not None:
            inputs["pool_size"] = GUESSED
            chosen = _placed(found, offered, inputs, settings, model)
            return _decided(read, inputs, offered, found, chosen, model)
    return _deepened(ask, at, settings, read, inputs, model)


def _of_arm(trial: Trial, model: Serving | None, at: datetime) -> tuple[Trial, Serving | None]:
    """The model of the arm; where it cannot serve, the one that is live, and the trial says so."""
    if "run" not in trial.settings:
        return trial, model
    own = serving_of_arm(run_of_arm(trial.settings["run"], at))
    if own is not None:
        return trial, own
    return replace(trial, instead_of=trial.settings["run"]), model


def _of_list(read: Read, inputs: dict, settings: Settings, model: Serving | None) -> Decided | None:
    """From the published list and its gates alone; None where too few of it can be sold."""
    alone = inputs | {"list_alone": True}
    if read.because is not None:
        alone["because"] = read.because
    offered = read.offered or {}
    found = ranking.pool(alone, model, 0)
    chosen = _placed(found, offered, alone, settings, model)
    if len(chosen) < alone["limit"]:
        return None
    # The receipt keeps as much of the list as was walked through; some of it is the page's own.
    last = found.product_ids[max(row.index for row in chosen)]
    alone["listed"] = alone["listed"][: alone["listed"].index(last) + 1]
    return _decided(read, alone, offered, found, chosen, model)


def _deepened(
    ask: Ask, at: datetime, settings: Settings, read: Read, inputs: dict, model: Serving | None
) -> Decided:
    """Ask the gates of the first candidates, and of more while too few of them can be sold."""
    channel_id = ask.channel.pk if ask.channel else None
    kind = price_kind_of(ask.placement)
    barred = False  # what `never` rules bar is passed over once it took too many places
    for size in POOL_SIZES if settings.keeps_order else POOL_SIZES[1:]:
        found = _narrowed(inputs, model, settings, size, barred=barred)
        offered = offers(
            found.product_ids,
            at,
            channel_id=channel_id,
            # Where nothing is moved the first that can be sold are the list: no others are asked.
            most=inputs["limit"] if settings.keeps_order else None,
            price_kind=kind,
            with_attributes=any(rule.attribute for rule in settings.rules),
        )
        inputs["pool_size"] = size
        chosen = _placed(found, offered, inputs, settings, model)
        if len(chosen) >= inputs["limit"]:
            break
        if len(found.product_ids) < size:  # all that the model knows
            if inputs["shop_wide"] or ask.placement in NOTHING_ELSE:
                break
            more = _within(shop_wide_products(at), settings)
            if not set(more).difference(found.product_ids):
                break
            inputs["shop_wide"] = more
        barred = True
    return _decided(read, inputs, offered, found, chosen, model)


def _narrowed(
    inputs: dict, model: Serving | None, settings: Settings, size: int, *, barred: bool
) -> ranking.Pool:
    """Candidates among what the rules leave, where that is known: a rule for a brand of five products
    needs the gates of five, not of the twenty thousand before the fifth.

    Into the receipt goes what was found, which is found again among itself, and not all that might
    have been.
    """
    within = settings.within
    never = within.never if barred else frozenset()
    if model is None or (within.only is None and not never):
        return ranking.pool(inputs, model, size)
    left = within.only
    if left is None:
        left = frozenset(model.recommender.product_ids.tolist())
    found = ranking.pool(inputs | {"within": list(left - within.never)}, model, size)
    inputs["within"] = [
        pk for pk, item in zip(found.product_ids, found.items, strict=True) if item >= 0
    ]
    return found


def _within(product_ids: list[int], settings: Settings) -> list[int]:
    only, never = settings.within.only, settings.within.never
    return [pk for pk in product_ids if pk not in never and (only is None or pk in only)]


def _placed(
    found: ranking.Pool,
    offered: dict[int, Offer],
    inputs: dict,
    settings: Settings,
    model: Serving | None,
) -> list[Placed]:
    """What is shown where; into the receipt goes what was offered, so that it can be computed again."""
    inputs["offers"] = rows_of(offered, settings)
    return ranking.placed(found, inputs, model, settings)


def _decided(
    read: Read,
    inputs: dict,
    offered: dict[int, Offer],
    found: ranking.Pool,
    chosen: list[Placed],
    model: Serving | None,
) -> Decided:
    output = {"items": ranking.shown(found, chosen, inputs, model)}
    last = max((row.index for row in chosen), default=len(found.product_ids) - 1)
    dropped = [pk for pk in found.product_ids[:last] if pk not in offered]
    return Decided(read, inputs, output, offered, dropped, found, chosen, model)


def _items(decided: Decided) -> list[Item]:
    rows, names = decided.output["items"], decided.read.names
    missing = {row["because"] for row in rows} - {None, *names}
    named = names | names_of(missing) if missing else names
    return [_item(row, decided.offers[row["product_id"]], named) for row in rows]


def _item(row: dict, offer: Offer, named: dict[int, tuple[str, str]]) -> Item:
    return Item(offer, row["source"], row["score"], reason_of(row, named))


def _receipt(ask: Ask, decided: Decided, items: list[Item]) -> Proposal:
    return Proposal(
        kind=KIND,
        key=f"{KIND}:{decided.inputs['seed']}",
        subject=ask.subject(decided.read.customer_code)[:120],
        headline=sentence(HEADLINE, count=len(items), placement=ask.placement),
        why=items[0].reason if items else {},
        inputs=decided.inputs,
        output=decided.output,
        model_run=decided.model.run if decided.model else None,
        score_parts=[
            {"sku": item.offer.sku, "source": item.source, "score": item.score} for item in items
        ],
        constraints_hit=[
            {"product_id": product_id, "gate": "cannot be sold now"}
            for product_id in decided.dropped[:50]
        ],
        state=DecisionState.AUTOMATIC,
    )
