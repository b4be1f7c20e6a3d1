"""beda.software's fhirpy, the synchronous client."""

import json
from importlib.metadata import version

from fhirpy import SyncFHIRClient

from walk import PAGE, SAMPLE, Walk, of_type

walk = Walk()
client = SyncFHIRClient(walk.base, authorization=walk.authorization)


def received(resources):
    """The same resources, once nothing planted is in them."""
    resources = list(resources)
    walk.check(json.dumps(resources, ensure_ascii=False))
    return resources


[metadata] = received([client.execute("metadata", method="get")])
assert metadata["fhirVersion"] == "4.0.1"

patients = walk.all_there("Patient", [p.id for p in received(client.resources("Patient").limit(PAGE).fetch_all())])
found = received(client.resources("Observation").limit(100).fetch_all())
observations = walk.all_there("Observation", [o.id for o in found])
for kind, ids in ("Patient", patients), ("Observation", sorted(observations)[:SAMPLE]):
    for i in ids:
        [r] = received([client.reference(kind, i).to_resource()])
        assert r.id == i, f"{kind}: the read has another id"
# Counts, which ask for a total in a way of the library's own.
assert client.resources("Patient").count() == len(patients)
assert client.resources("Observation").search(status="final").count() <= len(observations)
assert client.resources("Observation").search(date__ge="1937").count() > 0
# The subject of an observation can be followed.
subject = found[0].subject.to_resource()
assert subject.id in patients

one = min(patients)
record, page = [], client.execute(f"Patient/{one}/$everything", method="get", params={"_count": 20})
while page:
    record += received(e["resource"] for e in page.get("entry", []))
    following = [link["url"] for link in page["link"] if link["relation"] == "next"]
    page = client.execute(following[0], method="get") if following else None
assert one in of_type(record, "Patient")
own = {o.id for o in client.resources("Observation").search(patient=one).limit(PAGE)}
assert own and own <= set(of_type(record, "Observation")), "$everything lacks what search finds"

exported = walk.export(["Patient", "Observation"])
assert patients == set(of_type(exported["Patient"], "Patient")), "Patient: search and export differ"
assert observations == set(of_type(exported["Observation"], "Observation")), "Observation: search and export differ"
walk.done(f"fhirpy {version('fhirpy')}")
