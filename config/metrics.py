"""`/metrics`: requests by view and the state of the work, for Prometheus."""

from __future__ import annotations

import hmac
import os
import time
from collections.abc import Callable, Iterator

from django.conf import settings
from django.db.models import Count, Min
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Histogram,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector

from decisions.models import Job, JobState

REQUESTS = Counter(
    "backroom_http_requests_total", "Answered requests.", ["method", "route", "status"]
)
SECONDS = Histogram("backroom_http_request_seconds", "Time to answer.", ["method", "route"])
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}


class JobCollector:
    """Read at scrape time: rows are the truth, whichever process is asked."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        jobs = GaugeMetricFamily("backroom_jobs", "Jobs by state.", labels=["state"])
        for state, count in Job.objects.order_by().values_list("state").annotate(n=Count("pk")):
            jobs.add_metric([state], count)
        yield jobs
        oldest = Job.objects.filter(state=JobState.QUEUED).aggregate(at=Min("created_at"))["at"]
        waited = (timezone.now() - oldest).total_seconds() if oldest else 0
        yield GaugeMetricFamily(
            "backroom_oldest_queued_job_seconds", "How long the oldest job has waited.", waited
        )


def metrics(request: HttpRequest) -> HttpResponse:
    wanted = settings.METRICS_TOKEN
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if wanted and not hmac.compare_digest(given.encode(), wanted.encode()):
        return HttpResponse(status=401, headers={"WWW-Authenticate": "Bearer"})
    jobs = CollectorRegistry()
    jobs.register(JobCollector())
    body = generate_latest(_requests()) + generate_latest(jobs)
    return HttpResponse(body, content_type=CONTENT_TYPE_LATEST)


def _requests() -> CollectorRegistry:
    """Several gunicorn workers share their counts through PROMETHEUS_MULTIPROC_DIR."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return REGISTRY
    together = CollectorRegistry()
    MultiProcessCollector(together)
    return together


class CountRequests:
    """Middleware. The label is the route, not the path: a path holds SKUs without end."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        began = time.perf_counter()
        response = self.get_response(request)
        route = request.resolver_match.route if request.resolver_match else "none"
        method = request.method if request.method in METHODS else "other"
        REQUESTS.labels(method, route, response.status_code).inc()
        SECONDS.labels(method, route).observe(time.perf_counter() - began)
        return response
