from .experiments import ExperimentAdmin
from .placements import PlacementAdmin
from .receipts import RecommendationAdmin
from .repeats import BuyAgainAdmin, RepeatPurchaseAdmin
from .rules import RuleAdmin
from .runs import RecommenderRunAdmin

__all__ = [
    "BuyAgainAdmin",
    "ExperimentAdmin",
    "PlacementAdmin",
    "RecommendationAdmin",
    "RecommenderRunAdmin",
    "RepeatPurchaseAdmin",
    "RuleAdmin",
]
