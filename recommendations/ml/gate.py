"""Whether what was chosen may go on. The test part may refuse a choice; it never makes another one.

So the figure of what goes live stays honest: it is that of the model which the validation part
named, whatever the test part says of the others.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from .harness import Measured, best_baseline
from .metrics import paired_difference
from .mixing import MIXES


@dataclass(frozen=True)
class Gate:
    """The chosen model beside the source that did best on the test part, nDCG customer by customer.

    baseline: what it has to beat. Where it is behind the best source by more than luck (`high` below
    0), that source, which then serves if nothing else does; else the better of the usual baselines.
    """

    baseline: str
    against: str
    difference: float
    low: float
    high: float

    @property
    def is_behind(self) -> bool:
        return self.high < 0

    @property
    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"is_behind": self.is_behind}


def gate(measured: Measured, chosen: str, *, seed: int) -> Gate:
    """Ask the test part once. The interval is the 95 % bootstrap over customers."""
    singles = [name for name in measured.ndcg if name not in MIXES]
    best = max(singles, key=lambda name: measured.metrics[name]["ndcg"])
    mean, low, high = paired_difference(measured.ndcg[chosen], measured.ndcg[best], seed=seed)
    behind = high < 0
    return Gate(best if behind else best_baseline(measured.metrics, "ndcg"), best, mean, low, high)
