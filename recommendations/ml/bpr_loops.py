"""The inner loop of BPR, compiled. Only modules that compute import this one, and lazily."""

from __future__ import annotations

import numpy as np

from .kernels import compiled


@compiled()
def pairs_learned(order, pairs, known, factors, state, options):
    """One pass over pairs of user and item, each against the hardest of some drawn items.

    order: int64, which pairs in which order. pairs: (user, item), int64 each. known: (indptr,
    items) of all pairs, items ascending within a user, so that none is drawn against itself.
    factors: (users, items, item bias), changed in place. state: uint64 (1,), the generator's,
    never 0. options: (step size, penalty, tries).
    """
    users, items, bias = factors
    rate, penalty, tries = options
    n_items = np.uint64(items.shape[0])
    for number in range(order.shape[0]):
        u, i = pairs[0][order[number]], pairs[1][order[number]]
        j, hardest = np.int64(-1), np.float32(-np.inf)
        for _attempt in range(tries):
            drawn = np.int64(_next(state) % n_items)
            if not _among(known[1], known[0][u], known[0][u + 1], drawn):
                score = _dot(users[u], items[drawn]) + bias[drawn]
                if score > hardest:
                    j, hardest = drawn, score
        if j >= 0:
            lead = _dot(users[u], items[i]) + bias[i] - hardest
            step = np.float32(1) / (np.float32(1) + np.exp(lead))
            bias[i] += rate * (step - penalty * bias[i])
            bias[j] -= rate * (step + penalty * bias[j])
            _move(users[u], items[i], items[j], rate, penalty, step)


@compiled()
def _move(user, liked, other, rate, penalty, step):
    for f in range(user.shape[0]):
        own, better, worse = user[f], liked[f], other[f]
        user[f] += rate * (step * (better - worse) - penalty * own)
        liked[f] += rate * (step * own - penalty * better)
        other[f] -= rate * (step * own + penalty * worse)


@compiled()
def _dot(left, right):
    total = np.float32(0)
    for f in range(left.shape[0]):
        total += left[f] * right[f]
    return total


@compiled(sums=False)
def _next(state):
    """xorshift64*. Source: Vigna, ACM Trans. Mathematical Software 42(4), 2016."""
    x = state[0]
    x ^= x >> np.uint64(12)
    x ^= x << np.uint64(25)
    x ^= x >> np.uint64(27)
    state[0] = x
    return (x * np.uint64(2685821657736338717)) >> np.uint64(33)


@compiled(sums=False)
def _among(values, start, end, wanted):
    """Whether the ascending values[start:end] hold one."""
    low, high = start, end
    while low < high:
        middle = (low + high) // 2
        if values[middle] < wanted:
            low = middle + 1
        else:
            high = middle
    return low < end and values[low] == wanted
