"""Addresses that stand in mails. They are kept short and never change."""

from django.urls import path

from marketing import public, public_reviews

app_name = "marketing"
urlpatterns = [
    path("reports/", public.reports, name="reports"),
    path("o/<str:token>.gif", public.opened, name="open"),
    path("l/<str:token>", public.link, name="link"),
    path("p/<str:token>", public.recommended, name="recommended"),
    path("p/<str:token>/<int:place>", public.recommended),
    path("g/<str:token>", public.guest, name="guest"),
    path("r/<str:token>", public_reviews.review, name="review"),
    path("u/<str:token>", public.unsubscribe, name="unsubscribe"),
]
