"""What a run needed."""

from __future__ import annotations

import sys


def peak_memory_mb() -> float | None:
    """The most this process ever held; not known on Windows. macOS counts bytes, Linux kilobytes."""
    if sys.platform == "win32":
        return None
    import resource  # the module is missing on Windows

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (1024 * 1024 if sys.platform == "darwin" else 1024), 1)
