"""Sharing and rounding of minor units, without a database. Rules and worked tables: docs/ledgers.md."""

from __future__ import annotations

from collections.abc import Sequence

BASIS = 10_000  # basis points in the whole: 2000 is 20 %


def share_out(amount_minor: int, weights: Sequence[int]) -> list[int]:
    """Split an amount in proportion to weights; the shares add up to the amount exactly.

    Each share is first rounded down; the units left over go one each to the largest remainders,
    the earlier weight first where remainders are equal (largest remainder, Hamilton's method).
    `amount_minor` and every weight are 0 or more; a share is never more than its weight while the
    amount is not more than all weights together. Raises ValueError for anything else.
    """
    whole = sum(weights)
    if amount_minor < 0 or any(weight < 0 for weight in weights):
        raise ValueError("only amounts and weights of 0 or more can be shared out")
    if whole == 0:
        if amount_minor:
            raise ValueError("there is nothing to share the amount over")
        return [0] * len(weights)
    shares = [amount_minor * weight // whole for weight in weights]
    remainders = [amount_minor * weight % whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda index: (-remainders[index], index))
    for index in by_remainder[: amount_minor - sum(shares)]:
        shares[index] += 1
    return shares


def tax_of(amount_minor: int, basis_points: int, *, included: bool) -> int:
    """The tax in an amount (`included`) or on top of it, rounded half up to the minor unit."""
    whole = BASIS + basis_points if included else BASIS
    return (2 * amount_minor * basis_points + whole) // (2 * whole)


def part_of(amount_minor: int, units: int, *, before: int, taken: int) -> int:
    """What `taken` of `units` are worth when `before` were taken already.

    The value of the first n units is the amount × n ÷ units, rounded down, and a part is the
    difference of two such values: whoever takes the last unit gets the remainder, so that all
    parts together are the amount, in whatever portions they were taken.
    """
    if not 0 <= before <= before + taken <= units:
        raise ValueError(f"{taken} units after {before} are more than {units}")
    return amount_minor * (before + taken) // units - amount_minor * before // units
