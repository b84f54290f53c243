from .experiments import Experiment, ExperimentMetric, ExperimentState
from .jobs import Job, JobState
from .model_runs import LivePeriod, ModelRun, RunState
from .receipts import Decision, DecisionChange, DecisionState

__all__ = [
    "Decision",
    "DecisionChange",
    "DecisionState",
    "Experiment",
    "ExperimentMetric",
    "ExperimentState",
    "Job",
    "JobState",
    "LivePeriod",
    "ModelRun",
    "RunState",
]
