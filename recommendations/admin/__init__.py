from .receipts import RecommendationAdmin
from .runs import RecommenderRunAdmin

__all__ = ["RecommendationAdmin", "RecommenderRunAdmin"]
