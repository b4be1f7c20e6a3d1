"""FHIR-PYrate, which adds an order by ids to every search of more than one page, splits
times into spans and makes tables of the answers."""

from importlib.metadata import version

import requests
from fhir_pyrate import Pirate

from walk import PAGE, Walk

walk = Walk()
session = requests.Session()
session.headers.update(walk.headers())
planted = []


def received(response, **_):
    """Notes a planted value: the library catches what is raised here."""
    try:
        walk.check(response.text)
    except AssertionError as e:
        planted.append(e)


session.hooks["response"].append(received)
pirate = Pirate(base_url=walk.base + "/", auth=session, num_processes=1)


def ids(bundles, kind):
    if planted:
        raise planted[0]
    return [e.resource.id for b in bundles for e in b.entry or [] if e.resource.resourceType == kind]


patients = walk.all_there("Patient", ids(pirate.steal_bundles("Patient", {"_count": PAGE}), "Patient"))
observations = walk.all_there("Observation", ids(pirate.steal_bundles("Observation", {"_count": 100}), "Observation"))
assert pirate.get_bundle_total("Patient", {"_summary": "count"}) == len(patients)

# A table has one row for each match, and none besides.
rows = pirate.steal_bundles_to_dataframe(
    resource_type="Observation", request_params={"_count": 100}, fhir_paths=["id", ("subject", "subject.reference"), "status"]
)
assert set(rows["id"]) == observations and len(rows) == len(observations), f"a table of {len(rows)} rows"
about = rows["subject"].str.rsplit("/").str[-1]  # some are absolute
assert set(about.dropna()) <= patients

# Rows of one table are the constraints of the next search.
two = rows[about.isin(patients)].head(2)
traded = pirate.trade_rows_for_dataframe(
    two, resource_type="Patient", df_constraints={"_id": "subject"}, fhir_paths=["id"], with_ref=False
)
assert set(traded["id"]) == set(about[two.index])

# A span of whole years finds what the years that are shown say.
encounters = [e.resource for b in pirate.steal_bundles("Encounter", {"_count": 100}) for e in b.entry or []]


def year(moment, otherwise):
    return int(moment[:4]) if moment else otherwise


for first, behind in (2022, 2024), (2015, 2016):
    want = set()
    for e in encounters:
        period = getattr(e, "period", None)
        start, end = year(getattr(period, "start", None), 0), year(getattr(period, "end", None), 9999)
        if period is not None and start < behind and end >= first:
            want.add(e.id)
    span = pirate.sail_through_search_space(
        "Encounter", "date", f"{first}-01-01", f"{behind}-01-01", {"_count": 100}
    )
    assert set(ids(span, "Encounter")) == want, f"encounters of {first} to {behind} are others than are shown"
if planted:
    raise planted[0]
walk.done(f"fhir-pyrate {version('fhir-pyrate')}")
