from .experiments import ExperimentAdmin
from .placements import PlacementAdmin
from .receipts import RecommendationAdmin
from .rules import RuleAdmin
from .runs import RecommenderRunAdmin

__all__ = [
    "ExperimentAdmin",
    "PlacementAdmin",
    "RecommendationAdmin",
    "RecommenderRunAdmin",
    "RuleAdmin",
]
