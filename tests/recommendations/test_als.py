"""The own ALS lowers the same function as `implicit` to the same place, on any number of threads."""

import os
import subprocess
import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from implicit.cpu._als import least_squares_cg
from implicit.cpu.als import AlternatingLeastSquares
from scipy import sparse
from threadpoolctl import threadpool_limits

from recommendations.ml import als, als_torch, fits
from recommendations.ml.sources import Factors, HistoryRule

PARAMS = als.AlsParams(factors=18, regularization=2.0, iterations=6, seed=4)


def make_confidence(n_users=400, n_items=150, entries=6_000, seed=0):
    """A few items that nearly everybody has, a user and an item without any entry."""
    rng = np.random.default_rng(seed)
    user = rng.integers(1, n_users, entries)
    item = (rng.random(entries) ** 3 * (n_items - 1)).astype(int)
    ones = sparse.csr_matrix((np.ones(entries, np.float32), (user, item)), (n_users, n_items))
    ones.data = (1 + 10 * np.log1p(ones.data)).astype(np.float32)
    return ones


def theirs(confidence, **options):
    model = AlternatingLeastSquares(
        factors=PARAMS.factors,
        regularization=PARAMS.regularization,
        iterations=PARAMS.iterations,
        random_state=PARAMS.seed,
        alpha=1.0,
        **options,
    )
    with threadpool_limits(1, "blas"):
        model.fit(confidence, show_progress=False)
    return model


def one_sweep_each(confidence):
    """Ours and theirs, from one start that is well conditioned.

    From ALS's own start, where all factors point the same way, rounding decides the second and
    third step, and two runs of `implicit` on other data types differ as much.
    """
    rng = np.random.default_rng(2)
    fixed = rng.normal(size=(confidence.shape[1], 18)).astype(np.float32)
    ours, theirs = np.ones((2, confidence.shape[0], 18), np.float32)
    plain = np.zeros(confidence.shape[0], np.float32)
    als.sweep((als._csr(confidence), plain), ours, fixed, 2.0, (3, np.float32(0)))
    least_squares_cg(confidence, theirs, fixed, 2.0, num_threads=1)
    return ours, theirs


def test_one_sweep_is_that_of_implicit():
    ours, theirs = one_sweep_each(make_confidence())
    assert ours == pytest.approx(theirs, abs=1e-4)
    assert not ours[0].any()


def test_a_row_longer_than_a_block_is_solved_as_a_short_one():
    """Its rows of factors are gathered block by block."""
    long = sparse.random(3, 2_500, 0.9, "csr", np.float32, np.random.default_rng(3))
    long.data += 1
    ours, theirs = one_sweep_each(long)
    assert ours == pytest.approx(theirs, abs=1e-4)


def test_the_objective_is_within_a_thousandth_of_implicit_s():
    confidence = make_confidence()
    model = theirs(confidence)
    ours = als.objective(confidence, *als.fit_factors(confidence, PARAMS), 2.0)
    other = als.objective(confidence, model.user_factors, model.item_factors, 2.0)
    assert ours == pytest.approx(other, rel=1e-3)


def test_the_objective_is_the_sum_over_every_pair():
    confidence = make_confidence(30, 20, 100)
    rng = np.random.default_rng(1)
    users, items = rng.normal(size=(30, 3)), rng.normal(size=(20, 3))
    weight = np.where(confidence.toarray() > 0, confidence.toarray(), 1)
    wanted = (confidence.toarray() > 0).astype(float)
    direct = (weight * (wanted - users @ items.T) ** 2).sum() + 2 * (
        (users**2).sum() + (items**2).sum()
    )
    assert als.objective(confidence, users, items, 2.0) == pytest.approx(direct, rel=1e-10)


def test_the_number_of_threads_changes_no_bit():
    confidence = make_confidence()
    one, two, five = (als.fit_factors(confidence, PARAMS, threads) for threads in (1, 2, 5))
    for side in (0, 1):
        assert (one[side] == two[side]).all()
        assert (one[side] == five[side]).all()


def test_a_fold_in_is_the_exact_solution():
    confidence = make_confidence()
    _users, items = als.fit_factors(confidence, PARAMS)
    found = als.fold_in(confidence, items, PARAMS.regularization)
    wide = items.astype(np.float64)
    gram = wide.T @ wide + PARAMS.regularization * np.eye(18)
    for user in range(400):
        row = confidence[user]
        mine = wide[row.indices]
        matrix = gram + (mine.T * (row.data - 1)) @ mine
        assert found[user] == pytest.approx(np.linalg.solve(matrix, mine.T @ row.data), abs=1e-5)


