"""The buying models against independent computations, known parameters and their own promises."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.special import gamma, hyp2f1, logsumexp
from scipy.stats import beta as beta_law
from scipy.stats import gamma as gamma_law

from marketing.ml.dropout_models import DropoutModel, fit_dropout, fit_regular
from marketing.ml.likelihood import NoFitError, log_total
from marketing.ml.order_days import Histories, histories, order_days
from marketing.ml.pareto_nbd import ParetoNbd, fit_pareto
from marketing.ml.spend import GammaGamma, fit_spend

CLASSIC = DropoutModel(0.243, 4.414, 0.793, 2.426)  # Fader, Hardie, Lee 2005, in weeks


def one(repeats, last, age, log_gaps=0.0):
    values = [np.array([float(value)]) for value in (repeats, last, age, log_gaps)]
    return Histories(*values, spend=np.array([np.nan]), unit_days=7.0)


def simulate(customers=4000, *, weeks=39.0, seed=1, at_once=False, k=1, model=CLASSIC):
    """Order days drawn from the model itself; returns (Histories, still customers at the end)."""
    random = np.random.default_rng(seed)
    rows, alive = [], []
    for _ in range(customers):
        rate = random.gamma(model.r, 1 / model.alpha)
        leaves = random.beta(model.a, model.b)
        age = weeks - random.uniform(0, 12)
        time, times, left = 0.0, [], at_once and random.random() < leaves
        while not left:
            time += random.gamma(k, 1 / max(rate, 1e-12))
            if time > age:
                break
            times.append(time)
            left = random.random() < leaves
        gaps = np.diff([0.0, *times])
        rows.append((len(times), times[-1] if times else 0.0, age, np.log(gaps).sum()))
        alive.append(not left)
    return (
        Histories(*np.array(rows).T, spend=np.full(customers, np.nan), unit_days=7.0),
        np.array(alive),
    )


def test_bg_nbd_finds_the_parameters_that_made_the_data():
    seen, _alive = simulate(8000)
    found = fit_dropout(seen)
    for name, (low, high) in found.intervals().items():
        assert low * 0.9 <= getattr(CLASSIC, name) <= high * 1.1, name
    truth = CLASSIC.log_likelihoods(seen).sum()
    assert 0 <= found.log_likelihood - truth < 8  # half of χ² with 4 degrees of freedom


def test_regularity_is_found_and_p_alive_is_calibrated():
    model = DropoutModel(1.2, 3.0, 0.6, 1.8, k=2, leaves_at_once=True)
    seen, alive = simulate(3000, at_once=True, k=2, model=model)
    found = fit_regular(seen, most=3)
    assert found.model.k == 2
    predicted = found.model.alive(seen)
    for low, high in ((0, 0.25), (0.25, 0.5), (0.5, 0.75), (0.75, 1.01)):
        band = (predicted >= low) & (predicted < high)
        assert abs(predicted[band].mean() - alive[band].mean()) < 0.06


@pytest.mark.parametrize(("x", "last", "age"), [(0, 0, 30), (2, 12, 38.9), (9, 37, 38.9)])
@pytest.mark.parametrize("at_once", [False, True])
def test_likelihood_and_alive_equal_the_double_integral(x, last, age, at_once):
    model = DropoutModel(0.8, 5.0, 1.3, 2.1, leaves_at_once=at_once)
    trials = x + at_once

    middles = (np.arange(1500) + 0.5) / 1500
    rate = gamma_law.ppf(middles, model.r, scale=1 / model.alpha)[:, None]
    leaves = beta_law.ppf(middles, model.a, model.b)[None, :]
    alive = ((1 - leaves) ** trials * rate**x * np.exp(-rate * age)).mean()
    gone = 0.0
    if trials:
        gone = (leaves * (1 - leaves) ** (trials - 1) * rate**x * np.exp(-rate * last)).mean()
    seen = one(x, last, age)
    assert model.log_likelihoods(seen)[0] == pytest.approx(np.log(alive + gone), abs=3e-3)
    assert model.alive(seen)[0] == pytest.approx(alive / (alive + gone), rel=5e-3)


def test_expected_orders_equal_the_published_formula_of_bg_nbd():
    """Fader, Hardie, Lee 2005, equation 10, for the customer of their note: x = 2, 30.43, 38.86."""
    r, alpha, a, b = CLASSIC.values
    x, last, age, ahead = 2, 30.43, 38.86, 39.0
    inner = ((alpha + age) / (alpha + age + ahead)) ** (r + x) * hyp2f1(
        r + x, b + x, a + b + x - 1, ahead / (alpha + age + ahead)
    )
    below = 1 + a / (b + x - 1) * ((alpha + age) / (alpha + last)) ** (r + x)
    published = (a + b + x - 1) / (a - 1) * (1 - inner) / below
    assert CLASSIC.expected_orders(one(x, last, age), ahead)[0] == pytest.approx(
        published, rel=1e-5
    )
    assert published == pytest.approx(1.226, abs=1e-3)


def test_pareto_likelihood_equals_plain_quadrature_and_forecast_the_closed_form():
    model = ParetoNbd(0.55, 10.6, 0.61, 11.7)
    x, last, age, ahead = 4, 20.0, 38.0, 39.0
    inner = quad(
        lambda y: (model.alpha + y) ** -(model.r + x) * (model.beta + y) ** -(model.s + 1),
        last,
        age,
    )[0]
    still = (model.alpha + age) ** -(model.r + x) * (model.beta + age) ** -model.s
    scale = gamma(model.r + x) / gamma(model.r) * model.alpha**model.r * model.beta**model.s
    seen = one(x, last, age)
    assert model.log_likelihoods(seen)[0] == pytest.approx(
        np.log(scale * (still + model.s * inner)), rel=1e-9
    )
    alive = still / (still + model.s * inner)
    assert model.alive(seen)[0] == pytest.approx(alive, rel=1e-9)
    active = 1 - ((model.beta + age) / (model.beta + age + ahead)) ** (model.s - 1)
    wanted = (
        alive * (model.r + x) * (model.beta + age) / (model.alpha + age) / (model.s - 1) * active
    )
    assert model.expected_orders(seen, ahead)[0] == pytest.approx(wanted, rel=1e-9)


MODELS = [
    CLASSIC,
    DropoutModel(1.3, 2.8, 0.42, 0.79, k=2, leaves_at_once=True),
    ParetoNbd(0.79, 5.7, 0.39, 5.7),
]


@settings(max_examples=60, deadline=None)
@given(
    x=st.integers(1, 300),
    last=st.floats(0.2, 50),
    silence=st.floats(0.1, 50),
    more=st.floats(0.1, 100),
    which=st.integers(0, 2),
)
def test_p_alive_falls_with_silence_and_orders_of_random_buyers_too(x, last, silence, more, which):
    model = MODELS[which]
    shorter, longer = one(x, last, last + silence), one(x, last, last + silence + more)
    assert 0 <= model.alive(longer)[0] <= model.alive(shorter)[0] + 1e-9 <= 1 + 2e-9
    if which == 0:  # not so for regular buyers: after some days of silence the next order is due
        near, far = (model.expected_orders(seen, 13.0)[0] for seen in (shorter, longer))
        assert 0 <= far <= near + 1e-6


def test_a_total_of_logs_is_scipys():
    """Also where one part is nothing, and where the plain sum would be 0 or overflow."""
    logs = np.array([[-1e4, -1e4 - 2, -np.inf], [900.0, 901, -800], [0.5, -0.5, 0.0]])
    weights = np.array([0.2, 0.3, 0.5])
    np.testing.assert_allclose(log_total(logs), logsumexp(logs, axis=1), rtol=1e-14)
    np.testing.assert_allclose(
        log_total(logs, weights), logsumexp(logs, axis=1, b=weights), rtol=1e-14
    )


def test_orders_of_one_date_count_once_and_their_amounts_add_up():
    who, day = np.array([0, 0, 0, 1]), np.array([3, 3, 10, 5])
    days = order_days(who, day, np.array([1.0, 2.0, 4.0, 8.0]))
    assert days.day.tolist() == [3, 10, 5]
    assert days.amount.tolist() == [3.0, 4.0, 8.0]
    seen = histories(days, 17)
    assert seen.repeats.tolist() == [1, 0]
    assert seen.last.tolist() == [1.0, 0.0]
    assert seen.age.tolist() == [2.0, 12 / 7]
    assert seen.spend[0] == 4.0
    with pytest.raises(ValueError, match="after the end"):
        histories(days, 9)


def test_nobody_who_came_back_is_a_refusal():
    seen = Histories(*np.zeros((4, 30)), spend=np.full(30, np.nan), unit_days=7.0)
    for fit in (fit_dropout, fit_pareto):
        with pytest.raises(NoFitError, match="ordered twice"):
            fit(seen)


def test_gamma_gamma_finds_what_made_the_amounts():
    truth, random = GammaGamma(6.25, 3.74, 15.44), np.random.default_rng(3)
    repeats = random.integers(1, 9, 6000).astype(float)
    rates = random.gamma(truth.q, 1 / truth.gamma, repeats.size)
    spend = random.gamma(truth.p * repeats, 1 / rates) / repeats
    found, _value = fit_spend(repeats, spend)
    assert found.q == pytest.approx(truth.q, rel=0.12)
    mean = truth.p * truth.gamma / (truth.q - 1)
    nobody = found.expected(np.array([0.0]), np.array([np.nan]))[0]
    assert nobody == pytest.approx(mean, rel=0.05)
    with pytest.raises(NoFitError, match="24 more"):
        fit_spend(repeats[:1], spend[:1])
