"""Masks the export of the night by Veil's jobs API.

VEIL and VEIL_KEY are environment variables of the worker, or come from its secrets backend.
"""

import json
import os
import time
import urllib.request
from datetime import datetime, timedelta

POLL_SECONDS = float(os.environ.get("VEIL_POLL", "5"))


def call(path, body=None, key=None):
    """Sends a request to the API and returns the document of the response."""
    request = urllib.request.Request(os.environ["VEIL"] + path, headers={"X-API-Key": os.environ["VEIL_KEY"]})
    if body is not None:
        request.data = json.dumps(body).encode()
        request.add_header("Content-Type", "application/json")
    if key is not None:
        request.add_header("Idempotency-Key", f'"{key}"')
    with urllib.request.urlopen(request, timeout=60) as response:
        return json.load(response)


def mask_day(day):
    """Submits the job of a day and waits for its end. A retry finds the same job."""
    request = {
        "kind": "mask",
        "view": "research",
        "source": {"place": "exports", "path": day},
        "target": {"place": "masked", "path": day},
    }
    job = call("/jobs", request, key=f"airflow-{day}")
    while job["state"] not in ("complete", "failed", "cancelled"):
        time.sleep(POLL_SECONDS)
        job = call("/jobs/" + job["id"])
    if job["state"] != "complete":
        raise RuntimeError(f"job {job['id']} {job['state']}: {job.get('error', '')}")
    return job["id"]


def keep_record(job_id):
    """Returns the record of a run, for XCom or a table of records."""
    return call(f"/jobs/{job_id}/record")


try:
    from airflow.decorators import dag, task
except ImportError:  # the functions above are of use without Airflow
    dag = None

if dag is not None:

    @dag(schedule="17 3 * * *", start_date=datetime(2026, 1, 1), catchup=False, max_active_runs=1,
         default_args={"retries": 2, "retry_delay": timedelta(minutes=5)})
    def veil_mask():
        @task
        def mask(ds=None):
            return mask_day(ds)

        @task
        def record(job_id):
            return keep_record(job_id)

        record(mask())

    veil_mask()
