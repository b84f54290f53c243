from .receipts import RecommendationAdmin
from .rules import RuleAdmin
from .runs import RecommenderRunAdmin

__all__ = ["RecommendationAdmin", "RecommenderRunAdmin", "RuleAdmin"]
