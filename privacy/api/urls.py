"""Privacy's addresses below /api/merchant/v1/."""

from django.urls import path

from privacy.api import merchant as m

merchant = [
    path("erasures/", m.Erasures.as_view(), name="erasures"),
    path("erasures/<int:pk>/", m.ErasureDetail.as_view(), name="erasure"),
    path("erasures/<int:pk>/decision/", m.ErasureDecision.as_view(), name="erasure-decision"),
    path("customers/<str:code>/erasure/", m.ErasurePreview.as_view(), name="erasure-preview"),
    path("customers/<str:code>/data/", m.PersonalData.as_view(), name="personal-data"),
]
