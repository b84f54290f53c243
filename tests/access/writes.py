"""A write of the API that is tried twice."""

from __future__ import annotations

from itertools import count
from typing import Any, NamedTuple

NUMBERS = count(1)


class Write(NamedTuple):
    """Filled into the path; what is sent; what another request under the same key would send."""

    ids: dict[str, Any]
    body: dict[str, Any] | None = None
    other: dict[str, Any] = {"another": "request"}
