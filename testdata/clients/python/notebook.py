"""A researcher's notebook: requests and pandas. It exports a cohort, joins
observations with patients by reference, and makes a table by sex and year."""

from importlib.metadata import version

import pandas as pd
import requests

from walk import PAGE, SAMPLE, Walk, of_type

walk = Walk()
session = requests.Session()
session.headers.update(walk.headers(Accept="application/fhir+json"))


def get(url, **params):
    answer = session.get(url, params=params)
    assert answer.status_code == 200, f"status {answer.status_code}: {answer.text[:300]}"
    walk.check(answer.text)
    return answer.json()


def pages(url, **params):
    """The resources of a search or an operation, page by page to the end."""
    bundle = get(url, **params)
    while True:
        yield from (e["resource"] for e in bundle.get("entry", []))
        following = [link["url"] for link in bundle["link"] if link["relation"] == "next"]
        if not following:
            return
        bundle = get(following[0])


assert get(f"{walk.base}/metadata")["fhirVersion"] == "4.0.1"

# Search, and the same from a bulk export.
searched = list(pages(f"{walk.base}/Patient", _count=PAGE))
patients = walk.all_there("Patient", of_type(searched, "Patient"))
for i in sorted(patients)[:SAMPLE]:
    assert get(f"{walk.base}/Patient/{i}")["id"] == i
exported = walk.export(["Patient", "Observation"])
walk.all_there("Observation", of_type(exported["Observation"], "Observation"))
p = pd.json_normalize(exported["Patient"]).set_index("id")
o = pd.json_normalize(exported["Observation"])
assert set(p.index) == patients, "search and export differ"

# The reference of an observation is the key of its patient: relative, absolute
# or to a version. A few have an identifier only, and can be joined by nothing.
o["patient"] = o["subject.reference"].str.extract(r"(?:^|/)Patient/([^/]+)")
o["year"] = o["effectiveDateTime"].str[:4]
joined = o.join(p[["gender"]], on="patient", how="inner")
referring = o["subject.reference"].notna().sum()
assert referring > 0.9 * len(o)
assert len(joined) == referring, f"{referring - len(joined)} references lead nowhere"
table = joined.pivot_table(index="year", columns="gender", values="id", aggfunc="count", fill_value=0)
assert table.to_numpy().sum() == joined["year"].notna().sum()
assert joined["valueQuantity.value"].notna().any(), "no observation has a value"

# One patient's record agrees with the table.
one = min(patients)
record = list(pages(f"{walk.base}/Patient/{one}/$everything", _count=20))
assert one in of_type(record, "Patient")
own = set(o.loc[o["patient"] == one, "id"])
assert own and own <= set(of_type(record, "Observation")), "$everything lacks what the export has"

walk.done(f"pandas {version('pandas')}, {len(table)} years")
