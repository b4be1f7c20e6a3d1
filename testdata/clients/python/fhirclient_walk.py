"""SMART's fhirclient: models that refuse what is not FHIR R4."""

from importlib.metadata import version

from fhirclient import client
from fhirclient.models.observation import Observation
from fhirclient.models.patient import Patient

from walk import PAGE, SAMPLE, Walk, of_type

walk = Walk()
smart = client.FHIRClient(settings={"app_id": "walk", "api_base": walk.base})
server = smart.server
server.session.headers.update(walk.headers())
server.session.hooks["response"].append(lambda r, *_, **__: walk.check(r.text))

assert server.capabilityStatement.fhirVersion == "4.0.1"
smart.prepare()


def search(model, **params):
    found = model.where({"_count": str(PAGE), **params}).perform_resources_iter(server)
    return [r for r in found if r.resource_type == model.resource_type]


patients = walk.all_there("Patient", [p.id for p in search(Patient)])
observations = walk.all_there("Observation", [o.id for o in search(Observation, _count="100")])
for kind, model, ids in ("Patient", Patient, patients), ("Observation", Observation, sorted(observations)[:SAMPLE]):
    for i in ids:
        assert model.read(i, server).id == i, f"{kind}: the read has another id"

# Everything of a patient has the observations that a search finds. It is read
# without the models: those take a required value for missing where only the
# reason for its absence stands, as in a Coverage without its class's value.
one = min(patients)
record, following = [], f"Patient/{one}/$everything?_count=20"
while following:
    page = server.request_json(following)
    record += [e["resource"] for e in page.get("entry", [])]
    following = next((link["url"] for link in page["link"] if link["relation"] == "next"), None)
assert one in of_type(record, "Patient")
own = {o.id for o in search(Observation, patient=one)}
assert own and own <= set(of_type(record, "Observation")), "$everything lacks what search finds"

exported = walk.export(["Patient", "Observation"])
assert patients == {Patient(p).id for p in exported["Patient"]}, "Patient: search and export differ"
assert observations == {Observation(o).id for o in exported["Observation"]}, "Observation: search and export differ"
walk.done(f"fhirclient {version('fhirclient')}")
