"""The inner loops of reasons, compiled. Only modules that compute import this one, and lazily."""

from __future__ import annotations

import numpy as np

from .kernels import compiled


@compiled(sums=False)
def add_contributions(matrix, histories, lists, weight, total):
    """What one source of neighbours adds to each list's items, by the history row that adds it.

    matrix: CSR (indptr, indices, data) over n items. histories: (indptr, items, values).
    lists: int32 (people, k), −1 for none. weight: the source's in the blend, over the spread that
    its sums have among all items. total: float32 (history rows, k), added to in place.
    """
    starts, columns, data = matrix
    begins, items, values = histories
    n_items = starts.shape[0] - 1
    sums, seen_by = np.zeros(n_items), np.full(n_items, -1, dtype=np.int32)
    place = np.full(n_items, -1, dtype=np.int32)
    touched = np.empty(n_items, dtype=np.int32)
    for person in range(lists.shape[0]):
        _mark(lists[person], place, True)
        own = total[begins[person] : begins[person + 1]]
        part = np.zeros(own.shape, dtype=np.float32)
        count = 0
        for row in range(part.shape[0]):
            item, value = items[begins[person] + row], values[begins[person] + row]
            for entry in range(starts[item], starts[item + 1]):
                column, added = columns[entry], np.float32(data[entry] * value)
                if seen_by[column] != person:
                    seen_by[column] = person
                    sums[column] = 0.0
                    touched[count] = column
                    count += 1
                sums[column] += added
                if place[column] >= 0:
                    part[row, place[column]] += added
        factor = np.float32(weight / _spread(sums, touched[:count], n_items))
        for row in range(part.shape[0]):
            for k in range(part.shape[1]):
                own[row, k] += part[row, k] * factor
        _mark(lists[person], place, False)


@compiled(sums=False)
def strongest_rows(total, histories, best):
    """best: int64 (people, k), the history row that adds most to each item, −1 where none adds.

    histories: (indptr, items, at). Of equal rows the older one, and of one time the lower item.
    """
    begins, items, at = histories
    for person in range(best.shape[0]):
        for k in range(best.shape[1]):
            found, most = -1, np.float32(0)
            for row in range(begins[person], begins[person + 1]):
                value = total[row, k]
                equal = found >= 0 and value == most and at[row] == at[found]
                if value > most or (equal and items[row] < items[found]):
                    found, most = row, value
            best[person, k] = found


@compiled(sums=False)
def _mark(listed, place, is_on):
    for k in range(listed.shape[0]):
        if listed[k] >= 0:
            place[listed[k]] = k if is_on else -1


@compiled(sums=False)
def _spread(sums, touched, n_items):
    """As `one_person.deviation`: of a row of n_items that holds these sums and zeros."""
    total, squares = 0.0, 0.0
    for one in touched:
        value = np.float64(np.float32(sums[one]))
        total += value
        squares += value * value
    variance = squares / n_items - (total / n_items) ** 2
    found = np.sqrt(max(variance, 0.0))
    return found if found > 1e-12 else 1.0
