"""BG/NBD of the classic size against the textbook, an integral, and another optimiser."""

import json
from io import StringIO

import mpmath
import numpy as np
import pytest
from django.core.management import call_command
from scipy.integrate import dblquad
from scipy.optimize import minimize
from scipy.stats import beta, gamma

from marketing.ml.dropout_models import DropoutModel, fit_dropout
from marketing.ml.order_days import Histories, histories
from marketing.ml.order_table import EPOCH
from tests.buying_worlds import END_DAY, HOLDOUT_DAYS, cohort

CLASSIC = DropoutModel(0.243, 4.414, 0.793, 2.426)
HISTORIES = [(0, 0.0, 30.0), (1, 3.1, 38.86), (2, 30.43, 38.86), (11, 36.0, 37.7), (26, 31.0, 39.0)]


def textbook(values, x, last, age):
    """ln L in 40 digits. Source: Fader, Hardie, Lee, Marketing Science 24 (2005), equation 6."""
    with mpmath.workdps(40):
        r, alpha, a, b = (mpmath.mpf(value) for value in values)
        x, last, age = mpmath.mpf(float(x)), mpmath.mpf(float(last)), mpmath.mpf(float(age))
        front = mpmath.gamma(r + x) * alpha**r / mpmath.gamma(r)
        stays = mpmath.beta(a, b + x) / mpmath.beta(a, b) / (alpha + age) ** (r + x)
        left = 0
        if x > 0:
            left = mpmath.beta(a + 1, b + x - 1) / mpmath.beta(a, b) / (alpha + last) ** (r + x)
        return float(mpmath.log(front * (stays + left)))


def of(rows) -> Histories:
    x, last, age = np.array(rows, dtype=float).T
    return Histories(x, last, age, np.zeros(x.size), np.full(x.size, np.nan), 7.0)


@pytest.mark.parametrize("values", [CLASSIC.values, (1.4, 9.0, 2.2, 1.3), (0.05, 0.6, 0.02, 7.0)])
def test_the_likelihood_is_the_textbooks_in_40_digits(values):
    found = DropoutModel(*values).log_likelihoods(of(HISTORIES))
    wanted = [textbook(values, *row) for row in HISTORIES]
    assert found == pytest.approx(wanted, rel=1e-12)


@pytest.mark.parametrize(("x", "last", "age"), HISTORIES[:3])
def test_the_likelihood_is_the_integral_over_rates_and_drop_out(x, last, age):
    """∫∫ of the law of one customer (λ, p) over Gamma × Beta, by adaptive quadrature."""
    r, alpha, a, b = 1.4, 9.0, 2.2, 1.3

    def density(p, rate):
        stays = (1 - p) ** x * rate**x * np.exp(-rate * age)
        left = p * (1 - p) ** (x - 1) * rate**x * np.exp(-rate * last) if x else 0.0
        return (stays + left) * gamma.pdf(rate, r, scale=1 / alpha) * beta.pdf(p, a, b)

    # λ up to 3: beyond it lies less than 1e-11 of its law, and nothing of the likelihood.
    whole, _error = dblquad(density, 0, 3, 0, 1, epsabs=0, epsrel=1e-8)
    found = DropoutModel(r, alpha, a, b).log_likelihoods(of([(x, last, age)]))[0]
    assert found == pytest.approx(np.log(whole), abs=1e-6)


def seen_of(made) -> Histories:
    return histories(made.days.until(END_DAY), END_DAY)


def independent_fit(seen: Histories) -> tuple[np.ndarray, float]:
    """The same maximum by a simplex, on the formula as the authors' spreadsheet has it."""
    from scipy.special import betaln, gammaln

    x, last, age = seen.repeats, seen.last, seen.age

    def loss(logs):
        r, alpha, a, b = np.exp(logs)
        front = gammaln(r + x) - gammaln(r) + r * np.log(alpha)
        stays = betaln(a, b + x) - betaln(a, b) - (r + x) * np.log(alpha + age)
        left = betaln(a + 1, b + np.maximum(x, 1) - 1) - betaln(a, b)
        left = np.where(x > 0, left - (r + x) * np.log(alpha + last), -np.inf)
        return -(front + np.logaddexp(stays, left)).sum()

    found = np.zeros(4)
    for _restart in range(4):  # a simplex stops early on a ridge; from there it goes on
        found = minimize(
            loss,
            found,
            method="Nelder-Mead",
            options={"xatol": 1e-9, "fatol": 1e-9, "maxfev": 4000},
        ).x
    return np.exp(found), -loss(found)


def test_a_cohort_of_the_classic_size_has_its_maximum_in_three_digits():
    seen = seen_of(cohort("BG/NBD", seed=11))
    assert seen.size == 2357
    found = fit_dropout(seen)
    values, log_likelihood = independent_fit(seen)
    assert found.log_likelihood == pytest.approx(log_likelihood, abs=0.005)
    assert found.model.values == pytest.approx(values, rel=5e-4)


def test_the_parameters_that_made_the_cohorts_lie_in_their_intervals():
    """95 % intervals of four parameters on six cohorts: 24 tries, at most four may miss."""
    held = 0
    for seed in range(1, 7):
        intervals = fit_dropout(seen_of(cohort("BG/NBD", seed=seed))).intervals()
        held += sum(
            low <= truth <= high
            for (low, high), truth in zip(intervals.values(), CLASSIC.values, strict=True)
        )
    assert held >= 20


def test_the_command_prints_parameters_and_log_likelihood(tmp_path):
    made = cohort("BG/NBD", seed=3, customers=1200)
    first = np.datetime64(EPOCH)
    rows = [
        f"c{who},{first + int(day)}"
        for who, day in zip(made.days.customer_idx, made.days.day, strict=True)
    ]
    file = tmp_path / "orders.csv"
    file.write_text("\n".join(["customer_id,date", *rows]))
    out = StringIO()
    call_command(
        "evaluate_customer_value", transactions=file, holdout_days=HOLDOUT_DAYS,
        calibration_end=(first + END_DAY).astype(object), stdout=out,
    )  # fmt: skip
    plain = json.loads(out.getvalue())["models"]["bg_nbd"]
    values, log_likelihood = independent_fit(seen_of(made))
    assert plain["log_likelihood"] == pytest.approx(log_likelihood, abs=0.01)
    assert list(plain["parameters"].values()) == pytest.approx(values, rel=1e-3)
