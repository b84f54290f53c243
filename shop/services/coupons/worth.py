"""What a coupon takes off which line, without a database. Rules and worked tables: docs/coupons.md."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from shop.shares import BASIS, share_out


@dataclass(frozen=True)
class Terms:
    """percent: 1 to 90, none: a fixed amount. most_minor: that amount, or the most of a percentage."""

    percent: int | None
    most_minor: int


@dataclass(frozen=True)
class Line:
    """total_minor: what the line costs at the prices in force. least_minor: what must be left of it;
    none: nobody entered what the goods cost, so that no reduction can be proven harmless."""

    total_minor: int
    is_meant: bool
    least_minor: int | None

    @property
    def room_minor(self) -> int:
        if not self.is_meant or self.least_minor is None:
            return 0
        return max(0, self.total_minor - self.least_minor)


@dataclass(frozen=True)
class Off:
    """What one line gets, and whether the margin floor gave it less than the offer says."""

    minor: int
    is_capped: bool


def least_of_line(
    units: int, cost_minor: int, *, floor_rate: float, tax_basis_points: int, tax_included: bool
) -> int:
    """What must be left of a line, in the minor units in which it is priced.

    At least `floor_rate` of what the shop keeps after tax is margin: cost ÷ (1 − rate), rounded
    up, and the tax on top where prices include it.
    """
    net = math.ceil(units * cost_minor / (1 - floor_rate) - 1e-9)
    if not tax_included:
        return net
    return -(-net * (BASIS + tax_basis_points) // BASIS)


def taken_off(terms: Terms, lines: Sequence[Line]) -> list[Off]:
    """Per line; never below what must be left of it, never more in all than the terms say.

    A percentage of each line that is meant, rounded down. A fixed amount is shared over them in
    proportion; what a line has no room for goes to those that have.
    """
    meant = [line.total_minor if line.is_meant else 0 for line in lines]
    wanted = _percentage(terms, meant) if terms.percent is not None else _fixed(terms, meant)
    given = [min(wish, line.room_minor) for wish, line in zip(wanted, lines, strict=True)]
    capped = [wish > off for wish, off in zip(wanted, given, strict=True)]
    if terms.percent is None:
        rooms = [line.room_minor - off for line, off in zip(lines, given, strict=True)]
        rest = min(sum(wanted) - sum(given), sum(rooms))
        given = [off + more for off, more in zip(given, share_out(rest, rooms), strict=True)]
    return [Off(off, is_capped) for off, is_capped in zip(given, capped, strict=True)]


def _percentage(terms: Terms, meant: Sequence[int]) -> list[int]:
    wanted = [total * (terms.percent or 0) // 100 for total in meant]
    if sum(wanted) > terms.most_minor:
        return share_out(terms.most_minor, wanted)
    return wanted


def _fixed(terms: Terms, meant: Sequence[int]) -> list[int]:
    return share_out(min(terms.most_minor, sum(meant)), meant)
