"""A training for fault tests: fits for a while, writes a file slowly, publishes. Registers a job."""

from __future__ import annotations

import hashlib
import time
from datetime import UTC, datetime
from pathlib import Path

from decisions.jobs import Progress, job
from decisions.services.artefacts import write_artefact
from decisions.services.model_runs import Trained, existing_run, publish_run

TASK, CHUNK, CHUNKS = "fault", 1 << 20, 16


@job("fault_training", queue="ml", max_attempts=50)
def train(progress: Progress, *, digest: str, fit_seconds: float, write_seconds: float) -> dict:
    known = existing_run(TASK, digest)
    if known:
        return {"run": known.pk, "skipped": True}
    steps = 20
    for number in range(steps):
        progress(number, steps, "fitting")
        time.sleep(fit_seconds / steps)
    file = write_artefact(TASK, ".bin", lambda path: _write_slowly(path, digest, write_seconds))
    run = publish_run(_trained(digest, file, progress.job_id), progress)
    return {"run": run.pk}


def _write_slowly(path: Path, digest: str, seconds: float) -> None:
    block = hashlib.sha256(digest.encode()).digest() * (CHUNK // 32)
    with path.open("wb") as file:
        for _ in range(CHUNKS):
            file.write(block)
            file.flush()
            time.sleep(seconds / CHUNKS)


def _trained(digest: str, file: tuple[str, str, int], job_id: int) -> Trained:
    return Trained(
        task=TASK,
        model="tea-leaves",
        params={},
        seed=0,
        data_until=datetime.now(UTC),
        row_count=1,
        data_hash=digest,
        metrics={"tea-leaves": {"ndcg": 0.2}, "popularity": {"ndcg": 0.1}},
        metric="ndcg",
        higher_is_better=True,
        value=0.2,
        baseline="popularity",
        baseline_value=0.1,
        artefact=file,
        job_id=job_id,
    )
