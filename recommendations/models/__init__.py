from .lists import ListPublication, ListWriter, PublishedList
from .placements import Placement, PriceThan, Rule, RuleAction
from .repeats import BuyAgain, RepeatPurchase
from .runs import KIND, TASK, Recommendation, RecommenderRun

__all__ = [
    "KIND",
    "TASK",
    "BuyAgain",
    "ListPublication",
    "ListWriter",
    "Placement",
    "PriceThan",
    "PublishedList",
    "Recommendation",
    "RecommenderRun",
    "RepeatPurchase",
    "Rule",
    "RuleAction",
]