def test_a_penalty_by_frequency_is_in_the_fold_in_and_keeps_its_mean():
    """One by one, many together and straight from the definition; the items' side likewise."""
    confidence, params = make_confidence(), replace(PARAMS, by_frequency=True, unobserved=0.05)
    users, items = als.fit_factors(confidence, replace(params, iterations=60))
    scale = als.Scale.of(confidence, params)
    lengths = np.diff(confidence.indptr)
    penalty = 2.0 * (lengths + 0.05 * confidence.shape[1]) / scale.mean
    assert penalty.mean() == pytest.approx(2.0)
    found = als.fold_in(confidence, items, 2.0, 1, scale)
    rule = HistoryRule(None, by_weight=False)
    source = Factors.of(items, 1.0, 2.0, rule, scale)
    wide = items.astype(np.float64)
    for user in range(0, 400, 7):
        row = confidence[user]
        mine = wide[row.indices]
        matrix = wide.T @ wide + penalty[user] * np.eye(18) + (mine.T * (row.data - 1)) @ mine
        exact = np.linalg.solve(matrix, mine.T @ row.data)
        assert found[user] == pytest.approx(exact, abs=1e-5)
        own = source._system(row.indices, row.data)
        assert np.linalg.solve(own[0], own[1].sum(axis=0)) == pytest.approx(exact, abs=1e-5)
    # Where the training has come to rest, an item's row solves its own equation.
    turned = confidence.T.tocsr()
    item_scale = als.Scale.of(turned, params)
    again = als.fold_in(turned, users, 2.0, 1, item_scale)
    assert items == pytest.approx(again, abs=2e-3)


def test_without_it_no_bit_changes():
    confidence = make_confidence()
    plain, asked = (
        als.fit_factors(confidence, params) for params in (PARAMS, replace(PARAMS, unobserved=0.3))
    )
    assert (plain[1] == asked[1]).all()
    other = als.fit_factors(confidence, replace(PARAMS, by_frequency=True))
    assert np.abs(other[1] - plain[1]).max() > 1e-3


def test_equal_work_covers_every_row_once():
    indptr = np.array([0, 5_000, 5_000, 5_001, 5_002])
    spans = als.equal_work(indptr, 4, 3)
    assert spans[0][0] == 0
    assert spans[-1][1] == 4
    assert all(left[1] == right[0] for left, right in pairwise(spans))


def torch_agrees(device):
    """Cholesky there and here: the same steps, so the same factors up to rounding."""
    confidence = make_confidence()
    users, items = als_torch.fit_factors(confidence, PARAMS, device)
    model = theirs(confidence, use_cg=False)
    assert users == pytest.approx(model.user_factors, abs=1e-3)
    assert items == pytest.approx(model.item_factors, abs=1e-3)
    ours = als.objective(confidence, users, items, 2.0)
    other = als.objective(confidence, model.user_factors, model.item_factors, 2.0)
    assert ours == pytest.approx(other, rel=1e-3)


def test_torch_scales_the_penalty_as_the_loops_do():
    """Its last step solves the items exactly while the users stand."""
    pytest.importorskip("torch")
    confidence, params = make_confidence(), replace(PARAMS, by_frequency=True, unobserved=0.05)
    users, items = als_torch.fit_factors(confidence, params)
    turned = confidence.T.tocsr()
    exact = als.fold_in(turned, users, 2.0, 1, als.Scale.of(turned, params))
    assert items == pytest.approx(exact, abs=1e-3)
    assert np.abs(items - als.fold_in(turned, users, 2.0, 1)).max() > 1e-2


def test_torch_has_the_factors_of_implicit_on_the_processor():
    pytest.importorskip("torch")
    torch_agrees("cpu")


@pytest.mark.gpu
def test_torch_has_the_factors_of_implicit_on_the_gpu():
    pytest.importorskip("torch")
    device = als_torch.best_device()
    if device == "cpu":
        pytest.skip("skipped: no GPU")
    torch_agrees(device)


def test_batches_hold_every_row_once_within_the_limit():
    lengths = np.sort(np.random.default_rng(0).integers(1, 90_000, 9_000))
    parts = als_torch._batches(lengths)
    assert [part.start for part in parts[1:]] == [part.stop for part in parts[:-1]]
    assert parts[-1].stop == 9_000
    for part in parts:
        rows = part.stop - part.start
        assert rows == 1 or rows * lengths[part.stop - 1] <= als_torch.GATHERED


FORK_AFTER_USE = """
import os, sys
import numpy as np
from scipy import sparse
from recommendations.ml import als
ones = sparse.csr_matrix(np.ones((600, 9), np.float32))
work = lambda: als.fit_factors(ones, als.AlsParams(4, iterations=1), threads=2)
work()
child = os.fork()
if not child:
    work()
    os._exit(0)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_a_process_may_fork_after_it_has_computed():
    """numba's own threading layers would end or hang the child here."""
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", FORK_AFTER_USE], cwd=root, timeout=600, check=False
    )
    assert done.returncode == 0


def test_compiled_loops_are_kept_where_the_program_may_write(tmp_path):
    """The settings name the folder before numba is imported; the source may be read-only."""
    code = "import django; django.setup(); import os; print(os.environ['NUMBA_CACHE_DIR'])"
    bare = {name: value for name, value in os.environ.items() if name != "NUMBA_CACHE_DIR"}
    environment = bare | {"VAR_DIR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "config.settings"}
    said = subprocess.check_output(
        [sys.executable, "-c", code], cwd=Path(__file__).parents[2], env=environment, text=True
    )
    assert Path(said.strip()) == tmp_path / "compiled"


def test_without_numba_implicit_fits(monkeypatch):
    monkeypatch.setattr(als, "compiled_here", lambda: False)
    params = {"factors": 18, "regularization": 2.0, "iterations": 6}
    found = fits.als_item_factors(make_confidence(), params, 4, gpu=False)
    assert found == pytest.approx(theirs(make_confidence()).item_factors, abs=1e-6)
