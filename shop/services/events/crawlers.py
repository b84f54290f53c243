"""Who says of themselves that they are a program. Not a defence: it keeps the honest ones out."""

from __future__ import annotations

from functools import lru_cache

from crawleruseragents import is_crawler

MAX_AGENT = 512  # characters looked at: browsers use about 150


@lru_cache(maxsize=4096)
def _is_crawler(agent: str) -> bool:
    return is_crawler(agent)


def is_bot(agent: object) -> bool:
    """Whether a User-Agent is on the kept list of crawlers; what is no text is not."""
    return isinstance(agent, str) and bool(agent) and _is_crawler(agent[:MAX_AGENT])
