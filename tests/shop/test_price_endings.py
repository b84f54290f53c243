"""A reduction ends sooner than it was set for: what was asked until then stays as it was."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from outbox.models import Message
from shop.models import Price, PriceEnding, PriceKind
from shop.services.price_endings import end_price
from shop.services.prices import PriceError, PriceTerms, price_at, set_price
from shop.services.prior_prices import reduction_of
from tests.factories import make_price, make_variant

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def flash(variant, begins=None, amount_minor=700, days=3) -> Price:
    begins = begins or timezone.now()
    terms = PriceTerms(PriceKind.FLASH, begins, begins + timedelta(days=days))
    return set_price(variant, amount_minor, key=f"f:{begins}", source="test", terms=terms)


def amount(variant, at=None) -> int:
    return price_at(variant, at or timezone.now()).amount_minor


def test_the_list_price_is_asked_again_from_now_on_and_the_past_stays():
    tea = make_variant()
    row = flash(tea)
    during = timezone.now()
    assert amount(tea) == 700
    ended = end_price(row, source="user:ann")
    assert amount(tea) == 1000
    assert amount(tea, during) == 700
    assert reduction_of(tea) is None
    kept = PriceEnding.objects.get()
    assert (kept.was_until, kept.ends_at, kept.source) == (
        row.valid_until,
        ended.valid_until,
        "user:ann",
    )
    assert Message.objects.filter(key=f"price:{row.pk}:ended").count() == 1


def test_ended_twice_it_ended_once():
    row = flash(make_variant())
    first = end_price(row, source="a")
    again = end_price(row, source="b")
    assert again.valid_until == first.valid_until
    assert PriceEnding.objects.get().source == "a"
    assert Message.objects.filter(key=f"price:{row.pk}:ended").count() == 1


def test_called_off_before_it_began_it_never_decides():
    tea = make_variant()
    row = flash(tea, begins=timezone.now() + HOUR)
    assert amount(tea, row.valid_from) == 700
    end_price(row, source="a")
    assert amount(tea, row.valid_from) == 1000
    assert reduction_of(tea, row.valid_from + HOUR) is None
    assert list(Price.objects.ever_asked()) == list(Price.objects.exclude(pk=row.pk))
    assert end_price(row, source="a").valid_until == row.valid_from


def test_a_list_price_does_not_end():
    row = make_price(make_variant("POT-1", price_minor=None), 900)
    with pytest.raises(PriceError, match="replaced by a new one"):
        end_price(row, source="a")
    assert not PriceEnding.objects.exists()


def noted(row: Price, ends_at) -> None:
    PriceEnding.objects.create(price=row, was_until=row.valid_until, ends_at=ends_at, source="x")


def refused(**change) -> None:
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        Price.objects.filter(kind=PriceKind.FLASH).update(**change)


def test_the_database_refuses_an_end_that_nobody_noted():
    flash(make_variant())
    refused(valid_until=timezone.now() + HOUR)


def test_the_database_refuses_an_end_in_the_past_even_noted():
    begins = timezone.now() - timedelta(days=2)
    terms = PriceTerms(PriceKind.FLASH, begins, begins + timedelta(days=9), is_history=True)
    row = set_price(make_variant(), 700, key="old", source="test", terms=terms)
    yesterday = timezone.now() - timedelta(days=1)
    noted(row, yesterday)
    refused(valid_until=yesterday)


def test_the_database_refuses_anything_else_with_it():
    row = flash(make_variant())
    sooner = timezone.now() + HOUR
    noted(row, sooner)
    refused(valid_until=sooner, amount_minor=1)
    refused(valid_until=row.valid_until + HOUR)
    assert Price.objects.filter(pk=row.pk).update(valid_until=sooner) == 1  # the control
    refused(valid_until=row.valid_until)


def test_an_ending_is_not_rewritten():
    end_price(flash(make_variant()), source="a")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        PriceEnding.objects.update(source="b")
