"""Addresses below /api/merchant/v1/."""

from django.urls import path

from decisions.api import merchant as views

merchant = [
    path("jobs/", views.Jobs.as_view(), name="jobs"),
    path("jobs/<int:pk>/", views.JobOne.as_view(), name="job"),
    path("jobs/<int:pk>/cancel/", views.JobCancel.as_view(), name="job-cancel"),
    path("model-runs/", views.ModelRuns.as_view(), name="model-runs"),
    path("model-runs/<int:pk>/", views.ModelRunOne.as_view(), name="model-run"),
    path("model-runs/<int:pk>/live/", views.ModelRunLive.as_view(), name="model-run-live"),
    path("decisions/", views.Decisions.as_view(), name="decisions"),
    path("decisions/<uuid:pk>/", views.DecisionOne.as_view(), name="decision"),
    path("decisions/<uuid:pk>/approve/", views.DecisionApprove.as_view(), name="decision-approve"),
    path("decisions/<uuid:pk>/refuse/", views.DecisionRefuse.as_view(), name="decision-refuse"),
    path("decisions/<uuid:pk>/replay/", views.DecisionReplay.as_view(), name="decision-replay"),
]
