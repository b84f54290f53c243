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
    assert found["P(alive): AUC"] > 0.75, found
    assert found["P(alive): calibration error, tenths"] < 0.15, found
    assert found["churn in 90 days: correlation with truth"] > 0.6, found
    assert found["churn in 90 days: calibration error, tenths"] < 0.1, found
    assert found["uplift: correlation with truth"] > 0.6, found
    assert found["uplift: Qini area of the truth's"] > 0.6, found
