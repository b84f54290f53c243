from .lists import ListPublication, PublishedList
from .placements import Placement, Rule, RuleAction
from .runs import KIND, TASK, Recommendation, RecommenderRun

__all__ = [
    "KIND",
    "TASK",
    "ListPublication",
    "Placement",
    "PublishedList",
    "Recommendation",
    "RecommenderRun",
    "Rule",
    "RuleAction",
]
