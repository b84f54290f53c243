"""Another price or promotion, and what was said of days that have happened since."""

from datetime import timedelta

import numpy as np
import pytest

from inventory.ml.what_if import Response, day_factors
from inventory.models import PriceElasticity
from inventory.services.forecast_history import said_then
from inventory.services.forecast_what_if import NoWhatIfError, what_if
from tests.factories import make_order, make_variant
from tests.factories_inventory import AS_OF, LAST_DAY, make_forecast


def test_a_tenth_off_at_elasticity_two_sells_a_fifth_more():
    """0.9 ** -2 = 1.2346; at 1.5 and 2.5 it is 1.1712 and 1.3013."""
    factors = day_factors(Response(2.0, 1.5, 2.5), 0.9, np.zeros(2))
    assert [round(float(part[0]), 4) for part in factors] == [1.2346, 1.1712, 1.3013]


def test_nothing_changed_changes_nothing():
    factors = day_factors(Response(2.0, 1.5, 2.5, 0.3, 0.1, 0.5), 1.0, np.zeros(3))
    assert all((part == 1).all() for part in factors)


def test_a_promotion_counts_on_its_own_days():
    middle, low, high = day_factors(
        Response(2.0, 1.5, 2.5, 0.3, 0.1, 0.5), 1.0, np.array([0.0, 1.0])
    )
    assert middle[0] == low[0] == high[0] == 1
    assert middle[1] == pytest.approx(np.exp(0.3))
    assert low[1] < middle[1] < high[1]


def make_elasticity(variant, **fields):
    given = {"elasticity": 2.0, "low": 1.5, "high": 2.5, "own_share": 0.5, "priced_days": 40}
    return PriceElasticity.objects.create(variant=variant, as_of=LAST_DAY, **(given | fields))


@pytest.mark.django_db
def test_the_stored_forecast_moves_and_stays_as_it_is():
    tea = make_variant("TEA-1")
    row = make_forecast(tea, mean=10, price_minor=1000)
    make_elasticity(tea)
    found = what_if(row, price_minor=900)
    assert found.mean_units[0] == pytest.approx(12.346)
    assert found.change_units == pytest.approx(28 * 2.3457, abs=0.01)
    assert found.low_units < found.change_units < found.high_units
    assert found.quantile_units["0.9"][0] == pytest.approx(
        row.quantile_units["0.9"][0] * 1.2346, rel=1e-3
    )
    row.refresh_from_db()
    assert row.mean_units == [10] * 28


@pytest.mark.django_db
def test_what_cannot_be_answered_says_why():
    tea = make_variant("TEA-1")
    row = make_forecast(tea, price_minor=None)
    with pytest.raises(NoWhatIfError, match="not been learned"):
        what_if(row, price_minor=900)
    make_elasticity(tea)
    row.variant.refresh_from_db()
    with pytest.raises(NoWhatIfError, match="a list price to compare"):
        what_if(row, price_minor=900)
    with pytest.raises(NoWhatIfError, match="each of the 28 days"):
        what_if(row, promotion=[1.0])


@pytest.mark.django_db
def test_what_we_said_stands_beside_what_happened(django_assert_num_queries):
    tea = make_variant("TEA-1")
    make_forecast(tea, mean=10, as_of=LAST_DAY - timedelta(days=7))
    make_order([(tea, 9)], at=AS_OF - timedelta(hours=12))
    with django_assert_num_queries(4):
        found = said_then(tea.pk, LAST_DAY, days=2)
    assert [one.day for one in found] == [LAST_DAY - timedelta(days=1), LAST_DAY]
    assert (found[0].mean, found[0].is_inside) == (None, None)
    assert (found[1].mean, found[1].units, found[1].is_inside) == (10, 9, True)
