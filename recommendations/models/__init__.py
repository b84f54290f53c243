from .lists import ListPublication, PublishedList
from .placements import Placement, Rule, RuleAction
from .repeats import BuyAgain, RepeatPurchase
from .runs import KIND, TASK, Recommendation, RecommenderRun

__all__ = [
    "KIND",
    "TASK",
    "BuyAgain",
    "ListPublication",
    "Placement",
    "PublishedList",
    "Recommendation",
    "RecommenderRun",
    "RepeatPurchase",
    "Rule",
    "RuleAction",
]
