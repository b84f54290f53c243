from .experiments import (
    Allocation,
    Experiment,
    ExperimentMetric,
    ExperimentState,
    Look,
    ShareBatch,
)
from .jobs import Job, JobState
from .model_runs import LivePeriod, ModelRun, RunState
from .receipts import Decision, DecisionChange, DecisionState
from .snapshots import Snapshot

__all__ = [
    "Allocation",
    "Decision",
    "DecisionChange",
    "DecisionState",
    "Experiment",
    "ExperimentMetric",
    "ExperimentState",
    "Job",
    "JobState",
    "LivePeriod",
    "Look",
    "ModelRun",
    "RunState",
    "ShareBatch",
    "Snapshot",
]
