"""The addresses of this app below /api/storefront/v1/ and /api/merchant/v1/."""

from django.urls import path

from recommendations.api import experiments, rules
from recommendations.api import merchant as views
from recommendations.api.storefront import Recommendations

storefront = [path("recommendations/", Recommendations.as_view(), name="recommendations")]
merchant = [
    path("recommendations/report/", views.Report.as_view(), name="recommendation-report"),
    path("recommendations/rules/", rules.Rules.as_view(), name="recommendation-rules"),
    path("recommendations/rules/<int:pk>/", rules.RuleOne.as_view(), name="recommendation-rule"),
    path("experiments/", experiments.Experiments.as_view(), name="experiments"),
    path("experiments/<int:pk>/", experiments.ExperimentOne.as_view(), name="experiment"),
    path(
        "experiments/<int:pk>/start/",
        experiments.ExperimentStart.as_view(),
        name="experiment-start",
    ),
    path(
        "experiments/<int:pk>/stop/", experiments.ExperimentStop.as_view(), name="experiment-stop"
    ),
]
