"""Where one thought of a message ends and the next begins, in English and Chinese."""

from __future__ import annotations

import re
from itertools import pairwise

_LETTER = re.compile(r"[^\W\d_]")
# A point or comma between digits ends nothing.
_ENDS = re.compile(r"(?<!\d)[.,]|[.,](?!\d)|[!?;:。！？；：，、…\n()（）]+|\s[–—-]\s")
_TURNS = re.compile(
    r"\b(?:but|although|though|however|yet|except|whereas|even if|shame)\b"
    r"|(?<!不)但是?|不过|可是|可惜|虽然|然而|倒是|还好|只是(?!个)|唯一",
    re.IGNORECASE,
)


def clauses_of(text: str) -> list[tuple[int, int]]:
    """(start, end) of each clause that holds a letter, in order; a question keeps its mark.

    Cut at punctuation and at words that turn a thought round ("late but lovely").
    """
    cuts = {0, len(text)}
    for match in _ENDS.finditer(text):
        cuts.add(match.end())
    for match in _TURNS.finditer(text):
        cuts.add(match.start())
    edges = sorted(cuts)
    return [(start, end) for start, end in pairwise(edges) if _LETTER.search(text[start:end])]
