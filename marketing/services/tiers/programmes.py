"""Tier programmes: drafted, changed, started by a person, stopped. What was in the ledger stays."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F
from django.db.models.deletion import ProtectedError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from decisions.services import jobs
from marketing.ml.tiers import Ladder, Step, TermsError, ladder_of
from marketing.models import ProgrammeState, Tier, TierFigure, TierProgramme
from shop.models import CouponOffer

LOOK = "look_at_tiers"
MOST_TIERS = 8


class TierError(Exception):
    """Why a programme cannot be made or changed like that; meant for the marketer."""

    def __str__(self) -> str:
        return str(self.args[0])


@dataclass(frozen=True)
class TierTerms:
    """enter_at, stay_at: orders, or minor units of the shop's currency."""

    code: str
    name: str
    enter_at: int
    stay_at: int
    name_zh: str = ""
    offer_code: str = ""


@dataclass(frozen=True)
class Terms:
    """tiers: the lowest first; their place is their rank."""

    name: str
    figure: str
    starts_on: date
    tiers: tuple[TierTerms, ...]
    name_zh: str = ""
    window_days: int = 365
    grace_days: int = 30
    ends_on: date | None = None

    @property
    def ladder(self) -> Ladder:
        """Raises TierError."""
        steps = [Step(n, one.enter_at, one.stay_at) for n, one in enumerate(self.tiers, start=1)]
        try:
            return ladder_of(steps, self.grace_days)
        except TermsError as error:
            raise TierError(
                _(
                    "Tier %(rank)s: what wins it must be more than for the tier below, and what keeps it "
                    "at most that and no less than for the tier below."
                )
                % {"rank": error.args[0]}
            ) from error


SAID = ("name", "name_zh", "figure", "window_days", "grace_days", "starts_on", "ends_on")


def terms_of(programme: TierProgramme) -> Terms:
    rows = programme.tiers.order_by("rank")
    tiers = tuple(
        TierTerms(one.code, one.name, one.enter_at, one.stay_at, one.name_zh, one.offer_code)
        for one in rows
    )
    return Terms(tiers=tiers, **{name: getattr(programme, name) for name in SAID})


def refuse_nonsense(terms: Terms) -> None:
    """Raises TierError, in words for whoever writes the terms."""
    if not 1 <= len(terms.tiers) <= MOST_TIERS:
        raise TierError(_("A programme has one to eight tiers."))
    if terms.figure not in TierFigure.values:
        raise TierError(_("There is no such figure."))
    if not 7 <= terms.window_days <= 1095 or not 0 <= terms.grace_days <= 366:
        raise TierError(_("Orders of 7 to 1,095 days count, and the grace is 0 to 366 days."))
    if terms.ends_on and terms.ends_on < terms.starts_on:
        raise TierError(_("It ends before it starts."))
    codes = [one.code for one in terms.tiers]
    if len(set(codes)) < len(codes):
        raise TierError(_("Two tiers have the same code."))
    assert terms.ladder
    known = set(CouponOffer.objects.values_list("code", flat=True).distinct())
    for one in terms.tiers:
        if one.offer_code and one.offer_code not in known:
            raise TierError(_("There is no coupon offer “%(code)s”.") % {"code": one.offer_code})


def create_programme(code: str, terms: Terms) -> TierProgramme:
    """A draft. The same code and terms again are the same programme. Raises TierError."""
    refuse_nonsense(terms)
    known = TierProgramme.objects.filter(code=code).first()
    if known:
        if terms_of(known) == terms:
            return known
        raise TierError(_("There is a programme with this code already."))
    try:
        with transaction.atomic():
            made = TierProgramme.objects.create(
                code=code, **{name: getattr(terms, name) for name in SAID}
            )
            _write_tiers(made, terms)
    except IntegrityError as error:
        raise TierError(_("A tier of another programme has this code already.")) from error
    return made


def change_programme(programme: TierProgramme, terms: Terms) -> TierProgramme:
    """The same terms change nothing. Members of a live programme follow at the next look; the figure
    of a programme that has begun stays, because its ledger is about it. Raises TierError."""
    refuse_nonsense(terms)
    try:
        with transaction.atomic():
            row = TierProgramme.objects.select_for_update().get(pk=programme.pk)
            if terms_of(row) == terms:
                return row
            if row.state == ProgrammeState.STOPPED:
                raise TierError(_("A stopped programme stays as it was; make another."))
            if row.first_checked_at and terms.figure != row.figure:
                raise TierError(_("The figure of a programme that has begun stays."))
            for name in SAID:
                setattr(row, name, getattr(terms, name))
            row.revision += 1
            row.save()
            _write_tiers(row, terms)
    except ProtectedError as error:
        raise TierError(
            _("Somebody has been in a tier that you left out: it stays in the programme.")
        ) from error
    except IntegrityError as error:
        raise TierError(_("A tier of another programme has this code already.")) from error
    return row


def _write_tiers(programme: TierProgramme, terms: Terms) -> None:
    programme.tiers.exclude(code__in=[one.code for one in terms.tiers]).delete()
    programme.tiers.update(rank=F("rank") + 100)  # so that two may change places
    known = {one.code: one for one in programme.tiers.all()}
    for rank, one in enumerate(terms.tiers, start=1):
        tier = known.get(one.code) or Tier(programme=programme, code=one.code)
        tier.rank, tier.name, tier.name_zh = rank, one.name, one.name_zh
        tier.enter_at, tier.stay_at, tier.offer_code = one.enter_at, one.stay_at, one.offer_code
        tier.save()


def start(programme: TierProgramme, *, by: Any, at: datetime | None = None) -> TierProgramme:
    """From now on everybody is looked at each night, and once at once. Twice is once. Raises TierError."""
    if not programme.tiers.exists():
        raise TierError(_("A programme has one to eight tiers."))
    at = at or timezone.now()
    drafts = TierProgramme.objects.filter(pk=programme.pk, state=ProgrammeState.DRAFT)
    if drafts.update(state=ProgrammeState.LIVE, decided_at=at, decided_by=by):
        ask_look(programme)
    programme.refresh_from_db()
    if programme.state != ProgrammeState.LIVE:
        raise TierError(_("A stopped programme stays as it was; make another."))
    return programme


def stop(programme: TierProgramme, *, by: Any, at: datetime | None = None) -> TierProgramme:
    """Everybody leaves at the look that follows at once. Twice is once."""
    open_ones = TierProgramme.objects.filter(pk=programme.pk)
    if open_ones.exclude(state=ProgrammeState.STOPPED).update(
        state=ProgrammeState.STOPPED, decided_at=at or timezone.now(), decided_by=by
    ):
        ask_look(programme)
    programme.refresh_from_db()
    return programme


def ask_look(programme: TierProgramme) -> None:
    """A job that looks at everybody now; once per revision and state."""
    programme.refresh_from_db()
    key = f"{LOOK}:{programme.pk}:{programme.revision}:{programme.state}"
    jobs.enqueue(LOOK, {"programme": programme.pk}, key=key)


def lock(programme: TierProgramme) -> TierProgramme:
    """Inside a transaction. An UPDATE takes the row's lock on PostgreSQL, the database's on SQLite."""
    TierProgramme.objects.filter(pk=programme.pk).update(revision=F("revision"))
    return TierProgramme.objects.get(pk=programme.pk)
