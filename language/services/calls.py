"""Count what the text endpoint costs: reserve before a call, settle after it, never pass the cap.

Before a call the most it can cost is added to the day and the month in one conditional UPDATE each;
afterwards the difference to what it did cost is given back. Two processes that would together pass
the cap cannot both be let through, and a call counts once however often it is settled.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _

from access.figures import figure, significant
from language.models import CallOutcome, SpendPeriod, TextCall
from language.providers import ProviderError, without_personal_data
from language.wire import Answer

MILLIONTHS = 1_000_000
LOGGED_AS = {"denied_format": CallOutcome.DENIED}
KEPT_CHARACTERS = 20_000
# A call lasts as long as its timeout, for each try of the client; after this it is nobody's.
LOST_AFTER = timedelta(hours=1)
# What chat templates add around the messages.
OVERHEAD_TOKENS = 64


class SpendCapError(ProviderError):
    """The call could pass the cap of the day or the month; nothing was asked."""


@dataclass(frozen=True)
class Usage:
    """Tokens as the endpoint counted them; None where it did not say."""

    tokens_in: int | None = None
    tokens_out: int | None = None

    @property
    def is_known(self) -> bool:
        return self.tokens_in is not None and self.tokens_out is not None


@dataclass(frozen=True)
class Ending:
    """How a call went. was_charged: False when the endpoint turned it away before working on it."""

    outcome: str
    answer: str = ""
    detail: str = ""
    usage: Usage = Usage()
    was_charged: bool = True


@dataclass(frozen=True)
class CallLog:
    """The log of an EndpointProvider: every request of one purpose, under the spend cap."""

    purpose: str

    def earlier(self, model: str, prompt: str) -> str:
        """What was answered to these very words under this purpose; empty when nothing was.

        A worker that died after the answer and before it kept the drafts asked and paid already.
        """
        asked = without_personal_data(prompt)[:KEPT_CHARACTERS]
        rows = TextCall.objects.filter(purpose=self.purpose[:60], model=model[:100], prompt=asked)
        found = rows.filter(outcome=CallOutcome.ANSWERED).first()
        return found.answer if found else ""

    def begin(self, model: str, prompt: str, max_tokens: int) -> TextCall:
        return begin_call(self.purpose, model, prompt, max_tokens=max_tokens)

    def end(self, call: TextCall, answer: Answer) -> None:
        usage = Usage(answer.tokens_in, answer.tokens_out)
        outcome = LOGGED_AS.get(answer.outcome, answer.outcome)
        end_call(call, Ending(outcome, answer.text, answer.detail, usage, answer.was_charged))


def begin_call(purpose: str, model: str, prompt: str, *, max_tokens: int) -> TextCall:
    """Reserve the most that the call can cost. Raises SpendCapError, which leaves a row as well."""
    now = timezone.now()
    call = TextCall(
        purpose=purpose[:60],
        model=model[:100],
        prompt=without_personal_data(prompt)[:KEPT_CHARACTERS],
        price_in_minor=settings.TEXT_PROVIDER_PRICE_IN_MINOR,
        price_out_minor=settings.TEXT_PROVIDER_PRICE_OUT_MINOR,
        started_at=now,
    )
    call.reserved_millionths = _cost(call, most_tokens(prompt), max_tokens)
    try:
        with transaction.atomic():
            _reserve(call.reserved_millionths, now)
            call.save()
    except SpendCapError as error:
        call.outcome, call.detail = CallOutcome.OVER_BUDGET, str(error)[:300]
        call.cost_millionths, call.duration_ms, call.finished_at = 0, 0, now
        call.save()
        raise
    return call


def end_call(call: TextCall, ending: Ending) -> bool:
    """Settle it, once: False when somebody did before."""
    now = timezone.now()
    usage, is_known = ending.usage, ending.usage.is_known or not ending.was_charged
    cost = call.reserved_millionths
    if not ending.was_charged:
        cost = 0
    elif usage.tokens_in is not None and usage.tokens_out is not None:
        cost = _cost(call, usage.tokens_in, usage.tokens_out)
    with transaction.atomic():
        changed = TextCall.objects.filter(pk=call.pk, outcome=CallOutcome.RUNNING).update(
            outcome=ending.outcome,
            answer=without_personal_data(ending.answer)[:KEPT_CHARACTERS],
            detail=without_personal_data(ending.detail)[:300],
            tokens_in=usage.tokens_in,
            tokens_out=usage.tokens_out,
            cost_millionths=cost,
            cost_is_known=is_known,
            duration_ms=max(0, round((now - call.started_at) / timedelta(milliseconds=1))),
            finished_at=now,
        )
        if changed and cost != call.reserved_millionths:
            rows = SpendPeriod.objects.filter(period__in=periods(call.started_at))
            rows.update(spent_millionths=F("spent_millionths") + cost - call.reserved_millionths)
    return bool(changed)


def settle_lost(at: datetime | None = None, limit: int = 500) -> int:
    """Calls whose process ended: they keep the most they could cost, since nobody knows."""
    before = (at or timezone.now()) - LOST_AFTER
    lost = TextCall.objects.filter(outcome=CallOutcome.RUNNING, started_at__lt=before)
    ending = Ending(CallOutcome.LOST)
    return sum(end_call(call, ending) for call in lost.order_by("pk")[:limit])


def spent_millionths(period: str) -> int:
    row = SpendPeriod.objects.filter(period=period).first()
    return row.spent_millionths if row else 0


def recount(period: str) -> int:
    """The same from the calls themselves: what the counter must say."""
    calls = TextCall.objects.filter(started_at__gte=_first_moment(period))
    calls = calls.filter(started_at__lt=_end(period))
    counted = Coalesce("cost_millionths", "reserved_millionths")
    return calls.aggregate(sum=Sum(counted))["sum"] or 0


def caps() -> list[tuple[str, int | None]]:
    """Today's and this month's cap in minor units; None: no cap."""
    day, month = periods(timezone.now())
    return [
        (day, settings.TEXT_PROVIDER_CAP_DAY_MINOR),
        (month, settings.TEXT_PROVIDER_CAP_MONTH_MINOR),
    ]


def periods(at: datetime) -> tuple[str, str]:
    """Day and month by the shop's own clock."""
    local = timezone.localtime(at)
    return f"{local:%Y-%m-%d}", f"{local:%Y-%m}"


