"""The addresses of this app below /api/storefront/v1/."""

from django.urls import path

from recommendations.api.storefront import Recommendations

storefront = [path("recommendations/", Recommendations.as_view(), name="recommendations")]
