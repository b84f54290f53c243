"""What is really so, in files: for tests and what-if questions, never for a model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl


def truth_folder(var_dir: Path) -> Path:
    return var_dir / "truth"


def write_truth(folder: Path, truth: dict[str, Any]) -> Path:
    """Frames as parquet, arrays as one npz, the rest as truth.json, written last."""
    folder.mkdir(parents=True, exist_ok=True)
    plain = {}
    for name, value in truth.items():
        if isinstance(value, pl.DataFrame):
            value.write_parquet(folder / f"{name}.parquet")
        elif isinstance(value, dict) and all(isinstance(v, np.ndarray) for v in value.values()):
            np.savez_compressed(folder / f"{name}.npz", **value)
        else:
            plain[name] = value
    path = folder / "truth.json"
    unfinished = path.with_suffix(".part")
    unfinished.write_text(json.dumps(plain, indent=1, ensure_ascii=False))
    unfinished.replace(path)
    return path


def read_truth(folder: Path) -> dict[str, Any]:
    """The same dictionary again. Raises FileNotFoundError where nothing was simulated."""
    truth = json.loads((folder / "truth.json").read_text())
    for path in folder.glob("*.parquet"):
        truth[path.stem] = pl.read_parquet(path)
    for path in folder.glob("*.npz"):
        with np.load(path) as arrays:
            truth[path.stem] = {name: arrays[name] for name in arrays.files}
    return truth
