from .lists import ListPublication, ListWriter, PublishedList
from .placements import Placement, Rule, RuleAction
from .runs import KIND, TASK, Recommendation, RecommenderRun

__all__ = [
    "KIND",
    "TASK",
    "ListPublication",
    "ListWriter",
    "Placement",
    "PublishedList",
    "Recommendation",
    "RecommenderRun",
    "Rule",
    "RuleAction",
]
