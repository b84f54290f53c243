"""A small shop whose truth is known: what the night stores comes as near to it as is stated.

docs/customer-value.md states the tolerances; benchmarks/customer_truth.py measures them at size.
"""

import pytest
from django.test import override_settings

from tests import customer_truth

SIZES = {"products": 24, "customers": 1500, "days": 420}


@pytest.mark.django_db
def test_p_alive_churn_and_uplift_recover_the_truth(tmp_path):
    with override_settings(ARTEFACT_DIR=tmp_path / "artefacts", VAR_DIR=tmp_path):
        truth = customer_truth.fill(5, SIZES)
        found = customer_truth.value_figures(truth, 5) | customer_truth.uplift_figures(5)
    assert customer_truth.broken(found) == []


def test_a_figure_outside_its_tolerance_is_named():
    bounds = {name: bound for name, (_side, bound) in customer_truth.TOLERANCES.items()}
    assert customer_truth.broken(bounds) == []
    worse = bounds | {"P(alive): AUC": 0.7, "P(alive): calibration error, tenths": 0.2}
    assert [one.split(",")[0] for one in customer_truth.broken(worse)] == [
        "P(alive): AUC: 0.700",
        "P(alive): calibration error",
    ]
    assert (
        len(customer_truth.broken(bounds | {"uplift: correlation with truth": float("nan")})) == 1
    )
