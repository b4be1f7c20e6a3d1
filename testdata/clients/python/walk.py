"""What the walks of the Python clients share: the facts that are to hold, the
check of all that is received, and bulk export, which no client library has."""

import json
import os
import sys
import time

import requests

PAGE = 7  # small, so that a search has many pages
SAMPLE = 10  # how many resources of a large type are read one by one
EXPORT_SECONDS = 120


class Walk:
    """A walk through a FHIR server, with what must be seen on the way.

    counts has how many resources of a type there are; planted has texts that
    must not be in anything received.
    """

    def __init__(self):
        if len(sys.argv) != 3:
            sys.exit(f"usage: {sys.argv[0]} BASE FACTS")
        self.base = sys.argv[1].rstrip("/")
        with open(sys.argv[2], encoding="utf-8") as f:
            facts = json.load(f)
        self.counts = facts["counts"]
        self.planted = facts["planted"]
        token = os.environ.get("VEIL_TOKEN")
        self.authorization = f"Bearer {token}" if token else None
        self.checked = 0
        self.kinds = {}

    def headers(self, **more):
        if self.authorization:
            more["Authorization"] = self.authorization
        return more

    def check(self, text):
        """Fails if a text that was received shows a planted value."""
        self.checked += len(text)
        for value in self.planted:
            if value in text:
                raise AssertionError(f"received a planted value of {len(value)} characters")

    def all_there(self, kind, ids):
        """Fails if the ids of a type are not as many as there are, each once."""
        ids = list(ids)
        assert len(set(ids)) == len(ids), f"{kind}: an id comes twice"
        assert len(ids) == self.counts[kind], f"{kind}: {len(ids)} of {self.counts[kind]}"
        self.kinds[kind] = len(ids)
        return set(ids)

    def export(self, kinds):
        """Exports types and returns their resources by type."""
        session = requests.Session()
        session.headers.update(self.headers())
        kick = session.get(
            f"{self.base}/$export",
            params={"_type": ",".join(kinds)},
            headers={"Accept": "application/fhir+json", "Prefer": "respond-async"},
        )
        assert kick.status_code == 202, f"export: status {kick.status_code}: {kick.text[:300]}"
        job = kick.headers["Content-Location"]
        assert job.startswith(self.base), "the job is not at the server that was asked"
        deadline = time.monotonic() + EXPORT_SECONDS
        while (status := session.get(job)).status_code == 202:
            assert time.monotonic() < deadline, "the export does not end"
            time.sleep(min(5, int(status.headers.get("Retry-After", "1"))))
        assert status.status_code == 200, f"export: status {status.status_code}: {status.text[:300]}"
        self.check(status.text)
        resources = {kind: [] for kind in kinds}
        for file in status.json()["output"]:
            assert file["url"].startswith(self.base), "a file is not at the server that was asked"
            answer = session.get(file["url"], headers={"Accept": "application/fhir+ndjson"})
            assert answer.status_code == 200, f"export file: status {answer.status_code}"
            answer.encoding = "utf-8"
            self.check(answer.text)
            for line in answer.text.splitlines():
                resource = json.loads(line)
                assert resource["resourceType"] == file["type"]
                resources[file["type"]].append(resource)
        return resources

    def done(self, name):
        seen = ", ".join(f"{n} {kind}" for kind, n in self.kinds.items())
        print(f"{name}: {seen}; {self.checked} characters without a planted value")


def of_type(resources, kind):
    """The ids of the resources of a type; for resources as dictionaries."""
    return [r["id"] for r in resources if r["resourceType"] == kind]