def most_tokens(prompt: str) -> int:
    """No tokenizer makes more tokens than there are bytes."""
    return len(prompt.encode()) + OVERHEAD_TOKENS


def _cost(call: TextCall, tokens_in: int, tokens_out: int) -> int:
    """In millionths of a minor unit: tokens times minor units per million tokens."""
    return tokens_in * call.price_in_minor + tokens_out * call.price_out_minor


def _reserve(millionths: int, at: datetime) -> None:
    day, month = periods(at)
    # The write comes first, so that the transaction holds the rows in one order from the start.
    SpendPeriod.objects.bulk_create(
        [SpendPeriod(period=day), SpendPeriod(period=month)], ignore_conflicts=True
    )
    _add(day, millionths, settings.TEXT_PROVIDER_CAP_DAY_MINOR)
    _add(month, millionths, settings.TEXT_PROVIDER_CAP_MONTH_MINOR)


def written_cost(millionths: int) -> str:
    """Millionths of a minor unit as the shop's currency, with as many decimals as it takes."""
    major = figure(millionths / MILLIONTHS / 100, 6).rstrip("0").rstrip(".")
    return f"{major} {settings.SHOP_CURRENCY}"


def _add(period: str, millionths: int, cap_minor: int | None) -> None:
    """One UPDATE: whether there is room, and taking it. Raises SpendCapError."""
    row = SpendPeriod.objects.filter(period=period)
    if cap_minor is not None:
        row = row.filter(spent_millionths__lte=cap_minor * MILLIONTHS - millionths)
    if not row.update(spent_millionths=F("spent_millionths") + millionths):
        raise SpendCapError(
            _(
                "The spend cap of %(period)s would be passed: %(spent)s of %(cap)s minor units are "
                "used or reserved, and this call may cost up to %(call)s. Raise "
                "TEXT_PROVIDER_CAP_DAY_MINOR or TEXT_PROVIDER_CAP_MONTH_MINOR, or wait."
            )
            % {
                "period": period,
                "spent": significant(spent_millionths(period) / MILLIONTHS),
                "cap": figure(cap_minor),
                "call": significant(millionths / MILLIONTHS),
            }
        )


def _first_moment(period: str) -> datetime:
    day = period if len(period) > 7 else f"{period}-01"
    return timezone.make_aware(datetime.strptime(day, "%Y-%m-%d"))  # noqa: DTZ007


def _end(period: str) -> datetime:
    start = _first_moment(period).replace(tzinfo=None)
    if len(period) > 7:
        return timezone.make_aware(start + timedelta(days=1))
    return timezone.make_aware((start + timedelta(days=32)).replace(day=1))
