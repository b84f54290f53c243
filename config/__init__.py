"""The house itself. Imported before anything else, by every process."""

import os

# Read once, when the numeric libraries load. Idle OpenMP threads must sleep, not spin: on a busy
# two-core machine training is ten times faster so. One BLAS thread answers a request in 0.2 ms
# where two waiting for each other take 12 to 30.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from config.celery import app as celery_app

__all__ = ["celery_app"]
